"""Every machine trains inside its own limits, and the finished run proves it."""

import numpy as np
import pytest
from machines import text_of

from neurosparse.config import configure
from neurosparse.errors import OverBudget
from neurosparse.hardware.library import profile_names
from neurosparse.report.terminal import print_report
from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder
from neurosparse.run.training import start

# What the user must say of a machine whose memory no source tells.
_STATED = {"spinnaker2": {"neurons_per_core": 16, "synapses_per_core": 200}}


@pytest.fixture
def data(tmp_path):
    """Return the path of a data set of 16 inputs and 4 classes, so small that it goes on any of the machines."""
    rng = np.random.default_rng(0)
    centres, y = rng.random((4, 16)), np.arange(400) % 4
    np.savez_compressed(tmp_path / "four.npz", x=np.clip(centres[y] + rng.normal(0, 0.1, (400, 16)), 0, 1), y=y)
    return str(tmp_path / "four.npz")


def _train(path, data, **settings):
    """Train, check and return the report."""
    run = start(configure({"data": data, "layers": "30,20", "epochs": 2, "connectivity": "30%", **settings}), path)
    list(run.events())
    assert list(check_run(path))[-1].startswith("accuracy")
    return RunFolder(path).report()


@pytest.mark.parametrize("name", profile_names())
def test_every_machine_trains_and_reports(tmp_path, data, name, capsys):
    report = _train(tmp_path / "run", data, profile=name, **_STATED.get(name, {}))
    plan = RunFolder(tmp_path / "run").plan()
    assert report["fits"] is True
    assert report["synapses"]["live"] == report["synapses"]["budget"]
    for core, planned in zip(report["cores"], plan.cores, strict=True):
        first = next(iter(core["memories"].values()))
        assert sum(core["regions"].values()) == first["used"] <= planned.main.used <= first["available"]
    print_report(report)
    out = capsys.readouterr().out
    assert out.endswith(f"fits {name}\n")
    for line in plan.profile.covers:
        assert f"note: {line}\n" in out
    for line in plan.profile.does_not_cover:
        assert f"not covered: {line}\n" in out


def test_training_keeps_a_fan_in_that_binds(tmp_path, data):
    small = tmp_path / "small.toml"
    small.write_text(text_of("dynapse2").replace("entries = { value = 64", "entries = { value = 4", 1))
    # The output has 4 neurons of 4 entries, and 16 synapses of these.
    report = _train(tmp_path / "run", data, profile=str(small), connectivity=None, synapses=82)
    plan = RunFolder(tmp_path / "run").plan()
    assert [plan.max_fan_in(p.name) for p in plan.graph.projections] == [4, 4, 4]
    projections = report["synapses"]["projections"]
    assert max(p["largest_fan_in"] for p in projections) == projections[-1]["largest_fan_in"] == 4
    assert projections[-1]["live"] == sum(plan.capacity("hidden2-output")) == 16
    assert report["fits"] is True
    with pytest.raises(OverBudget, match="cannot be guaranteed"):
        _train(tmp_path / "more", data, profile=str(small), connectivity=None, synapses=83)
    assert not (tmp_path / "more").exists()


def test_training_keeps_a_fan_out_that_binds(tmp_path, data):
    small = tmp_path / "small.toml"
    small.write_text(text_of("xylo").replace("fan_out = { value = 64", "fan_out = { value = 8", 1))
    report = _train(tmp_path / "run", data, profile=str(small), connectivity="25%")
    rows = [p["longest_row"] for p in report["synapses"]["projections"]]
    assert max(rows[1].values()) <= 4
    # The matrix of the input is there whether its synapses are or not.
    assert report["cores"][0]["regions"] == {"dense_matrix": 16 * 30}
    assert report["cores"][0]["synapses"]["live"] < 16 * 30


def test_digits_do_not_go_on_xylo(tmp_path):
    with pytest.raises(OverBudget, match="too many inputs") as caught:
        start(configure({"profile": "xylo", "layers": "100"}), tmp_path / "run")
    assert caught.value.numbers == {"needs": "64 inputs", "there is": "16", "too much": "48"}
    assert not (tmp_path / "run").exists()
