"""Runs within limits on rows and fan-in and within a budget of memory, from the configuration to the check."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from neurosparse.config import configure
from neurosparse.errors import CheckFailed, OverBudget
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder
from neurosparse.run.training import resume, start
from neurosparse.train.events import EpochEnd

LIMITED = {
    "layers": "300,20", "synapses": 1_500, "epochs": 2, "alpha": 3e-3,
    "max_row_length": "4,3,5", "max_fan_in": "30,40,25", "budget": "25 KiB",
}  # fmt: skip


def train(path, **changes):
    return list(start(configure({**LIMITED, **changes}), path).events())


def longest(network, widths):
    """Return, by projection, the longest row part and the largest fan-in, counted one synapse at a time."""
    found = {}
    for p in network.projections:
        rows, fan_in = Counter(), Counter()
        for i in range(p.weight.shape[0]):
            for slot in range(p.weight.indptr[i], p.weight.indptr[i + 1]):
                j = int(p.weight.indices[slot])
                rows[i, j // widths[p.post], bool(np.signbit(p.weight.data[slot]))] += 1
                fan_in[j] += 1
        found[p.name] = max(rows.values()), max(fan_in.values())
    return found


def test_every_limit_is_kept_and_proved(tmp_path):
    ends = [event for event in train(tmp_path / "run") if isinstance(event, EpochEnd)]
    assert sum(end.rewired for end in ends) > 500
    folder = RunFolder(tmp_path / "run")
    plan, trained = folder.plan(), folder.trained()
    assert trained.synapses == 1_500
    widths = {population.name: plan.width(population.name) for population in plan.graph.populations}
    for (row, fan_in), most in zip(longest(trained, widths).values(), ((4, 30), (3, 40), (5, 25)), strict=True):
        assert (row, fan_in) <= most
        assert fan_in <= most[1]
    said = list(check_run(tmp_path / "run"))
    assert any(line.startswith("limits: input-hidden1 row ") for line in said)
    for core in folder.report()["cores"][1:]:
        assert core["regions"]["synaptic_matrix"] <= 25 * 1024


def test_a_stopped_run_within_limits_goes_on_bit_for_bit(tmp_path):
    train(tmp_path / "whole")
    run = start(configure(LIMITED), tmp_path / "parts")
    list(run.events(stop=lambda: run.trainer.position.step >= 37))
    list(resume(tmp_path / "parts").events())
    for name in ("network.npz", "report.json", "checkpoint.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_threads_do_not_change_what_is_born_within_limits(tmp_path):
    train(tmp_path / "one", threads=1)
    train(tmp_path / "two", threads=2)
    assert (tmp_path / "one/network.npz").read_bytes() == (tmp_path / "two/network.npz").read_bytes()


def test_a_budget_of_memory_alone_is_filled(tmp_path):
    flags = {**LIMITED, "synapses": None, "epochs": 1, "max_fan_in": None}
    list(start(configure(flags), tmp_path / "run").events())
    plan = RunFolder(tmp_path / "run").plan()
    used = {p.name: (p.synapses, plan.guaranteed(p.name)) for p in plan.graph.projections}
    assert any(synapses >= sure - 2 for synapses, sure in used.values())
    assert all(synapses <= sure for synapses, sure in used.values())
    list(check_run(tmp_path / "run"))


def test_a_budget_of_memory_alone_chooses_the_rows_too_and_a_resume_chooses_the_same(tmp_path):
    flags = {"layers": "300,20", "budget": "25 KiB", "epochs": 1}
    run = start(configure(flags), tmp_path / "run")
    list(run.events(stop=lambda: run.trainer.position.step >= 5))
    list(resume(tmp_path / "run").events())
    plan = RunFolder(tmp_path / "run").plan()
    assert plan.max_row_length("input-hidden1") == 3
    assert sum(p.synapses for p in plan.graph.projections) > 1_000
    assert list(check_run(tmp_path / "run"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_row_length": "1"}, "with rows of at most 1"),
        ({"max_fan_in": "2"}, "a fan-in of at most 2"),
        ({"budget": "3 KiB"}, "cannot be guaranteed"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path, change, words):
    with pytest.raises(OverBudget, match=words) as caught:
        train(tmp_path / "run", **change)
    assert list(caught.value.numbers)[:3] == ["needs", "there is", "too much"]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ("row", {"max_row_length": "4", "max_fan_in": None}),
        ("fan-in", {"max_row_length": None, "max_fan_in": "40,40,19"}),
    ],
)
def test_a_network_beyond_its_limits_fails_the_check(tmp_path, words, limits):
    train(tmp_path / "run", **limits, budget=None)
    folder = RunFolder(tmp_path / "run")
    folder.checkpoint.unlink()
    trained = folder.trained()
    last = trained.projections[-1]
    dense = np.zeros(last.weight.shape, np.float32)
    # As many synapses as before, all positive, row by row or column by column: some row or column is too long.
    order = np.arange(last.weight.nnz)
    n_pre, n_post = dense.shape
    where = (order // n_post, order % n_post) if words == "row" else (order % n_pre, order // n_pre)
    dense[where] = 1.0
    spoilt = replace(last, weight=type(last.weight)(dense))
    TrainedNetwork((*trained.projections[:-1], spoilt)).save(folder.path / "network.npz")
    with pytest.raises(CheckFailed, match=f"has a {words} beyond its limit"):
        list(check_run(tmp_path / "run"))
