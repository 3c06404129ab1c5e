"""Runs with every rule of the table: defaults, refusals, resumption, and fewer connections than the budget."""

import json
import subprocess
import sys

import numpy as np
import pytest
from processes import neurosparse

from neurosparse.config import Config, configure
from neurosparse.errors import BadInput, CheckFailed
from neurosparse.report.compare import compare
from neurosparse.rewire.library import rules
from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder
from neurosparse.run.rules import SIGNS
from neurosparse.run.training import resume, start
from neurosparse.settings import LATER
from neurosparse.train.events import EpochEnd

SMALL = {"layers": "30,20", "epochs": 3}
WHOLE = ("l1_shrinkage", "pruning")
RESULTS = ("network.npz", "report.json", "history.csv", "checkpoint.npz", "plan.json")
# Rewirings in an epoch of 129 steps, with candidates listening across the stops below.
OFTEN = {
    "set": {"rewire_every": 40, "scope": "network"},
    "rigl": {"rewire_every": 40, "audition_steps": 30},
    "dsr": {"rewire_every": 20},
    "l1_shrinkage": {"alpha": 3e-3},
    "pruning": {"rewire_every": 40, "final_connectivity": "5%"},
}


def begin(path, rule, **changes):
    return start(configure({**SMALL, "rule": rule, **OFTEN.get(rule, {}), **changes}), path)


def files(path):
    return {name: (path / name).read_bytes() for name in RESULTS}


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("rule", rules.names())
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit_and_passes_the_check(tmp_path, rule, momentum):
    changes = {"momentum": momentum, "learning_rate": 0.1}
    events = list(begin(tmp_path / "whole", rule, **changes).events())
    run = begin(tmp_path / "parts", rule, **changes)
    for step in (1, 75, 129, 150):
        list(run.events(stop=lambda run=run, step=step: run.trainer.position.step >= step))
        assert len(list(check_run(tmp_path / "parts"))) == 4
        run = resume(tmp_path / "parts", {"threads": 2})
    list(run.events())
    assert files(tmp_path / "whole") == files(tmp_path / "parts")
    lines = list(check_run(tmp_path / "whole"))
    assert [line.split(":")[0] for line in lines] == ["plan", "history", "checkpoint", "network", "report", "accuracy"]
    ends = [event for event in events if isinstance(event, EpochEnd)]
    report = RunFolder(tmp_path / "whole").report()
    synapses = report["synapses"]
    assert report["fits"]
    assert synapses["steps_over_budget"] == 0
    assert synapses["live"] == ends[-1].live
    assert (synapses["live"] == synapses["budget"]) == (rule not in WHOLE)
    assert sum(p["live"] for p in synapses["projections"]) == synapses["live"]
    assert sum(core["synapses"]["live"] for core in report["cores"]) == synapses["live"]
    assert (sum(end.rewired for end in ends) > 0) == (rule not in (*WHOLE, "static"))
    assert report["configuration"]["rule"]["value"] == rule


