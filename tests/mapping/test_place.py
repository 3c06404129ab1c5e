"""Slices land on the cores on which the tool chain puts them."""

from collections import Counter
from pathlib import Path

import pytest
from booked import NETWORKS, PROFILE
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import OverBudget
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping.place import Load, full_above, place

_CHIPS = {(chip.x, chip.y): chip for chip in board_chips(PROFILE)}


def _loads(network):
    """Return what the populations of a golden network booked, for the 1000 steps that the tool chain books."""
    loads = []
    for population, *_ in network["populations"]:
        cores = network["cores"][population]
        booked = sum(fixed + 1000 * per_step for fixed, per_step in cores["booked"].values())
        loads.append(Load(population, (booked,) * len(cores["places"])))
    return loads


@pytest.mark.parametrize("name", NETWORKS)
def test_places_are_those_of_the_tool_chain(name):
    network = NETWORKS[name]
    expected = [
        [tuple(spot) for spot in network["cores"][population]["places"]] for population, *_ in network["populations"]
    ]
    found = [[(spot.x, spot.y, spot.p) for spot in places] for places in place(_loads(network), PROFILE)]
    assert found == expected


def test_a_whole_board_fills_in_the_order_of_the_tool_chain():
    lines = (Path(__file__).parent / "chip_order.txt").read_text(encoding="utf-8").splitlines()
    expected = [tuple(map(int, line.split())) for line in lines if not line.startswith("#")]
    (places,) = place([Load("a", (150_000,) * 759)], PROFILE)
    counts = Counter((spot.x, spot.y) for spot in places)
    first = {}
    for spot in places:
        first.setdefault((spot.x, spot.y), spot.p)
    assert [(x, y, counts[x, y], p) for (x, y), p in first.items()] == expected


_SIZES = st.one_of(st.integers(1, 2_000_000), st.integers(1, 60_000_000))


@given(st.lists(st.tuples(st.integers(1, 40), _SIZES), min_size=1, max_size=8))
def test_no_core_is_used_twice_and_no_chip_overflows(populations):
    loads = [Load(f"p{k}", (size,) * cores) for k, (cores, size) in enumerate(populations)]
    try:
        places = place(loads, PROFILE)
    except OverBudget:
        # Only a board that is nearly full may be refused: it holds the sum of all but a chip's worth each time.
        assert sum(len(load.sdram) * load.sdram[0] for load in loads) > 1_000_000_000
        return
    spots = [spot for group in places for spot in group]
    assert len(set(spots)) == len(spots)
    assert all(spot.p in _CHIPS[spot.x, spot.y].application_cores for spot in spots)
    used = Counter()
    for load, group in zip(loads, places, strict=True):
        for size, spot in zip(load.sdram, group, strict=True):
            used[spot.x, spot.y] += size
    assert all(size <= _CHIPS[xy].application_sdram for xy, size in used.items())


def test_a_chip_that_is_nearly_full_is_passed_over():
    there_is = full_above(PROFILE) - _CHIPS[0, 0].monitor_sdram
    just = place([Load("a", (there_is,)), Load("b", (1_000,))], PROFILE)
    more = place([Load("a", (there_is + 1,)), Load("b", (1_000,))], PROFILE)
    assert [(group[0].x, group[0].y) for group in just] == [(0, 0), (0, 0)]
    assert [(group[0].x, group[0].y) for group in more] == [(0, 0), (0, 1)]


def test_what_no_chip_can_hold_is_refused():
    with pytest.raises(OverBudget, match="population 'b' finds no room on spinnaker") as caught:
        place([Load("a", (1_000,)), Load("b", (123_000_000,))], PROFILE)
    assert "needs" in caught.value.numbers
    with pytest.raises(OverBudget, match="population 'b' finds no room"):
        place([Load("a", (100_000_000,) * 48), Load("b", (50_000_000,))], PROFILE)
