"""Another program is followed to its end, believed only by its exit code, and never left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from neurosparse.run.watched import Ended, run_watched


def _python(script, tmp_path, show=None):
    return run_watched([sys.executable, "-c", script], tmp_path, show)


def test_its_end_and_its_last_words_are_told(tmp_path):
    script = "import sys; print('out'); sys.stdout.flush(); print('a\\rb\\n\\n  \\nlast', file=sys.stderr); sys.exit(3)"
    ended = _python(script, tmp_path)
    assert ended == Ended(3, ("out", "a", "b", "last"))
    assert ended.how == "exit code 3"
    killed = _python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
    assert killed == Ended(-9, ())
    assert killed.how == "killed by SIGKILL"


def test_much_talk_neither_blocks_it_nor_is_kept(tmp_path):
    ended = _python("for k in range(200_000): print(k)", tmp_path)
    assert ended.code == 0
    assert ended.words[-1] == "199999"
    assert len(ended.words) < 2_000


def test_it_runs_where_it_is_told_and_hears_nothing(tmp_path):
    ended = _python("import os, sys; print(os.getcwd()); print(repr(sys.stdin.read()))", tmp_path)
    assert ended.words == (str(tmp_path), "''")


@pytest.mark.parametrize("watched", [False, True])
def test_it_tells_its_progress_only_to_those_who_watch(tmp_path, watched):
    seen = []
    script = "import sys; [print(f'\\rstep {k}', end='', file=sys.stderr, flush=True) for k in range(3)]"
    ended = _python(f"import sys\nif sys.stderr.isatty(): {script}", tmp_path, seen.append if watched else None)
    assert ended.code == 0
    assert (seen[-1:] == ["step 2"]) is watched
    assert (ended.words == ("step 0", "step 1", "step 2")) is watched


@pytest.mark.parametrize("watched", [False, True])
def test_nothing_of_it_is_left_when_we_are_interrupted(tmp_path, watched):
    """The program starts another one; both are gone when the exception arrives."""
    script = f"""
import sys
from pathlib import Path
from neurosparse.run.watched import run_watched
child = "import os, subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
child += "open('pids.new', 'w').write(str(os.getpid()) + ' ' + str(p.pid)); os.rename('pids.new', 'pids'); p.wait()"
try:
    run_watched([sys.executable, "-c", child], Path("."), {"(lambda line: None)" if watched else "None"})
except KeyboardInterrupt:
    print("interrupted")
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pids").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted\n"
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        while _alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _alive(pid):
    """Say whether a process still runs; an orphan that nobody has buried yet does not."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
