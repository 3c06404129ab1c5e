"""Lists of axons in memory words, against a plain count, and a bound that no arrangement exceeds."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import cut_down

from neurosparse.hardware.library import load_profile
from neurosparse.mapping.axon_lists import index_bits, list_bytes, list_hull, lists_bound

_LOIHI, _SMALL = load_profile("loihi"), cut_down("loihi")


def _bits(synapses, index):
    """Return the bits of a list, block by block: the plain twin."""
    bits = 0
    while synapses:
        block = min(64, synapses)
        bits += -(-(block * (8 + index) + 4 + 6) // 64) * 64
        synapses -= block
    return bits


# What nengo-loihi's own SynapseConfig.bits_per_axon returns at compression 0, weight_bits 7 and n_synapses 63.
@pytest.mark.parametrize(
    ("width", "synapses", "bits"),
    [
        (1024, 0, 0), (1024, 1, 64), (1024, 3, 64), (1024, 4, 128), (1024, 64, 1216), (1024, 65, 1280),
        (1024, 1024, 19456), (256, 256, 4352), (64, 64, 960), (1, 1, 64), (100, 100, 1600),
    ],
)  # fmt: skip
def test_lists_are_as_long_as_nengo_loihi_counts_them(width, synapses, bits):
    assert 8 * list_bytes(_LOIHI, synapses, width) == bits


@given(st.integers(1, 1024), st.data())
def test_lists_equal_the_plain_count(width, data):
    synapses = data.draw(st.integers(0, width))
    index = next(bits for bits in (0, 6, 7, 8, 9, 10) if 2**bits >= width)
    assert index_bits(_LOIHI, width) == index
    assert 8 * list_bytes(_LOIHI, synapses, width) == _bits(synapses, index)


@pytest.mark.parametrize("machine", [_LOIHI, _SMALL])
@pytest.mark.parametrize(("n_pre", "longest"), [(1, 4), (3, 4), (4, 9), (5, 7)])
def test_no_arrangement_exceeds_the_bound_and_some_come_near(machine, n_pre, longest):
    hull = list_hull(machine, longest, 9)
    worst = {}
    for lengths in combinations_with_replacement(range(longest + 1), n_pre):
        size = sum(list_bytes(machine, n, 9) for n in lengths)
        worst[sum(lengths)] = max(size, worst.get(sum(lengths), 0))
    for synapses, size in worst.items():
        bound = lists_bound(hull, n_pre, synapses)
        assert size <= bound
        # The hull is met at its corners, so that less than one list's growth is given away.
        assert bound - size <= list_bytes(machine, longest, 9)
    assert lists_bound(hull, n_pre, n_pre * longest) == n_pre * list_bytes(machine, longest, 9)
    assert lists_bound(hull, n_pre, 0) == 0


def test_one_synapse_a_source_is_the_dearest():
    hull = list_hull(_LOIHI, 300, 300)
    # 64 sources with a synapse each: a memory word of 8 bytes each for 17 bits and a header of 10.
    assert lists_bound(hull, 64, 64) == 64 * 8
    # The same synapses in one list take a sixth.
    assert list_bytes(_LOIHI, 64, 300) == 19 * 8 - 8
