"""What the README shows must run as it stands."""

import re
import shlex
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


def shape(text):
    """Return lines without their figures: what training reaches may differ in its last digits between machines."""
    return {re.sub(r"[0-9][0-9.,]*( [KM]iB| B)?", "#", " ".join(line.split())) for line in text.splitlines()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the run and the export that the README makes on the way."""
    folder = tmp_path_factory.mktemp("readme")
    for line in ("neurosparse train --profile spinnaker", "neurosparse export runs/digits-1 image"):
        assert line in README
        command = [sys.executable, "-m", *line.split()]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        if "train" in line:
            assert shape(done.stdout) <= shape(README)
    return folder


PLANS = sorted(set(re.findall(r"neurosparse plan [^|`\n]*", README)))


@pytest.mark.parametrize("line", [line for line in PLANS if "FILE" not in line])
def test_every_plan_shown_says_what_is_shown(folder, line):
    command = [sys.executable, "-m", *line.split()]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert result.returncode in (0, 1)
    if "--network" in line:
        assert shape(result.stdout) <= shape(README)
        return
    for printed in (result.stdout + result.stderr).splitlines():
        assert printed in README


def test_the_sweep_shown_says_what_is_shown(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "scopes.toml").write_text(text)
    (line,) = re.findall(r"neurosparse sweep scopes[^|`\n]*", README)
    result = subprocess.run(
        [sys.executable, "-m", *line.split()], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert shape(result.stdout) <= shape(README)
    assert (tmp_path / "runs/scopes/runs/connectivity=1%_scope=network/seed-1/report.json").is_file()


def test_the_simulation_shown_says_what_is_shown(folder):
    (line,) = re.findall(r"neurosparse simulate runs/[^#`\n]*", README)
    result = subprocess.run(
        [sys.executable, "-m", *line.split()], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert shape(result.stdout) <= shape(README)


def test_the_network_from_elsewhere_runs_as_shown(tmp_path):
    start = README.index("    python -c ")
    for line in README[start:].split("\n\n")[0].splitlines():
        program, *arguments = shlex.split(line)
        command = [sys.executable, *(arguments if program == "python" else ["-m", program, *arguments])]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        assert shape(done.stdout) <= shape(README)
    assert "synapses as in manifest.json? yes" in done.stdout
