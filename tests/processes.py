"""The command line as real processes."""

import os
import pty
import subprocess
import sys

COMMAND = [sys.executable, "-m", "neurosparse"]


def neurosparse(*arguments, cwd):
    """Run `neurosparse` with `arguments` in the folder `cwd`, and return what came of it."""
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)


def on_a_terminal(*arguments, cwd):
    """Run `neurosparse` with a terminal for its standard error; return exit code, output, and what the terminal got."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(mine, 4096)
        except OSError:
            break
        shown += part
    out, _ = process.communicate(timeout=60)
    os.close(mine)
    return process.returncode, out, shown
