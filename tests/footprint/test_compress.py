"""Compression: every key goes the way it went before, by fewer entries."""

from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.footprint.compress import compressed
from neurosparse.footprint.router_tables import Entry

BITS = 6
FULL = 2**BITS - 1


def first_match(entries, key):
    return next((entry.route for entry in entries if key & entry.mask == entry.key), None)


@st.composite
def tables(draw):
    """Draw entries that no two agree on: blocks of keys of sizes that are powers of two, some left out."""
    entries, key = [], 0
    while key <= FULL:
        size = draw(st.sampled_from([n for n in (1, 2, 4, 8) if key % n == 0 and key + n <= FULL + 1]))
        if draw(st.integers(0, 4)):
            entries.append(Entry(key, FULL - size + 1, draw(st.integers(1, 5)), draw(st.booleans())))
        key += size
    return draw(st.permutations(entries))


@given(tables())
@settings(max_examples=300, deadline=None)
def test_every_key_goes_the_way_it_went(entries):
    fewer = compressed(entries)
    assert len(fewer) <= len(entries)
    for entry in entries:
        for key in range(entry.key, entry.key + FULL - entry.mask + 1):
            assert first_match(fewer, key) == entry.route
    assert all(entry.key & ~entry.mask == 0 for entry in fewer)


def test_the_most_frequent_route_may_cover_what_others_need_for_themselves():
    entries = [Entry(key, FULL, 7 if key == 5 else 9, False) for key in range(8)]
    fewer = compressed(entries)
    assert fewer[0] == Entry(5, FULL, 7, False)
    assert fewer[1:] == (Entry(0, FULL - 7, 9, False),)


def test_it_goes_straight_on_without_entry_only_where_all_joined_entries_do():
    one, other = Entry(0, FULL, 1, True), Entry(1, FULL, 1, True)
    assert compressed([one, other]) == (Entry(0, FULL - 1, 1, True),)
    assert compressed([one, Entry(1, FULL, 1, False)]) == (Entry(0, FULL - 1, 1, False),)


def test_nothing_is_made_of_nothing():
    assert compressed([]) == ()