def told(*arguments, cwd):
    """Return what a command that succeeds writes to stdout."""
    done = neurosparse(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("rule", WHOLE)
def test_with_fewer_connections_than_the_budget_everything_speaks_of_what_is_live(tmp_path, rule):
    """From the command line to the export; the dense start is the budget, and what is live is what is handed over."""
    command = ["train", "--rule", rule, "--connectivity", "100%", "--layers", "30,20", "--epochs", "4", "--out", "run"]
    shown = told(*command, "--alpha", "2e-3", cwd=tmp_path)
    folder = RunFolder(tmp_path / "run")
    report = folder.report()
    live, budget = report["synapses"]["live"], report["synapses"]["budget"]
    assert live < budget == 64 * 30 + 30 * 20 + 20 * 10
    assert f"synapses {live:,} live of {budget:,}" in shown
    assert told("report", "run", cwd=tmp_path) == shown
    assert json.loads(told("report", "run", "--json", cwd=tmp_path)) == report
    most = max(row["live"] for row in folder.history())
    assert f"{live:,} to {most:,} live of 2,720 after each" in told("check", "run", cwd=tmp_path)
    assert folder.trained().synapses == live
    for exporter in ("pynn", "csv", "image"):
        told("export", "run", exporter, cwd=tmp_path)
    with np.load(tmp_path / "run/export/pynn/network.npz") as arrays:
        assert sum(arrays[name].size for name in arrays.files if name.endswith("weight")) == live
    assert report["accuracy"]["test"] > 0.8


def test_a_comparison_tells_the_fewer_connections(tmp_path):
    for rule in ("l1_shrinkage", "static"):
        list(begin(tmp_path / rule, rule, connectivity="100%", epochs=1).events())
    found = compare(*(RunFolder(tmp_path / rule).report() for rule in ("static", "l1_shrinkage")))
    (synapses,) = [figure for figure in found.figures if figure.name == "synapses"]
    assert synapses.change < 0
    assert ("rule", "static", "l1_shrinkage") in found.settings


def test_a_run_in_which_everything_dies_is_told_as_it_is(tmp_path):
    list(begin(tmp_path / "run", "l1_shrinkage", alpha=10.0, epochs=1).events())
    report = RunFolder(tmp_path / "run").report()
    assert report["synapses"]["live"] == 0
    assert report["fits"]
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy")


def test_a_history_of_more_connections_than_there_are_fails_the_check(tmp_path):
    list(begin(tmp_path / "run", "pruning").events())
    path = tmp_path / "run/history.csv"
    lines = path.read_text().splitlines()
    columns = lines[0].split(",")
    for value in (lines[1].split(",")[columns.index("budget")], "100000"):
        row = lines[-1].split(",")
        row[columns.index("live")] = value
        path.write_text("\n".join([*lines[:-1], ",".join(row)]) + "\n")
        with pytest.raises(CheckFailed):
            list(check_run(tmp_path / "run"))


def test_what_nobody_names_is_what_the_rule_says(tmp_path):
    config = begin(tmp_path / "a", "rigl", rewire_every=None, audition_steps=None, epochs=6).job.config
    assert (config.settings.alpha, config.settings.rewire_every, config.settings.rewire_until) == (0.0, 500, 0.75)
    assert config.origins["alpha"] == "default"
    assert RunFolder(tmp_path / "a").config() == config
    config = begin(tmp_path / "b", "static", alpha=0.01).job.config
    assert (config.settings.alpha, config.origins["alpha"]) == (0.01, "--alpha")
    assert begin(tmp_path / "c", "dsr", epochs=3).job.config.settings.scope == "network"
    settings = begin(tmp_path / "d", "pruning", final_connectivity=None).job.config.settings
    assert (settings.connectivity, settings.final_connectivity) == (1.0, 0.1)
    settings = begin(tmp_path / "e", "deepr", connectivity="20%").job.config.settings
    assert (settings.alpha, settings.connectivity, settings.scope) == (2e-4, 0.2, "projection")


@pytest.mark.parametrize(
    ("rule", "flags", "words"),
    [
        ("static", {"tau": 2.0}, "the rule static does not use tau"),
        ("static", {"rewire_every": 10}, "does not use rewire_every"),
        ("static", {"scope": "network"}, "does not use scope"),
        ("set", {"births": "auditioned"}, "does not use births"),
        ("set", {"signs": "dale"}, "does not use signs"),
        ("set", {"final_connectivity": "5%"}, "does not use final_connectivity"),
        ("rigl", {"head_start": 0.5}, "does not use head_start"),
        ("dsr", {"scope": "projection"}, "moves connections from one projection to another"),
        ("deepr", {"drop_fraction": 0.1}, "the rule deepr does not use drop_fraction"),
        ("deepr", {"rewire_every": 5}, "does not use rewire_every"),
        ("l1_shrinkage", {"connectivity": "50%"}, "its budget must be all of them"),
        ("l1_shrinkage", {"synapses": 500}, "its budget must be all of them"),
        ("l1_shrinkage", {"newborn": "overshoot"}, "does not use newborn"),
        ("pruning", {"synapses": "1000,500,100"}, "its budget must be all of them"),
        ("pruning", {"final_connectivity": "0.01%"}, "without a synapse"),
        ("pruning", {"drop_fraction": 0.5}, "does not use drop_fraction"),
        ("deepr", {"signs": "dale", "max_row_length": 8}, "--signs dale does not go with rows"),
        ("soft_deepr", {"signs": "fixed", "max_row_length": 8}, "--signs fixed does not go with rows"),
        ("deepr", {"signs": "dale", "max_row_length": 8, "synapses_per_core": 9}, "--signs dale does not go with rows"),
        ("rigl", {"rewire_every": 290}, "would never rewire"),
        ("set", {"epochs": 1, "rewire_every": 97}, "would never rewire"),
        ("dsr", {"epochs": 1, "rewire_every": 129}, "would never rewire"),
        ("rigel", {}, "did you mean 'rigl'"),
    ],
)
def test_what_the_rule_cannot_do_is_refused_before_work_starts(tmp_path, rule, flags, words):
    with pytest.raises(BadInput) as fault:
        begin(tmp_path / "run", rule, **flags)
    assert words in str(fault.value)
    assert not (tmp_path / "run").exists()
    if "does not use" in words:
        assert f"--{next(iter(flags)).replace('_', '-')}" in str(fault.value)
        assert "it uses --" in str(fault.value)


@pytest.mark.parametrize("signs", ["fixed", "dale"])
@pytest.mark.parametrize(
    "flags",
    [
        {"births": "anywhere"},
        {"births": "paths"},
        {"births": "auditioned", "audition_steps": 20},
        {"births": "paths", "synapses": "300,600,200", "rewire_until": 1.0},
        {"births": "anywhere", "max_fan_in": 16, "connectivity": "20%"},
        {"rule": "soft_deepr"},
        {"rule": "l1_shrinkage"},
    ],
)
def test_signs_for_all_time_are_the_same_at_every_time(tmp_path, signs, flags):
    settings = {"layers": "30,20", "epochs": 3, "alpha": 1e-3, "signs": signs, "threads": 2, **flags}
    run = start(configure(settings), tmp_path / "run")
    for event in run.events():
        if isinstance(event, EpochEnd):
            assert run.trainer.network.store.other_signs(1, SIGNS[signs]) == 0
    assert any(line.startswith("signs: one for each") for line in check_run(tmp_path / "run"))
    for p in run.folder.trained().projections:
        rows = np.repeat(np.arange(p.weight.shape[0]), np.diff(p.weight.indptr))
        positive = ~np.signbit(p.weight.data)
        if signs == "dale":
            assert not set(rows[positive]) & set(rows[~positive])
        assert 0 < positive.sum() < positive.size


def test_a_setting_named_as_it_is_anyway_is_no_fault(tmp_path):
    begin(tmp_path / "run", "static", tau=1.0, scope="projection", drop_fraction=0.3)


@pytest.mark.parametrize(
    "flags",
    [
        {"drop_fraction": 0},
        {"drop_fraction": "120%"},
        {"rewire_every": 0},
        {"rewire_every": "often"},
        {"final_connectivity": 0},
        {"rule": 3},
    ],
)
def test_settings_of_rules_out_of_range_are_refused(flags):
    with pytest.raises(BadInput, match=next(iter(flags))):
        configure(flags)


def test_a_run_from_before_there_were_rules_is_one_of_deepr(tmp_path):
    then = configure({**SMALL, "connectivity": "20%", "births": "anywhere", "rewire_until": 1.0, "fan_in_of": "all"})
    stored = then.to_json()
    for name in LATER:
        del stored[name]
    config = Config.from_json(stored)
    assert config.settings.rule == "deepr"
    assert config.fingerprint() == then.fingerprint()


OTHERS = """
from neurosparse.rewire.static import Static

class Frozen(Static):
    defaults = {"alpha": 0.5}
"""


def test_another_package_adds_a_rule(tmp_path):
    (tmp_path / "frost.py").write_text(OTHERS)
    info = tmp_path / "frost-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: frost\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[neurosparse.rules]\nfrozen = frost:Frozen\n")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from neurosparse import configure, start\n"
        "run = start(configure({'rule': 'frozen', 'layers': '20', 'epochs': 1}), sys.argv[1] + '/run')\n"
        "print(type(run.trainer.rule).__name__, run.job.config.settings.alpha)"
    )
    script = script.replace("sys.argv[1] + '/run'", "__import__('pathlib').Path(sys.argv[1]) / 'run'")
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.stdout == "Frozen 0.5\n", done.stderr
