"""`neurosparse simulate` as real processes: four real simulators, verdicts, refusals, interrupts, and the page."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from functools import partial
from pathlib import Path

import pytest
from processes import COMMAND, neurosparse, on_a_terminal

import neurosparse as package
from neurosparse.report.simulation import check_simulation

_BACKENDS = ("nest", "neuron", "brian2", "pynn-brian2")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a folder with a finished run and one that has not begun."""
    folder = tmp_path_factory.mktemp("runs")
    small = ("--layers", "40,30", "--connectivity", "40%", "--epochs", "10")
    plain = ("--births", "anywhere", "--rewire-until", "1", "--alpha", "1e-4", "--fan-in-of", "all")
    result = neurosparse("train", *small, *plain, "--out", "run", cwd=folder)
    assert result.returncode == 0, result.stderr
    (folder / "open").mkdir()
    for name in ("config.json", "plan.json"):
        (folder / "open" / name).write_bytes((folder / "run" / name).read_bytes())
    return folder


def _simulate(runs, *arguments):
    return neurosparse("simulate", "run", *arguments, cwd=runs)


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_simulator_decides_as_the_network_and_as_the_emulator(runs, backend):
    result = _simulate(runs, "--backend", backend, "--samples", "20", "--steps", "48", "--limit", "80%", "--json")
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[1:] == [f"{backend}: 20 samples, 48 steps each"]
    document = json.loads(result.stdout)
    check_simulation(document, Path("stdout"))
    assert json.loads((runs / f"run/simulation/{backend}.json").read_text()) == document
    assert document["agreement"] >= 0.9
    assert document["parts_at"] is None
    names = [layer["name"] for layer in document["layers"]]
    # Brian2's own script takes samples as currents: then inputs do not spike.
    assert names == (["input"] if backend != "brian2" else []) + ["hidden1", "hidden2", "output"]
    emulator = document["emulator"]
    # NEURON integrates in shorter steps; the others do as the emulator does.
    exact = backend != "neuron"
    assert emulator["alike"] == 1.0 if exact else emulator["alike"] >= 0.95
    assert emulator["spikes_apart"] == 0 if exact else emulator["spikes_apart"] <= 3


def test_the_table_tells_what_the_document_tells(runs):
    result = _simulate(runs, "--backend", "brian2", "--samples", "20", "--steps", "48", "--limit", "0%")
    assert result.returncode == 0, result.stderr
    document = json.loads((runs / "run/simulation/brian2.json").read_text())
    told = dict(re.findall(r"^([a-z ]+?) +([\d.]+) %", result.stdout, re.M))
    assert float(told["network accuracy"]) == 100 * document["accuracy"]["network"]
    assert float(told["spiking accuracy"]) == 100 * document["accuracy"]["spiking"]
    assert float(told["agreement"]) == 100 * document["agreement"]
    assert float(told["as emulated"]) == 100
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line}
    for layer in document["layers"][:-1]:
        assert lines[layer["name"]][1:3] == [str(layer["neurons"]), f"{layer['correlation']:.3f}"]
        assert lines[layer["name"]][-1] == f"{layer['firing']['events']:,.1f}"
    assert "rates and activations part nowhere: no correlation below 0.9" in result.stdout


def test_below_the_limit_everything_is_told_and_the_exit_code_says_no(runs):
    arguments = ("--backend", "brian2", "--samples", "100", "--steps", "2", "--limit", "100%")
    result = _simulate(runs, *arguments)
    assert result.returncode == 1
    assert "at least 100.0 %? NO" in result.stdout
    assert re.search(r"^output +10 ", result.stdout, re.M)
    assert "part first at hidden" in result.stdout
    told = _simulate(runs, *arguments, "--json")
    assert told.returncode == 1
    document = json.loads(told.stdout)
    assert (document["agrees"], document["limit"]) == (False, 1.0)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "--backend", "nset"), 2, "did you mean 'nest'? known: nest, neuron, brian2, pynn-brian2"),
        (("run",), 2, "Missing option '--backend'"),
        (("run", "--backend", "brian2", "--steps", "0"), 2, "cannot show a sample for 0 time steps"),
        (("run", "--backend", "brian2", "--steps", "long"), 2, "'long' is not a number of time steps"),
        (("run", "--backend", "brian2", "--samples", "0"), 2, "cannot put 0 held-out samples"),
        (("run", "--backend", "brian2", "--samples", "360"), 2, "there are 359"),
        (("run", "--backend", "brian2", "--limit", "1"), 2, "may mean 1 % or all of it"),
        (("run", "--backend", "brian2", "--limit", "most"), 2, "'most' is not a fraction"),
        (("open", "--backend", "brian2"), 3, "open holds no trained network yet"),
        (("nowhere", "--backend", "brian2"), 3, "there is no run folder nowhere"),
    ],
)
def test_what_cannot_be_simulated_is_refused(runs, arguments, code, said):
    before = sorted(runs.rglob("*"))
    result = neurosparse("simulate", *arguments, cwd=runs)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert [path for path in sorted(runs.rglob("*")) if path not in before and path.name != "simulation"] == []


