"""`neurosparse sweep` as real processes: what it leaves, how it stops and goes on, what it refuses."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from processes import COMMAND, neurosparse, on_a_terminal

from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder
from neurosparse.run.sweep_file import read_sweep
from neurosparse.run.sweep_folder import open_folder, plan_points
from neurosparse.run.training import start

SMALL = """
title = "A small one"
seeds = 2
x = "connectivity"
[settings]
layers = [30, 20]
epochs = {epochs}
[sweep]
alpha = [0.0, 1e-3]
connectivity = ["10%", "20%"]
[[where]]
alpha = 0.0
settings.tau = 0.0
"""
NO_WHERE = {"[[where]]\nalpha = 0.0\nsettings.tau = 0.0\n": ""}
OUTPUT = ("table.csv", "table.json", "figure.svg", "figure.png", "sweep.json", "sweep.toml")


def describe(tmp_path, epochs=2, text=SMALL, **changes):
    for old, new in changes.items():
        text = text.replace(old, new)
    (tmp_path / "mine.toml").write_text(text.replace("{epochs}", str(epochs)))


def files(folder):
    """Return every file of a sweep."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def begun(tmp_path, out, wait_for="1/", jobs=2):
    """Return a sweep that has said so much after its first line, and the processes that train for it."""
    process = subprocess.Popen(
        [*COMMAND, "sweep", "mine.toml", "--out", out, "--jobs", str(jobs)],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert " at a time, into " in process.stderr.readline()
    while wait_for and not process.stderr.readline().startswith(wait_for):
        pass
    return process, until(lambda: len(found := children(process.pid)) >= jobs and found)


def until(true):
    """Wait for something to come true, and return what it is."""
    deadline = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def unfinished(out):
    """Return the folders of runs of a sweep that have begun and not ended."""
    runs = (run for run in (out / "runs").glob("*/[!.]*") if (run / "config.json").exists())
    return [run for run in runs if not (run / "report.json").exists()]


def in_one_process(file, out):
    """Train and write the same sweep here, a run after another."""
    sweep = read_sweep(file)
    folder = open_folder(out, sweep)
    for order in folder.orders(sweep):
        for _ in start(order.config, order.path).events():
            pass
    folder.write(folder.result(sweep, folder.finished(sweep, plan_points(sweep)), {}))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def ended(process):
    """Return exit code and last words of a sweep."""
    rest = process.stderr.read()
    process.stderr.close()
    return process.wait(60), rest


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    describe(folder)
    result = neurosparse("sweep", "mine.toml", "--out", "out", "--jobs", "2", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder, result


def test_a_table_goes_to_stdout_and_one_line_a_run_to_stderr(swept):
    folder, result = swept
    first, *lines = result.stderr.splitlines()
    assert first == "4 points x 2 seeds = 8 runs, 2 at a time, into out"
    assert [line.split()[0] for line in lines[:8]] == [f"{k}/8" for k in range(1, 9)]
    assert all(" validation " in line and " seed " in line for line in lines[:8])
    assert lines[8:] == ["out/table.csv", "out/table.json", "out/figure.svg", "out/figure.png"]
    head, *rows = (line.split() for line in result.stdout.splitlines())
    assert head[:5] == ["connectivity", "alpha", "weights", "budget", "biases"]
    assert [row[:5] for row in rows] == [
        ["10%", "0", "272", "272", "60"],
        ["20%", "0", "544", "544", "60"],
        ["10%", "0.001", "272", "272", "60"],
        ["20%", "0.001", "544", "544", "60"],
    ]
    assert all(row[-3:-1] == ["2", "0"] for row in rows), "two seeds, no step over the budget"
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted((*OUTPUT, "runs"))


def test_every_run_is_a_run_folder_as_train_leaves_it(swept):
    folder, _ = swept
    runs = sorted((folder / "out/runs").glob("*/*"))
    assert {str(run.relative_to(folder / "out/runs")) for run in runs} == {
        f"alpha={alpha}_connectivity={share}/seed-{seed}"
        for alpha in ("0", "0.001") for share in ("10%", "20%") for seed in (1, 2)
    }  # fmt: skip
    assert "accuracy: measured again on every split, as the report tells it" in list(check_run(runs[-1]))
    settings = ["--layers", "30,20", "--epochs", "2", "--alpha", "0", "--tau", "0", "--connectivity", "20%"]
    trained = neurosparse("train", *settings, "--seed", "2", "--out", "alone", cwd=folder)
    assert trained.returncode == 0, trained.stderr
    same = folder / "out/runs/alpha=0_connectivity=20%/seed-2"
    for name in ("network.npz", "history.csv", "checkpoint.npz"):
        assert (folder / "alone" / name).read_bytes() == (same / name).read_bytes()
    told = RunFolder(same).report()["configuration"]
    assert told["tau"] == {"value": 0.0, "from": "mine.toml:13"}
    assert (told["alpha"]["from"], told["epochs"]["from"], told["batch"]["from"]) == (
        "mine.toml:9", "mine.toml:7", "default",
    )  # fmt: skip
    assert told["seed"] == {"value": 2, "from": "mine.toml:3"}


def test_the_figures_of_the_table_are_those_of_the_runs(swept):
    folder, _ = swept
    document = json.loads((folder / "out/table.json").read_text())
    assert document["schema"] == "neurosparse.sweep/1"
    assert (document["title"], document["x"], document["series"]) == ("A small one", "connectivity", ["alpha"])
    with open(folder / "out/table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, point in zip(rows, document["points"], strict=True):
        reports = [RunFolder(folder / "out/runs" / point["name"] / f"seed-{k}").report() for k in (1, 2)]
        a, b = (report["accuracy"]["test"] for report in reports)
        assert float(row["test_mean"]) == point["test"]["mean"] == pytest.approx((a + b) / 2)
        assert float(row["test_sd"]) == point["test"]["sd"] == pytest.approx(abs(a - b) / 2**0.5)
        assert [run["test"] for run in point["runs"]] == [a, b]
        assert float(row["connectivity"]) == point["settings"]["connectivity"]
    assert "out" not in document["title"]
    assert str(folder) not in json.dumps(document)


def test_the_same_command_again_trains_nothing_and_says_the_same(swept):
    folder, _ = swept
    before = files(folder / "out")
    result = neurosparse("sweep", "mine.toml", "--out", "out", "--json", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "8 done already" in result.stderr
    assert result.stdout.encode() == before["table.json"]
    assert files(folder / "out") == before


def test_another_description_is_refused_with_what_differs(swept, tmp_path):
    folder, _ = swept
    os.symlink(folder / "out", tmp_path / "out")
    describe(tmp_path, epochs=3, **{"seeds = 2": "seeds = [1]"})
    before = files(folder / "out")
    result = neurosparse("sweep", "mine.toml", "--out", "out", cwd=tmp_path)
    assert result.returncode == 2
    assert "it differs in seeds and settings.epochs" in result.stderr
    assert "seeds 1,2 there, 1 asked" in result.stderr
    assert "settings.epochs 2 there, 3 asked" in result.stderr
    assert files(folder / "out") == before


def test_what_interrupts_a_sweep_costs_nothing_but_time(tmp_path):
    """Ctrl-C, then a worker that the kernel kills, and in the end the same bytes as without either."""
    describe(tmp_path, epochs=100, **{"[0.0, 1e-3]": "[0.0]"})
    process, workers = begun(tmp_path, "stopped")
    assert len(workers) == 2
    # One of the first two is done: of two that are not, one has just begun.
    until(lambda: len(unfinished(tmp_path / "stopped")) == 2)
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert code == 130
    assert not any(map(is_there, workers))
    assert "go on with: neurosparse sweep mine.toml --out stopped" in said
    assert any((run / "checkpoint.npz").exists() for run in unfinished(tmp_path / "stopped"))
    assert not (tmp_path / "stopped/table.csv").exists()

    process, workers = begun(tmp_path, "stopped", wait_for="", jobs=1)
    os.kill(workers[0], signal.SIGKILL)
    code, said = ended(process)
    assert code == 1
    assert "its process ended before its time, killed by SIGKILL" in said
    assert "failed: process" in said
    assert "1 of 4 runs failed; the same command tries them again" in said
    document = json.loads((tmp_path / "stopped/table.json").read_text())
    assert [failed["kind"] for failed in document["failed"]] == ["process"]
    assert sum(len(point["runs"]) for point in document["points"]) == 3

    result = neurosparse("sweep", "mine.toml", "--out", "stopped", "--jobs", "1", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    in_one_process(tmp_path / "mine.toml", tmp_path / "whole")
    assert files(tmp_path / "stopped") == files(tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_sweep_however_that_ends(tmp_path, number):
    describe(tmp_path, epochs=100_000)
    process, workers = begun(tmp_path, "out", wait_for="")
    process.send_signal(number)
    assert ended(process)[0] == (130 if number == signal.SIGTERM else -number)
    deadline = time.monotonic() + 60
    while any(map(is_there, workers)):
        assert number == signal.SIGKILL
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_terminal_shows_one_line_that_moves_and_what_failed_at_the_end(tmp_path):
    other = {"alpha = [0.0, 1e-3]": "learning_rate = [1e6, 0.3]", '"10%", ': "", "seeds = 2": "seeds = 1"}
    describe(tmp_path, epochs=1, **other, **NO_WHERE)
    code, out, shown = on_a_terminal("sweep", "mine.toml", "--out", "out", "--jobs", "1", cwd=tmp_path)
    assert code == 1
    assert b"2/2 runs" in shown
    assert b"\x1b[2K" in shown, "the line is redrawn in place"
    last = shown.decode().split("2/2 runs")[-1].split("\r\n")[1:]
    name = "connectivity=20%_learning_rate=1000000"
    assert f"{name} seed 1: error[diverged]: training diverged at step" in last[0]
    assert last[-2] == "1 of 2 runs failed; the same command tries them again"
    _, failed, good = out.decode().splitlines()
    assert failed.split() == ["20%", "1000000", "0", "of", "1"]
    assert good.split()[:3] == ["20%", "0.3", "544"]
    document = json.loads((tmp_path / "out/table.json").read_text())
    assert document["failed"] == [{"point": name, "seed": 1, "kind": "diverged"}]
    assert document["points"][0]["test"] is None


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("seeds = 0\ncolour = 1\n[settings]\nalpha = -1\n[sweep]\nscope = ['all']\n", 2, "4 faults"),
        (
            "seeds = 1\n[sweep]\nconnectivity = ['1%']\nsynapses_per_core = [50, 999]\n",
            1,
            "1 of 2 points cannot be run",
        ),
        (None, 3, "cannot read the sweep"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_made(tmp_path, text, code, said):
    if text is not None:
        describe(tmp_path, text=text)
    result = neurosparse("sweep", "mine.toml", "--out", "out", cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_its_help_loads_nothing_heavy():
    script = "import sys, neurosparse.cli.sweep as s; s.command.main(['--help'], standalone_mode=False);"
    script += "assert not {'numba', 'numpy', 'pydantic', 'rich', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
