"""Another program, run to its end: what it says can be followed, its last words are kept, and it ends with us
unless we are killed outright."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_KEPT = 8_000
"""Bytes of what a program said that are kept."""


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes
    ----------
    code : int
        Its exit code; negative where a signal killed it.
    words : tuple of str
        The last lines of its standard output and error, without the empty ones.
    """

    code: int
    words: tuple[str, ...]

    @property
    def how(self) -> str:
        """Return the exit code or the signal in words."""
        return f"exit code {self.code}" if self.code >= 0 else f"killed by {signal.Signals(-self.code).name}"


def run_watched(command: Sequence[str], folder: Path, show: Callable[[str], None] | None = None) -> Ended:
    """Run `command` in the working folder `folder` to its end.

    It has a session of its own: Ctrl-C reaches this process alone, which kills the program and all that it started
    before the exception goes on.

    Parameters
    ----------
    show : callable, optional
        Takes each line as it comes. The program then believes that it talks to a terminal, and tells its progress.
    """
    ours, theirs = os.openpty() if show else os.pipe()
    said = b""
    try:
        with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True
        ) as program:
            try:
                os.close(theirs)
                while piece := _read(ours):
                    said = (said + piece)[-_KEPT:]
                    if show:
                        for line in _lines(piece):
                            show(line)
                code = program.wait()
            except BaseException:
                os.killpg(program.pid, signal.SIGKILL)
                raise
    finally:
        os.close(ours)
    return Ended(code, _lines(said))


def _read(descriptor: int) -> bytes:
    """Return what was written at the other end, nothing once it is closed."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # Linux says so of a terminal that nobody writes to any more
        return b""


def _lines(said: bytes) -> tuple[str, ...]:
    """Return the lines that are not empty; a line that was drawn over another one is one more."""
    return tuple(line for line in re.split(r"[\r\n]+", said.decode(errors="replace")) if line.strip())
