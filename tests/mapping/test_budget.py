"""Slots are a promise: whatever training does inside them fits."""

from collections import Counter
from dataclasses import replace

from booked import PROFILE
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.mapping.budget import Demand, core_slots, longest_rows, matrix_room, worst_matrix
from neurosparse.mapping.cost import Incoming, matrix_bytes


def _rows(synapses):
    """Return the longest excitatory and the longest inhibitory row of (core, pre, post, is_inhibitory) tuples."""
    counts = Counter((core, pre, sign) for core, pre, _, sign in synapses)
    return [max((n for (_, _, s), n in counts.items() if s == sign), default=0) for sign in (False, True)]


@st.composite
def _arrangements(draw):
    """Draw a projection, slots on its cores, and synapses that use no more than those."""
    n_pre = draw(st.integers(1, 4))
    widths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    slots = [draw(st.integers(0, n_pre * width)) for width in widths]
    synapses = []
    for core, (width, slot) in enumerate(zip(widths, slots, strict=True)):
        pairs = draw(st.permutations([(pre, post) for pre in range(n_pre) for post in range(width)]))
        synapses += [(core, pre, post, draw(st.booleans())) for pre, post in pairs[:slot]]
    return n_pre, widths, slots, synapses


@given(_arrangements())
def test_no_arrangement_has_longer_rows_than_promised(arrangement):
    _, widths, slots, synapses = arrangement
    assert sum(_rows(synapses)) <= longest_rows(slots, widths)


def test_the_promise_on_rows_is_met_by_some_arrangement():
    # One core: two sources, each with a full row, one of each sign.
    assert longest_rows([10], [4]) == 8
    # Two cores: the longest row of each sign on another core, both as long as their slots.
    assert longest_rows([3, 3], [4, 4]) == 6
    # The second core is narrow; both full rows on the first are longer.
    assert longest_rows([8, 1], [4, 1]) == 8
    assert longest_rows([0, 0], [4, 4]) == 0


@st.composite
def _problems(draw):
    demands = [
        Demand(f"p{k}", draw(st.integers(1, 5_000)), draw(st.integers(1, 5_000)), draw(st.integers(0, 10**6)))
        for k in range(draw(st.integers(1, 3)))
    ]
    full = draw(st.integers(1, 256))
    last = draw(st.integers(1, full))
    widths = [full] * draw(st.integers(0, 3)) + [last]
    return demands, widths, draw(st.integers(0, 20_000_000)), draw(st.none() | st.integers(1, 10**6))


@given(_problems())
def test_the_worst_matrix_of_the_slots_fits_the_room(problem):
    demands, widths, room, limit = problem
    slots = core_slots(demands, widths, room, PROFILE, limit)
    assert worst_matrix(demands, slots, widths, PROFILE) - PROFILE.row.matrix_base <= room
    for demand, row in zip(demands, slots, strict=True):
        assert all(0 <= slot <= demand.n_pre * width for slot, width in zip(row, widths, strict=True))
    if limit is not None:
        assert all(sum(column) <= limit for column in zip(*slots, strict=True))


@given(_problems(), st.data())
def test_any_rows_within_the_slots_fit_the_room(problem, data):
    demands, widths, room, limit = problem
    slots = core_slots(demands, widths, room, PROFILE, limit)
    incoming = []
    for demand, row in zip(demands, slots, strict=True):
        longest = max(min(slot, width) for slot, width in zip(row, widths, strict=True))
        excitatory = data.draw(st.integers(0, longest))
        inhibitory = data.draw(st.integers(0, min(longest, longest_rows(row, widths) - excitatory)))
        incoming += [Incoming(demand.name, demand.n_pre, demand.block, rows) for rows in (excitatory, inhibitory)]
    assert matrix_bytes(PROFILE, incoming) <= room + PROFILE.row.matrix_base


@st.composite
def _limited_problems(draw):
    demands, widths, room, limit = draw(_problems())
    rows, fan_in = draw(st.none() | st.integers(1, 300)), draw(st.none() | st.integers(1, 6_000))
    return [replace(d, max_row_length=rows, max_fan_in=fan_in) for d in demands], widths, room, limit


