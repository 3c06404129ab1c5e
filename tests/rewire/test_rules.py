"""What every rule of the table promises, whatever the layout: the budget at every step, and a state that is whole."""

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from course import Course
from hypothesis import given
from hypothesis import strategies as st
from layouts import layouts, within_limits

from neurosparse.errors import BadInput
from neurosparse.kernels.rewire import DALE
from neurosparse.nn.workers import Workers
from neurosparse.rewire.library import rules
from neurosparse.rewire.rule import Options
from neurosparse.run.rules import FOR_RULES
from neurosparse.store.layout import Layout, shared_out, unbounded
from neurosparse.store.store import SynapseStore

WHOLE = ("l1_shrinkage", "pruning")
KEEPING = sorted(name for name in rules.names() if name not in WHOLE and rules.load(name).keeps_budget)


def whole(layout):
    """Return the layout with all connections as its budget, and no limits."""
    parts = tuple(unbounded(p.name, p.n_pre, p.n_post, p.n_pre * p.n_post) for p in layout.projections)
    return replace(layout, projections=parts)


@pytest.mark.parametrize("name", KEEPING)
@given(
    layout=layouts(),
    momentum=st.sampled_from([0.0, 0.5]),
    parts=st.integers(1, 3),
    rate=st.sampled_from([0.1, 1.0]),
    alpha=st.sampled_from([0.0, 1e-3, 0.1]),
    drop_fraction=st.sampled_from([0.01, 0.3, 1.0]),
    rewire_every=st.integers(1, 4),
    audition_steps=st.integers(1, 4),
    candidates=st.sampled_from([0.1, 0.5, 5.0]),
    seed=st.integers(0, 99),
)
def test_the_budget_is_met_after_every_step(name, layout, momentum, parts, rate, seed, **options):
    if name == "dsr":
        layout = replace(layout, scope="network")
    course = Course(name, layout, seed, momentum=momentum, parts=parts, rate=rate, **options)
    store = course.store
    addresses = [array.ctypes.data for array in store.slots]
    for _ in range(course.steps):
        assert 0 <= course.step() <= layout.n_slots
        store.check()
        within_limits(store)
        assert not store.is_over_budget()
        assert not store.died.any()
        assert store.n_live == layout.n_slots
    assert [array.ctypes.data for array in store.slots] == addresses