@pytest.fixture(scope="module")
def without_simulators(tmp_path_factory):
    """Return the variables of an environment like this one in which no simulator is installed."""
    site, farm = Path(sysconfig.get_path("purelib")), tmp_path_factory.mktemp("site")
    for entry in site.iterdir():
        if not entry.name.lower().startswith(("nest", "pynn", "neuron", "brian2")):
            (farm / entry.name).symlink_to(entry)
    ours = Path(package.__file__).parent.parent
    # Where we are installed beside the simulators, the farm has us already.
    places = [farm] if ours == site else [ours, farm]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}


@pytest.mark.parametrize(
    ("backend", "said", "install"),
    [
        ("nest", "pynn and nest-simulator are not installed", "pip install pynn nest-simulator"),
        ("neuron", "pynn and neuron are not installed", "pip install pynn neuron"),
        ("brian2", "brian2 is not installed", "pip install brian2"),
        ("pynn-brian2", "pynn and brian2 are not installed", "pip install pynn brian2"),
    ],
)
def test_a_simulator_that_is_not_installed_is_told_before_any_work(runs, without_simulators, backend, said, install):
    result = subprocess.run(
        [sys.executable, "-S", "-m", "neurosparse", "simulate", "run", "--backend", backend],
        cwd=runs, capture_output=True, text=True, timeout=60, env=without_simulators,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (3, ""), result.stderr
    assert result.stderr == (
        f"error[unavailable]: {backend} cannot run here: {said}\n  --> --backend\nhelp: {install}\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_simulator_and_leaves_nothing_behind(runs, number):
    """Of all test samples one after the other NEURON has most still before it when the first signs of it are seen."""
    before = sorted((runs / "run").rglob("*"))
    process = subprocess.Popen(
        [*COMMAND, "simulate", "run", "--backend", "neuron", "--samples", "359", "--steps", "128"],
        cwd=runs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Who runs the tests may have told them to ignore it (nohup), and what is ignored is inherited.
        preexec_fn=partial(signal.signal, number, signal.SIG_DFL),
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not (children := _children(process.pid)):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    deadline = time.monotonic() + 20
    while any(_lives(child) for child in children):
        assert time.monotonic() < deadline, "the simulator outlives the command"
        time.sleep(0.05)
    left = [path for path in sorted((runs / "run").rglob("*")) if path not in before and path.name != "simulation"]
    assert left == []


def _lives(pid):
    """Return whether a process still does anything: one that was killed may wait for its parent to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _children(pid):
    """Return the processes that `pid` has started and that run our script."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in started if b"network.py" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_a_terminal_shows_progress_that_leaves_no_trace(runs):
    asked = ("--backend", "brian2", "--samples", "5", "--steps", "8", "--limit", "0%")
    code, out, shown = on_a_terminal("simulate", "run", *asked, cwd=runs)
    assert code == 0
    assert out.startswith(b"brian2 (")
    assert b"brian2: from sample 1 of 5" in shown, "what the script says on a terminal"
    assert b"\x1b[2K" in shown, "the line is redrawn in place"


def test_the_page_shows_the_simulations_of_this_network_alone(runs):
    done = _simulate(runs, "--backend", "brian2", "--samples", "5", "--steps", "16", "--limit", "0%")
    assert done.returncode == 0, done.stderr
    other = json.loads((runs / "run/simulation/brian2.json").read_text())
    other |= {"backend": "nest", "network": "0" * 64}
    (runs / "run/simulation/nest.json").write_text(json.dumps(other))
    result = neurosparse("report", "run", "--html", cwd=runs)
    assert result.returncode == 0, result.stderr
    assert "left out: the simulation in nest is of another network; simulate again" in result.stderr
    page = (runs / "run/report.html").read_text()
    assert "brian2: 5 held-out samples of 16 steps" in page
    assert "nest: 5 held-out" not in page
    assert neurosparse("check", "run", cwd=runs).returncode == 0
