"""What the README shows must run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_python_example_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example.py").write_text(code)
    result = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert "'test': 0.9" in result.stdout
    assert (tmp_path / "runs/mine/export/pynn/network.py").is_file()


@pytest.mark.parametrize("line", sorted(set(re.findall(r"neurosparse (?:plan) [^|`\n]*", README))))
def test_every_plan_shown_says_what_is_shown(tmp_path, line):
    command = [sys.executable, "-m", *line.split()]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode in (0, 1)
    for printed in (result.stdout + result.stderr).splitlines():
        assert printed in README