@pytest.mark.parametrize("name", WHOLE)
@given(
    layout=layouts().map(whole),
    momentum=st.sampled_from([0.0, 0.5]),
    parts=st.integers(1, 3),
    rate=st.sampled_from([0.1, 1.0]),
    alpha=st.sampled_from([0.0, 0.01, 10.0]),
    rewire_every=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_rules_from_all_connections_never_grow(name, layout, momentum, parts, rate, seed, **options):
    options["final_connectivity"] = max(0.4, len(layout.projections) / layout.n_slots)
    course = Course(name, layout, seed, momentum=momentum, parts=parts, rate=rate, **options)
    store = course.store
    live = set(course.weights())
    assert len(live) == layout.n_slots
    for _ in range(course.steps):
        assert course.step() == 0
        store.check(exact=False)
        now = set(course.weights())
        assert now <= live
        live = now
    if name == "pruning":
        assert store.n_live == round(options["final_connectivity"] * layout.n_slots)


SIZES = (20, 15, 6)


def a_layout(name):
    budgets = [a * b for a, b in pairwise(SIZES)] if name in WHOLE else (60, 40)
    return shared_out(SIZES, budgets, "network" if name == "dsr" else "projection")


VARIANTS = [
    *((name, {}) for name in rules.names()),
    ("deepr", {"births": "paths"}),
    ("deepr", {"births": "auditioned", "newborn": "overshoot", "alpha": 0.05}),
    ("deepr", {"births": "auditioned", "signs": DALE, "rewire_until": 0.7}),
]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_the_number_of_parts_and_threads_changes_nothing(name, options, momentum, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    courses = [Course(name, a_layout(name), momentum=momentum, parts=parts, **options) for parts in (1, 3)]
    for _ in range(12):
        for course in courses:
            course.step()
        assert courses[0].weights() == courses[1].weights()
        states = [course.rule.state() for course in courses]
        for key, array in states[0].items():
            np.testing.assert_array_equal(array, states[1][key], err_msg=key)


@pytest.mark.parametrize("stop", range(1, 10))
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_store_and_state_are_all_that_the_next_step_depends_on(name, options, stop):
    course, other = Course(name, a_layout(name), **options), Course(name, a_layout(name), **options)
    for _ in range(stop):
        course.step()
    other.done = stop
    copied = [(course.store.slots, other.store.slots), ([course.store.live], [other.store.live])]
    copied += [([a.bias], [b.bias]) for a, b in zip(course.network.layers, other.network.layers, strict=True)]
    state = course.rule.state()
    assert set(state) == set(other.rule.state())
    copied += [(list(state.values()), [other.rule.state()[key] for key in state])]
    for sources, places in copied:
        for source, place in zip(sources, places, strict=True):
            place[...] = source
    for _ in range(stop, 12):
        assert course.step() == other.step()
        assert course.weights() == other.weights()
    assert course.done == other.done == 12


@pytest.mark.parametrize("name", rules.names())
def test_a_rule_says_what_it_uses_in_the_words_of_the_settings(name):
    rule = rules.load(name)
    assert rule.uses <= set(FOR_RULES)
    assert set(rule.defaults) <= {*rule.uses, "connectivity", "learning_rate"}


@pytest.mark.parametrize("name", [name for name in KEEPING if name != "deepr"])
def test_nothing_of_the_size_of_a_dense_network_is_allocated(name):
    """A million pairs of neurons, two thousand connections."""
    layout = shared_out((2_000, 500, 10), (1_500, 500), "network" if name == "dsr" else "projection")
    course = Course(name, layout, steps=20)
    course.step()
    tracemalloc.start()
    for _ in range(8):
        course.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000


@pytest.mark.parametrize("name", WHOLE)
def test_rules_from_all_connections_refuse_another_budget(name):
    with pytest.raises(BadInput, match="its budget must be all of them") as fault:
        Course(name, shared_out((4, 3, 2), (12, 5)))
    assert fault.value.help.startswith("--connectivity 100%")
    assert "17" in str(fault.value)
    assert "18" in str(fault.value)


def test_dsr_refuses_projections_that_keep_their_budgets():
    with pytest.raises(BadInput, match="moves connections from one projection to another") as fault:
        Course("dsr", shared_out((4, 3, 2), (6, 5)))
    assert fault.value.help == "--scope network"


def test_pruning_needs_to_know_where_to_end():
    layout = shared_out((4, 3, 2), (12, 6))
    with pytest.raises(BadInput, match="how many connections it leaves"):
        Course("pruning", layout, final_connectivity=None)
    with pytest.raises(BadInput, match="without a synapse"):
        Course("pruning", layout, final_connectivity=0.1)


def test_an_unknown_rule_is_told_with_the_nearest():
    with pytest.raises(BadInput, match="no rewiring rule called 'rigel'") as fault:
        rules.load("rigel")
    assert "did you mean 'rigl'" in fault.value.help


def test_an_epoch_is_what_is_meant_where_no_steps_are_named():
    options = Options(steps=40, steps_per_epoch=8, rewire_until=0.5)
    assert (options.every, options.last) == (8, 20)
    assert SynapseStore(shared_out((2, 2), (2,))).settle_signs() == 0


def test_weights_of_a_projection_that_must_be_full_keep_to_the_limits_of_rows():
    """Where every pair is to be connected nothing can die, and a row may have room for neither of its signs."""
    layout = Layout((replace(unbounded("a", 6, 4, 24), max_row_length=2), unbounded("b", 4, 3, 6)))
    course = Course("deepr", layout, steps=100, rate=3.0, alpha=0.1, tau=1.0)
    before = np.signbit(course.store.weight[:24])
    for _ in range(60):
        course.step()
        course.store.check()
    assert (np.signbit(course.store.weight[:24]) != before).any()


def test_weights_that_change_their_sign_keep_to_the_limits_of_rows():
    """deepr too: once it has stopped to rewire, weights may change their sign."""
    base = unbounded("a", 6, 8, 40)
    layout = replace(a_layout("static"), projections=(replace(base, max_row_length=4), unbounded("b", 8, 3, 12)))
    for name, options in (("static", {}), ("deepr", {"rewire_until": 0.01})):
        course = Course(name, layout, steps=100, rate=3.0, alpha=0.1, **options)
        before = np.signbit(course.store.weight)
        for _ in range(30):
            course.step()
            course.store.check()
        assert (np.signbit(course.store.weight) != before).any()
