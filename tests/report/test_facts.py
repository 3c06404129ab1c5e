"""The report: what the trained network really holds, counted against a plain twin."""

import json
from collections import Counter

import numpy as np
import pytest
from booked import PROFILE
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.errors import BadInput
from neurosparse.graph import feedforward
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.facts import facts
from neurosparse.report.occupancy import occupancy
from neurosparse.shares import split_budget

_SIZES = (64, 300, 10)
_GRAPH = feedforward(_SIZES, split_budget(_SIZES, 900))
_PLAN = make_plan(_GRAPH, PROFILE)
_HISTORY = [{"step": 10, "steps_over_budget": 0}, {"step": 20, "steps_over_budget": 0}]


def _network(seed, fill=1.0):
    """Return a network with as many random synapses as the plan's budgets, or a part of them."""
    rng = np.random.default_rng(seed)
    projections = []
    for planned, n_pre, n_post in zip(_GRAPH.projections, _SIZES[:-1], _SIZES[1:], strict=True):
        chosen = np.sort(rng.choice(n_pre * n_post, int(fill * planned.synapses), replace=False))
        weight = csr_array(
            (rng.normal(size=chosen.size).astype(np.float32), (chosen // n_post, chosen % n_post)),
            shape=(n_pre, n_post),
        )
        projections.append(
            TrainedProjection(planned.name, planned.pre, planned.post, weight, np.zeros(n_post, np.float32))
        )
    return TrainedNetwork(tuple(projections))


def _report(network, history=_HISTORY):
    return facts(_PLAN, network, {"seed": {"value": 1, "from": "default"}}, history, {"train": 1.0, "test": 0.97})


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 8), st.sampled_from([-1.0, -0.0, 0.0, 2.0])),
        max_size=40,
        unique_by=lambda synapse: synapse[:2],
    ),
    st.integers(1, 12),
)
def test_occupancy_equals_a_plain_count(synapses, width):
    synapses.sort()
    row_start = np.cumsum([0, *(sum(pre == k for pre, _, _ in synapses) for k in range(6))])
    weights = np.array([weight for _, _, weight in synapses], np.float32)
    weight = csr_array((weights, np.array([post for _, post, _ in synapses], np.int32), row_start), shape=(6, 9))
    found = occupancy(TrainedProjection("p", "a", "b", weight, np.zeros(9, np.float32)), width)
    rows, live = Counter(), Counter()
    for pre, post, value in synapses:
        rows[pre, post // width, str(value).startswith("-")] += 1
        live[post // width] += 1
    assert found.live == tuple(live[core] for core in range(-(-9 // width)))
    assert found.rows == tuple(
        max((n for (_, _, sign), n in rows.items() if sign == negative), default=0) for negative in (False, True)
    )


@given(st.integers(0, 1_000))
def test_a_report_counts_every_synapse_once_and_fits(seed):
    network = _network(seed)
    document = _report(network)
    assert document["schema"] == "neurosparse.report/2"
    assert document["fits"] is True
    assert document["synapses"]["live"] == document["synapses"]["budget"] == network.synapses == 900
    assert sum(core["synapses"]["live"] for core in document["cores"]) == 900
    for core in document["cores"]:
        assert (
            sum(core["regions"].values()) == core["memories"]["sdram"]["used"] <= core["memories"]["sdram"]["available"]
        )
        assert core["regions"][core["holds"]] == max(core["regions"].values())


def test_the_matrix_is_that_of_the_longest_rows():
    document = _report(_network(3))
    first = document["synapses"]["projections"][0]
    lengths = first["longest_row"]
    words = sum(lengths.values()) + 2 * 3
    # 64 sources: every matrix is a multiple of 16 bytes, after 8 bytes rounded up to 16.
    assert document["cores"][1]["regions"]["synaptic_matrix"] == 16 + 64 * words * 4
    assert document["cores"][1]["regions"] == document["cores"][2]["regions"]


def test_the_totals_of_a_report():
    document = _report(_network(1, fill=0.5))
    assert document["biases"] == 310
    assert document["synapses"]["live"] < document["synapses"]["budget"]
    assert (document["synapses"]["steps"], document["synapses"]["steps_over_budget"]) == (20, 0)
    assert document["accuracy"] == {"train": 1.0, "validation": None, "test": 0.97}
    assert document["profile"]["fingerprint"] == PROFILE.fingerprint
    fullest = document["fullest"]
    assert fullest["core"] == 1
    assert fullest["memory"] == "dtcm"
    dtcm = document["cores"][1]["memories"]["dtcm"]
    assert fullest["fraction"] == dtcm["used"] / dtcm["available"]


def test_steps_over_budget_mean_that_it_did_not_fit():
    assert _report(_network(1), [{"step": 20, "steps_over_budget": 1}])["fits"] is False


def test_equal_runs_give_equal_bytes():
    assert json.dumps(_report(_network(5))) == json.dumps(_report(_network(5)))


def test_a_network_of_another_plan_is_refused():
    other = TrainedNetwork(_network(1).projections[:1])
    with pytest.raises(BadInput, match="not the one of the plan"):
        _report(other)