@given(_limited_problems())
def test_slots_within_limits_hold_no_more_and_fit_with_every_row_at_its_limit(problem):
    demands, widths, room, limit = problem
    slots = core_slots(demands, widths, room, PROFILE, limit)
    assert worst_matrix(demands, slots, widths, PROFILE) - PROFILE.row.matrix_base <= room
    for demand, row in zip(demands, slots, strict=True):
        for slot, width in zip(row, widths, strict=True):
            assert slot <= demand.n_pre * min(width, 2 * (demand.max_row_length or width))
            assert slot <= width * min(demand.n_pre, demand.max_fan_in or demand.n_pre)


def test_a_row_limit_keeps_the_slots_from_collapsing():
    demand = Demand("p", 4_000, 4_000, 160_000)
    widths = [256] * 15 + [160]
    ((free, *_),) = core_slots([demand], widths, 6_000_000, PROFILE)
    ((limited, *_),) = core_slots([replace(demand, max_row_length=2)], widths, 6_000_000, PROFILE)
    assert (free, limited) == (184, 4_000 * 4)
    # 4,000 sources, two matrices, rows of 2 synapses and 3 words, and at most 12 bytes of alignment each.
    used = worst_matrix([replace(demand, max_row_length=2)], [[limited] * 16], widths, PROFILE)
    assert used - PROFILE.row.matrix_base == 4_000 * 2 * (2 + 3) * 4 + 2 * 12


def test_a_budget_is_a_part_of_the_share_or_bytes():
    assert matrix_room(100_000, 20_000, PROFILE) == 80_000
    assert matrix_room(100_000, 20_000, PROFILE, 0.5) == 50_000 - PROFILE.row.matrix_base
    assert matrix_room(100_000, 20_000, PROFILE, 0.9) == 80_000
    assert matrix_room(100_000, 20_000, PROFILE, 65_536) == 65_536 - PROFILE.row.matrix_base
    assert matrix_room(100_000, 20_000, PROFILE, 10**9) == 80_000


def test_all_pairs_where_two_full_rows_fit():
    demand = Demand("p", 784, 784, 2_416)
    # 784 sources, two matrices, rows of 256 synapses and 3 words, and at most 12 bytes of alignment each.
    enough = 784 * 2 * (256 + 3) * 4 + 2 * 12
    assert core_slots([demand], [256, 44], enough, PROFILE) == ((784 * 256, 784 * 44),)
    # One word less than two full rows: both on the wide core, with one synapse too few to fill them.
    assert core_slots([demand], [256, 44], enough - 1, PROFILE) == ((511, 511),)
    # On two wide cores the full rows need no more than one core's width of slots on each.
    assert core_slots([demand], [256, 256], enough - 1, PROFILE) == ((255, 255),)


def test_one_more_slot_would_not_fit():
    demand = Demand("p", 4_000, 4_000, 160_000)
    room = 6_000_000
    ((slots, *_),) = core_slots([demand], [256, 256], room, PROFILE)
    assert 0 < slots < 256
    beyond = worst_matrix([demand], [[slots + 1] * 2], [256, 256], PROFILE) - PROFILE.row.matrix_base
    assert beyond > room


def test_bytes_are_shared_in_proportion_to_the_budgets():
    demands = [Demand("a", 4_000, 4_000, 30_000), Demand("b", 4_000, 4_000, 10_000)]
    (first, *_), (second, *_) = core_slots(demands, [256, 256], 6_000_000, PROFILE)
    # Of 6 MB, three quarters and a quarter: 4,000 sources of 4 bytes a word, two rows, 3 words of header each.
    assert first == (4_500_000 - 24) // 16_000 // 2 - 3
    assert second == (1_500_000 - 24) // 16_000 // 2 - 3


def test_the_users_limit_is_shared_as_well():
    demands = [Demand("a", 100, 100, 300), Demand("b", 100, 100, 100)]
    assert core_slots(demands, [100], 10**9, PROFILE, 400) == ((300,), (100,))
    assert core_slots([], [100], 10**9, PROFILE) == ()


def test_no_room_means_no_slots():
    assert core_slots([Demand("p", 4_000, 4_000, 10)], [256], 0, PROFILE) == ((0,),)
    assert core_slots([Demand("p", 4_000, 4_000, 10)], [256], -5, PROFILE) == ((0,),)
