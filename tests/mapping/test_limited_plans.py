"""Plans within limits on rows and fan-in and a budget of memory: what fits, and what is refused with the numbers."""

import json
import re

import pytest
from booked import PROFILE
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import feedforward
from neurosparse.mapping.cost import MATRIX
from neurosparse.mapping.most import most_synapses, most_that_fit
from neurosparse.mapping.plan import Plan, make_plan
from neurosparse.shares import split_budget, total_pairs

_SIZES = (784, 300, 100, 10)


def _chain(sizes, synapses, **options):
    return make_plan(feedforward(sizes, split_budget(sizes, synapses)), PROFILE, **options)


def _bare(sizes):
    return feedforward(sizes, [0] * (len(sizes) - 1))


def _matrix(plan, core):
    return core.main.used - sum(core.regions.values())


def test_the_large_network_fits_at_full_width_with_short_rows():
    with pytest.raises(OverBudget):
        _chain((4_000, 4_000), 160_000)
    plan = _chain((4_000, 4_000), 160_000, max_row_length=2)
    assert plan.width("output") == 256
    assert plan.max_row_length("input-output") == 2
    assert plan.capacity("input-output")[0] == 16_000


def test_limits_stand_for_all_projections_or_for_each():
    plan = _chain(_SIZES, 3_552, max_row_length=(2, 3, 4), max_fan_in=40)
    assert [plan.max_row_length(p.name) for p in plan.graph.projections] == [2, 3, 4]
    assert [plan.max_fan_in(p.name) for p in plan.graph.projections] == [40] * 3
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    for limits in ((2, 3), (2, 3, 4, 5)):
        with pytest.raises(BadInput, match=f"{len(limits)} limits for 3 projections"):
            _chain(_SIZES, 3_552, max_row_length=limits)


@pytest.mark.parametrize(
    "options", [{"max_row_length": 0}, {"max_fan_in": (1, 0, 1)}, {"budget": 0}, {"budget": 1.5}, {"budget": 0.0}]
)
def test_senseless_limits_are_refused(options):
    with pytest.raises(BadInput, match="no sense"):
        _chain(_SIZES, 3_552, **options)


def test_rows_that_are_too_short_are_refused_with_the_numbers():
    with pytest.raises(OverBudget, match="with rows of at most 1") as caught:
        _chain(_SIZES, 4_700, max_row_length=1)
    assert caught.value.numbers == {"needs": "3,196 synapses", "there is": "3,136 slots", "too much": "60"}
    most = int(re.search(r"--synapses (\d+)", caught.value.help)[1])
    assert _chain(_SIZES, most, max_row_length=1)


def test_what_only_a_lucky_arrangement_would_hold_is_refused_as_such():
    sizes = (4, 6)
    options = {"max_row_length": 1, "max_fan_in": 3, "neurons_per_core": 3}
    assert _chain(sizes, 14, **options).guaranteed("input-output") == 14
    with pytest.raises(OverBudget, match="can leave no place although 16 fit in another arrangement") as caught:
        _chain(sizes, 15, **options)
    assert caught.value.numbers["there is"] == "14 slots"


def test_the_matrix_stays_inside_a_budget_of_bytes_and_of_a_fraction():
    plan = _chain(_SIZES, 3_552, max_row_length=2, budget=32_000)
    for core in plan.cores[1:]:
        assert _matrix(plan, core) <= 32_000
    with pytest.raises(OverBudget, match="cannot be guaranteed"):
        _chain(_SIZES, 3_552, max_row_length=2, budget=31_000)
    share = min(core.main.available for core in plan.cores[1:3])
    assert _chain(_SIZES, 3_552, max_row_length=2, budget=31_400 / share)
    with pytest.raises(OverBudget):
        _chain(_SIZES, 3_552, max_row_length=2, budget=31_000 / share)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 600), min_size=2, max_size=4), st.integers(1, 300_000) | st.floats(1e-5, 1.0),
    st.none() | st.integers(1, 40), st.none() | st.integers(1, 80),
)  # fmt: skip
def test_the_most_synapses_of_a_budget_fit_and_one_more_does_not(sizes, budget, rows, fan_in):
    options = {"budget": budget, "max_row_length": rows, "max_fan_in": fan_in}
    try:
        most = most_synapses(_bare(sizes), PROFILE, **options)
    except OverBudget:
        with pytest.raises(OverBudget):
            _chain(sizes, len(sizes) - 1, **options)
        return
    plan = _chain(sizes, most, **options)
    for core in plan.cores[1:]:
        assert _matrix(plan, core) <= (budget * core.main.available if isinstance(budget, float) else budget) + 8
        assert MATRIX not in core.regions
    if most < total_pairs(sizes):
        with pytest.raises(OverBudget):
            _chain(sizes, most + 1, **options)


def test_a_budget_alone_finds_the_rows_with_which_most_fit():
    most, limits = most_that_fit(_bare(_SIZES), PROFILE, budget=65_536)
    tried = {rows: most_synapses(_bare(_SIZES), PROFILE, budget=65_536, max_row_length=rows) for rows in range(1, 12)}
    assert most == max(tried.values()) == tried[limits["max_row_length"]] > 10_000
    assert most_synapses(_bare(_SIZES), PROFILE, budget=65_536) < 100
    assert _chain(_SIZES, most, **limits)


def test_no_row_is_limited_where_all_pairs_fit_or_where_the_user_limits_them():
    assert most_that_fit(_bare(_SIZES), PROFILE, budget=1.0) == (total_pairs(_SIZES), {"budget": 1.0})
    options = {"budget": 65_536, "max_row_length": (3, 2, 1)}
    assert most_that_fit(_bare(_SIZES), PROFILE, **options) == (
        most_synapses(_bare(_SIZES), PROFILE, **options),
        options,
    )
    with pytest.raises(OverBudget):
        most_that_fit(_bare(_SIZES), PROFILE, budget=1_000)
