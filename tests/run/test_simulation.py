"""A run in a simulator: what is written agrees with what ran, and whatever fails leaves what was there."""

import json

import numpy as np
import pytest

from neurosparse.config import configure
from neurosparse.errors import BadInput, FileFault, Unavailable
from neurosparse.run import simulation
from neurosparse.run.backends import BACKENDS, Backend
from neurosparse.run.simulation import SEEN, simulate
from neurosparse.run.training import start
from neurosparse.run.watched import Ended

_BRIAN2 = BACKENDS["brian2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = start(
        configure({"layers": (30, 20), "connectivity": 0.4, "epochs": 10}), tmp_path_factory.mktemp("trained") / "run"
    )
    for _ in run.events():
        pass
    return run.folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of the run, without simulations."""
    copy = tmp_path / "run"
    copy.mkdir()
    for path in trained.path.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    return type(trained)(copy)


def _left(folder):
    """Return every file under the simulations of a run, hidden ones included, with its content."""
    found = (folder.path / "simulation").rglob("*")
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in found if path.is_file()}


def test_what_is_told_is_what_was_recorded(folder):
    said = []
    document = simulate(folder, _BRIAN2, samples=30, steps=16, say=said.append)
    assert said[-1] == "brian2: 30 samples, 16 steps each"
    files = ("network.py", "network.npz", "manifest.json", SEEN)
    assert set(_left(folder)) == {"simulation/brian2.json", *(f"simulation/brian2/{name}" for name in files)}
    assert json.loads((folder.path / "simulation/brian2.json").read_text()) == document
    assert folder.simulations() == [document]
    assert document["network"] == folder.network_digest()
    assert str(folder.path) not in json.dumps(document)

    place = folder.path / "simulation/brian2"
    with np.load(place / SEEN) as seen, np.load(place / "network.npz") as shown:
        decision, label, counts = seen["decision"], shown["label"], seen["counts1"]
        assert document["accuracy"]["spiking"] == np.mean(decision == label)
        assert document["accuracy"]["network"] == np.mean(shown["decision"] == label)
        assert document["agreement"] == np.mean(decision == shown["decision"])
    hidden = document["layers"][0]
    assert (hidden["name"], hidden["neurons"]) == ("hidden1", 30)
    assert hidden["firing"]["spikes"] == counts.sum() / 30
    assert hidden["firing"]["silent"] == np.mean(counts.sum(axis=0) == 0)
    weight = folder.trained().projections[1].weight
    assert hidden["firing"]["events"] == pytest.approx((counts @ (weight.toarray() != 0).sum(axis=1)).mean())
    # Brian2 integrates these cells as the emulator does.
    assert document["emulator"] == {"accuracy": document["accuracy"]["spiking"], "alike": 1.0, "spikes_apart": 0}

    before = _left(folder)
    assert simulate(folder, _BRIAN2, samples=30, steps=16, limit=0.9) == document
    after = _left(folder)
    assert after["simulation/brian2.json"] == before["simulation/brian2.json"], "equal simulations, equal bytes"
    assert set(after) == set(before)


def test_the_limit_is_the_callers(folder):
    assert simulate(folder, _BRIAN2, samples=10, steps=16, limit=0.0)["agrees"]
    strict = simulate(folder, _BRIAN2, samples=60, steps=1, limit=1.0)
    assert not strict["agrees"], "a single step cannot be enough"
    assert strict["parts_at"] is not None


def test_a_simulator_that_fails_is_quoted_and_changes_nothing(folder):
    document = simulate(folder, _BRIAN2, samples=5, steps=4)
    before = _left(folder)
    broken = Backend("brian2", "brian2", ("--target", "nonsense"), _BRIAN2.needs)
    with pytest.raises(Unavailable, match=r"brian2 failed \(exit code 2\)[\s\S]*invalid choice: 'nonsense'") as fault:
        simulate(folder, broken, samples=5, steps=4)
    assert fault.value.exit_code == 3
    assert _left(folder) == before
    assert folder.simulations() == [document]


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(-9, ()), "brian2 failed (killed by SIGKILL)"),
        (Ended(1, ("an exception",)), "brian2 failed (exit code 1); its last words:\n    an exception"),
        (Ended(0, ()), "brian2 failed (exit code 0)"),
    ],
)
def test_an_end_without_a_record_is_no_result(folder, monkeypatch, ended, said):
    monkeypatch.setattr(simulation, "run_watched", lambda *_: ended)
    with pytest.raises(Unavailable) as fault:
        simulate(folder, _BRIAN2, samples=5, steps=4)
    assert fault.value.what == said
    assert ("fewer --samples" in (fault.value.help or "")) is (ended.code == -9)
    assert _left(folder) == {}


def test_potentials_that_are_not_finite_are_no_result(folder, monkeypatch):
    def diverge(command, *_):
        np.savez(command[-1], potential=np.full((5, 10), np.nan), counts0=np.zeros((5, 64), int))
        return Ended(0, ())

    monkeypatch.setattr(simulation, "run_watched", diverge)
    with pytest.raises(Unavailable, match="not finite"):
        simulate(folder, _BRIAN2, samples=5, steps=4)
    assert _left(folder) == {}


def test_an_interrupt_leaves_nothing_half_written(folder, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(simulation, "run_watched", interrupt)
    with pytest.raises(KeyboardInterrupt):
        simulate(folder, _BRIAN2, samples=5, steps=4)
    assert list((folder.path / "simulation").iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "where"),
    [({"samples": 0}, "--samples"), ({"samples": 360}, "--samples"), ({"steps": 0}, "--steps")],
)
def test_numbers_without_a_meaning_are_refused_before_any_work(folder, asked, where, monkeypatch):
    monkeypatch.setattr(simulation, "run_watched", None)
    with pytest.raises(BadInput) as fault:
        simulate(folder, _BRIAN2, **asked)
    assert fault.value.where == where
    assert _left(folder) == {}


def test_what_is_not_ours_is_left_alone(folder, monkeypatch):
    (folder.path / "simulation/brian2").mkdir(parents=True)
    (folder.path / "simulation/brian2/thesis.tex").write_text("mine")
    monkeypatch.setattr(simulation, "run_watched", None)
    with pytest.raises(BadInput, match="thesis"):
        simulate(folder, _BRIAN2, samples=5, steps=4)
    assert _left(folder) == {"simulation/brian2/thesis.tex": b"mine"}


def test_a_run_without_a_network_has_nothing_to_simulate(folder):
    (folder.path / "network.npz").unlink()
    with pytest.raises(FileFault, match="no trained network yet"):
        simulate(folder, _BRIAN2)


def test_a_damaged_result_is_told(folder):
    assert folder.simulations() == []
    (folder.path / "simulation").mkdir()
    (folder.path / "simulation/nest.json").write_text("{}")
    with pytest.raises(FileFault, match=r"nest\.json is damaged"):
        folder.simulations()
