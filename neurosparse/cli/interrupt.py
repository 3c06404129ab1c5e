"""Ctrl-C as a request: the step under way is finished first."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

# Terminals and wrapper scripts send a signal twice in a row and mean it once.
_ECHO_SECONDS = 1.0


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether a signal to end has come; one more, a second later, interrupts at once.

    Those are SIGINT, SIGTERM and SIGHUP. A signal that the process was started to ignore stays ignored.
    """
    asked: float | None = None

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked is None:
            asked = time.monotonic()
            click.echo("\nfinishing the step", err=True)
        elif time.monotonic() - asked > _ECHO_SECONDS:
            raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: asked is not None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
