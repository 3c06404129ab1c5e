"""`neurosparse train` as real processes: what it prints, how it stops, what it refuses, what survives."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import COMMAND, neurosparse, on_a_terminal

SMALL = ["--layers", "30,20", "--connectivity", "20%", "--alpha", "1e-3"]


def test_facts_go_to_stdout_and_one_line_an_epoch_to_stderr(tmp_path):
    result = neurosparse("train", *SMALL, "--epochs", "3", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert lines[0].startswith("64-30-20-10 on digits: 544 connections, 4 cores of spinnaker, into runs/digits-1")
    assert lines[1] == "loading the kernels, which are compiled once"
    assert [line.split()[1] for line in lines[2:]] == ["1/3", "2/3", "3/3"]
    assert all("live 544 / 544" in line for line in lines[2:])
    assert "synapses 544 live of 544" in result.stdout
    assert "over budget: 0 of 387 steps" in result.stdout
    report = json.loads((tmp_path / "runs/digits-1/report.json").read_text())
    assert f"test {100 * report['accuracy']['test']:.2f} %" in result.stdout
    again = neurosparse("report", "runs/digits-1", cwd=tmp_path)
    assert again.stdout == result.stdout
    assert json.loads(neurosparse("report", "runs/digits-1", "--json", cwd=tmp_path).stdout) == report
    table = neurosparse("report", "runs/digits-1", "--csv", cwd=tmp_path).stdout.splitlines()
    assert len(table) == 1 + len(report["cores"])
    check = neurosparse("check", "runs/digits-1", cwd=tmp_path)
    assert check.returncode == 0
    assert all(line.startswith("ok  ") for line in check.stdout.splitlines())
    assert neurosparse("train", *SMALL, "--epochs", "1", cwd=tmp_path).returncode == 0
    assert (tmp_path / "runs/digits-2").is_dir()


def test_a_terminal_shows_one_line_that_moves(tmp_path):
    code, _, shown = on_a_terminal("train", *SMALL, "--epochs", "200", cwd=tmp_path)
    assert code == 0
    assert b"epoch 200/200" in shown
    assert b"\x1b[2K" in shown, "the line is redrawn in place"
    assert shown.count(b"\n") <= 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_finishes_the_step_and_a_resume_the_run(tmp_path, number):
    settings = [*SMALL, "--epochs", "200"]
    process = subprocess.Popen(
        [*COMMAND, "train", *settings, "--out", "stopped"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if line.startswith("epoch 5/"):
            break
    process.send_signal(number)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert "finishing the step" in rest
    assert "go on with: neurosparse train --resume stopped" in rest
    assert not (tmp_path / "stopped/report.json").exists()
    assert neurosparse("check", "stopped", cwd=tmp_path).returncode == 0
    resumed = neurosparse("train", "--resume", "stopped", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert neurosparse("train", *settings, "--out", "whole", cwd=tmp_path).returncode == 0
    for name in ("network.npz", "report.json", "history.csv"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "train", *SMALL, "--epochs", "100000", "--out", "run"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/checkpoint.npz").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    result = neurosparse("check", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "not finished" in result.stdout
    process = subprocess.Popen([*COMMAND, "train", "--resume", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    first = next(line for line in process.stderr if line.startswith("epoch"))
    process.kill()
    process.wait()
    process.stderr.close()
    assert int(first.split()[1].split("/")[0]) > 1, "it does not begin again"


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path):
    """A limit on the size of files stands in for the disk: every larger write fails in the middle."""
    assert neurosparse("train", *SMALL, "--epochs", "2", "--out", "run", cwd=tmp_path).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
    limited += "sys.argv[0] = 'neurosparse'; runpy.run_module('neurosparse', run_name='__main__')"
    for command in (
        ["train", *SMALL, "--epochs", "2", "--out", "run", "--overwrite"],
        ["train", *SMALL, "--epochs", "2", "--out", "new"],
    ):
        result = subprocess.run(
            [sys.executable, "-c", limited, *command], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert result.returncode == 3, result.stderr
        assert "error[file]" in result.stderr
        assert "Traceback" not in result.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_settings_come_from_a_file_and_flags_win(tmp_path):
    (tmp_path / "mine.toml").write_text('layers = [20]\nconnectivity = "20%"\nepochs = 2\nseed = 9\n')
    result = neurosparse("train", "--config", "mine.toml", "--epochs", "1", "--out", "run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    told = json.loads((tmp_path / "run/config.json").read_text())["configuration"]
    assert told["seed"] == {"value": 9, "from": "mine.toml:4"}
    assert told["epochs"] == {"value": 1, "from": "--epochs"}
    assert told["batch"] == {"value": 10, "from": "default"}


def test_all_faults_of_file_and_flags_are_told_at_once_with_their_places(tmp_path):
    (tmp_path / "mine.toml").write_text('layers = [20, -1]\nepoch = 2\nlearning_rate = "fast"\n')
    result = neurosparse("train", "--config", "mine.toml", "--batch", "0", "--alpha", "-1", cwd=tmp_path)
    assert result.returncode == 2
    assert "5 faults" in result.stderr
    for place in ("mine.toml:1", "mine.toml:2", "mine.toml:3", "--batch", "--alpha"):
        assert place in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--profile", "loihi9"], 2, "there is no profile called 'loihi9'"),
        (["--data", "cifar99"], 2, "cifar99"),
        (["--connectivity", "150%"], 2, "'150%' is not a fraction between 0 and 1"),
        (["--connectivity", "10%", "--synapses", "99"], 2, "give the number of connections once"),
        (["--synapses", "999999999"], 2, "too much"),
        (["--synapses-per-core", "50"], 1, "error[over-budget]"),
        (["--layers", "30,,20"], 2, "layer 2 is empty in '30,,20'"),
        (["--layers", "30,20", "--epochs", "1", "--rule", "static", "--learning-rate", "1e6"], 1, "error[diverged]"),
        (["--resume", "nowhere"], 3, "there is no run folder nowhere"),
        (["--config", "nowhere.toml"], 3, "nowhere.toml"),
        (["--tau", "1e200", "--alpha", "1e160"], 2, "2 faults"),
        (["--batch", "1000000000000"], 2, "larger than the training split"),
        (["--threads", "1000000000000"], 2, "less than or equal to 1024"),
        (["--data", "x" * 300], 3, "error["),
        (["--layers", "9" * 5000], 2, "is too long for a layer"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, arguments, code, said):
    result = neurosparse("train", *arguments, "--out", "run", cwd=tmp_path) if "--resume" not in arguments else (
        neurosparse("train", *arguments, cwd=tmp_path)
    )  # fmt: skip
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "help:" in result.stderr or code == 3
    assert (tmp_path / "run").exists() == (said == "error[diverged]")


def test_data_with_holes_are_refused(tmp_path):
    x = np.random.default_rng(0).random((60, 5))
    x[17, 3] = np.nan
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(60) % 3)
    result = neurosparse("train", "--data", "mine.npz", cwd=tmp_path)
    assert result.returncode in (2, 3)
    assert "17" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_own_arrays_are_trained_on_and_never_named_by_path(tmp_path):
    generator = np.random.default_rng(0)
    y = np.arange(300) % 3
    np.savez(tmp_path / "mine.npz", x=generator.normal(size=(300, 6)) + 3 * np.eye(3, 6)[y], y=y)
    result = neurosparse(
        "train", "--data", "mine.npz", "--layers", "20", "--connectivity", "40%", "--epochs", "40", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    report = (tmp_path / "runs/mine-1/report.json").read_text()
    assert json.loads(report)["accuracy"]["test"] > 0.8
    assert "mine.npz" not in report
    assert str(tmp_path) not in report


def test_help_is_quick_and_loads_no_compiler(tmp_path):
    script = "import sys; from neurosparse.cli.main import cli; cli.main(['--help'], standalone_mode=False);"
    script += "assert not {'numba', 'numpy', 'scipy', 'rich', 'pydantic'} & set(sys.modules), sorted(sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "train" in result.stdout


@pytest.mark.parametrize("command", ["train", "sweep", "plan", "report", "export", "check", "profiles", "data"])
def test_every_command_explains_itself(tmp_path, command):
    result = neurosparse(command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert "Usage: neurosparse " + command in result.stdout


def test_brackets_in_a_name_are_a_name(tmp_path):
    result = neurosparse("train", *SMALL, "--epochs", "1", "--out", "m[/b]", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "into m[/b]" in result.stderr


def test_a_full_pipe_is_no_traceback(tmp_path):
    assert neurosparse("train", *SMALL, "--epochs", "1", "--out", "run", cwd=tmp_path).returncode == 0
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*COMMAND, "report", "run"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 3
    assert "error[file]" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_reader_that_leaves_is_no_fault(tmp_path):
    assert neurosparse("train", *SMALL, "--epochs", "1", "--out", "run", cwd=tmp_path).returncode == 0
    command = " ".join(COMMAND) + " report run --json | head -1; exit ${PIPESTATUS[0]}"
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout == "{\n"
    assert result.stderr == ""
