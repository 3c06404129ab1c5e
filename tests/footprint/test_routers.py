"""Routers: every spike arrives where it is wanted, and a router with too few entries is refused with the numbers."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.description.connectors import AllToAll, FromList, OneToOne
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.errors import OverBudget
from neurosparse.footprint.listeners import WHOLE, edges_from
from neurosparse.footprint.measure import measure
from neurosparse.footprint.router_tables import LINKS, router_tables
from neurosparse.footprint.routers import RouterUse, router_entries
from neurosparse.hardware.library import load_profile
from neurosparse.hardware.topology import board_chips

PROFILE = load_profile("spinnaker")


def listed(pairs, delay=1.0):
    source, target = (np.array([pair[k] for pair in pairs], np.int32) for k in (0, 1))
    return FromList(source, target, np.ones(source.size), np.full(source.size, delay))


@st.composite
def networks(draw, rules=True):
    """Draw populations on up to 40 cores each, and projections between any of them."""
    populations = []
    # Spikes of one population are held back in stages of one length: those of its targets with as many neurons a core.
    delays, widths = draw(st.sampled_from((([1.0], (1, 4)), ([1.0, 9000.0], (2, 2)))))
    for k in range(draw(st.integers(1, 5))):
        width = draw(st.integers(*widths))
        populations.append(Population(f"p{k}", draw(st.integers(1, 40 * width)), neurons_per_core=width))
    projections = []
    for _ in range(draw(st.integers(1, 6))):
        pre, post = draw(st.sampled_from(populations)), draw(st.sampled_from(populations))
        pair = st.tuples(st.integers(0, pre.size - 1), st.integers(0, post.size - 1))
        connector = listed(sorted(draw(st.sets(pair, max_size=40))), draw(st.sampled_from(delays)))
        if rules and draw(st.integers(0, 3)) == 0:
            connector = OneToOne(1.0, 1.0) if pre.size == post.size else AllToAll(1.0, 1.0)
        projections.append(Projection(pre.name, post.name, "excitatory", connector))
    return NetworkDescription(tuple(populations), tuple(projections))


def arrivals(footprint, tables, core):
    """Follow a spike of a core from router to router; return the cores that it comes to, each once."""
    links = {(chip.x, chip.y): dict(chip.links) for chip in board_chips(footprint.profile, footprint.boards)}
    waiting, found = [((core.x, core.y), None)], []
    for _ in range(len(links) + 1):
        if not waiting:
            return found
        xy, came_by = waiting.pop()
        matches = [entry for entry in tables.get(xy, ()) if core.key & entry.mask == entry.key]
        assert len(matches) <= 1
        if matches:
            route = matches[0].route
            found += [(*xy, p) for p in range(32 - LINKS) if route >> LINKS + p & 1]
            ways = [link for link in range(LINKS) if route >> link & 1]
            if matches[0].default:
                assert ways == [(came_by + 3) % LINKS]
        else:
            assert came_by is None  # on the way every router has an entry
            ways = []
        waiting += [(links[xy][way], (way + 3) % LINKS) for way in ways]
    raise AssertionError("the spike goes round in circles")


def wanted(footprint, sender):
    """Return the cores that want to hear each core of a sender."""
    want = defaultdict(set)
    for edge in edges_from(footprint, sender):
        for core, sources in edge.heard:
            for k in range(len(footprint.cores_of(sender))) if WHOLE in sources else sources:
                want[k].add((core.x, core.y, core.p))
    return want


@given(networks(rules=False))
@settings(max_examples=60, deadline=None)
def test_every_spike_arrives_where_it_is_wanted_and_nowhere_else(network):
    footprint = measure(network, PROFILE)
    tables = router_tables(footprint)
    for sender in footprint.keys:
        want = wanted(footprint, sender)
        for k, core in enumerate(footprint.cores_of(sender)):
            found = arrivals(footprint, tables, core)
            assert sorted(found) == sorted(want[k])


@given(networks())
@settings(max_examples=60, deadline=None)
def test_rules_and_lists_together_leave_nobody_out(network):
    """Where a rule and a list meet on a chip, the tool chain sends cores more than they asked for, never less."""
    footprint = measure(network, PROFILE)
    tables = router_tables(footprint)
    for sender in footprint.keys:
        want = wanted(footprint, sender)
        for k, core in enumerate(footprint.cores_of(sender)):
            found = arrivals(footprint, tables, core)
            assert len(set(found)) == len(found)
            assert want[k] <= set(found)


def test_who_listens_to_whom():
    populations = (
        Population("a", 600, neurons_per_core=256),
        Population("b", 600, neurons_per_core=200),
    )
    pairs = [(0, 0), (300, 0), (599, 599)]
    for connector, heard in (
        (listed(pairs), [(0, 1), (), (2,)]),
        (OneToOne(1.0, 1.0), [(0,), (0, 1), (1, 2)]),
        (AllToAll(1.0, 1.0), [(WHOLE,)] * 3),
    ):
        network = NetworkDescription(populations, (Projection("a", "b", "excitatory", connector),))
        (edge,) = edges_from(measure(network, load_profile("spinnaker")), "a")
        assert edge.target == "b"
        assert [sources for _, sources in edge.heard] == heard


def test_what_is_held_back_passes_its_own_core():
    population = Population("a", 20, neurons_per_core=10)
    network = NetworkDescription(
        (population, Population("b", 3)),
        (
            Projection("a", "b", "excitatory", listed([(0, 0)], 1.0)),
            Projection("a", "a", "excitatory", listed([(0, 15)], 2000.0)),
        ),
    )
    footprint = measure(network, PROFILE)
    edges = list(edges_from(footprint, "a"))
    assert [edge.target for edge in edges] == ["b", "a", "a_delayed"]
    assert [sources for _, sources in edges[2].heard] == [(0,), (1,)]
    (edge,) = edges_from(footprint, "a_delayed")
    assert (edge.target, [sources for _, sources in edge.heard]) == ("a", [(), (0,)])


def with_entries(entries):
    return PROFILE.model_copy(update={"chip": PROFILE.chip.model_copy(update={"router_entries": entries})})


def alternating(cores):
    """A source on many cores, each heard by the one or the other core of its target in turn."""
    pairs = [(k, k % 2) for k in range(cores)]
    populations = (Population("a", cores, neurons_per_core=1), Population("b", 2, neurons_per_core=1))
    return NetworkDescription(populations, (Projection("a", "b", "excitatory", listed(pairs)),))


def test_tables_that_fit_are_left_as_they_are_and_others_compressed():
    assert router_entries(measure(alternating(12), PROFILE)) == {(0, 0): RouterUse(12, 12)}
    assert router_entries(measure(alternating(12), with_entries(11))) == {(0, 0): RouterUse(12, 2)}


def test_a_router_with_too_few_entries_is_refused_with_the_numbers():
    footprint = measure(alternating(12), with_entries(1))
    with pytest.raises(OverBudget, match=r"router of chip \(0, 0\)") as caught:
        router_entries(footprint)
    assert caught.value.numbers == {"needs": "2 (12 before compression)", "there is": "1", "too much": "1"}
    assert caught.value.help


def test_a_network_without_connections_needs_no_entries():
    assert router_entries(measure(NetworkDescription((Population("a", 10),), ()), PROFILE)) == {}
