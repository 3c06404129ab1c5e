"""The command line as real processes."""

import subprocess
import sys

COMMAND = [sys.executable, "-m", "neurosparse"]


def neurosparse(*arguments, cwd):
    """Run `neurosparse` with `arguments` in the folder `cwd`, and return what came of it."""
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
