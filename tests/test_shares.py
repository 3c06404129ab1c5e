"""The split of a budget over the layers of a chain, and whole shares of anything."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.shares import share_out, split_budget, total_pairs

_LAYERS = st.lists(st.integers(1, 500), min_size=2, max_size=6)


@given(_LAYERS, st.floats(0, 1))
def test_a_split_sums_exactly_and_fits_every_layer(sizes, connectivity):
    synapses = int(connectivity * total_pairs(sizes))
    parts = split_budget(sizes, synapses)
    assert sum(parts) == synapses
    assert all(0 <= part <= pre * post for part, (pre, post) in zip(parts, pairwise(sizes), strict=True))
    if synapses >= len(parts):
        assert min(parts) >= 1


@given(_LAYERS, st.floats(0, 1))
def test_a_split_is_in_proportion_where_no_layer_is_full(sizes, connectivity):
    synapses = int(connectivity * total_pairs(sizes))
    parts = split_budget(sizes, synapses)
    weights = [pre + post for pre, post in pairwise(sizes)]
    open_ = [k for k, (pre, post) in enumerate(pairwise(sizes)) if 1 < parts[k] < pre * post]
    for a in open_:
        for b in open_:
            # Each is its exact share, rounded either way, and the least layers may have been lifted to 1.
            assert abs(parts[a] * weights[b] - parts[b] * weights[a]) <= (len(parts) + 1) * max(weights) * 2


def test_the_split_of_the_paper_network():
    sizes = (784, 300, 100, 10)
    # In proportion to 1084 : 400 : 110, the paper's densities being .75 : 2.3 : 22.8.
    assert split_budget(sizes, 3_552) == (2_416, 891, 245)
    densities = [
        part / (pre * post) for part, (pre, post) in zip(split_budget(sizes, 3_552), pairwise(sizes), strict=True)
    ]
    assert densities == sorted(densities)


def test_what_a_full_layer_cannot_take_goes_to_the_others():
    # 10-2 has 20 pairs; by weight it would get 12 / 122 of 500.
    assert split_budget((100, 10, 2), 500) == (480, 20)
    assert split_budget((100, 10, 2), 1_020) == (1_000, 20)


def test_too_many_or_negative_synapses_are_refused_with_the_numbers():
    with pytest.raises(BadInput, match="fewer pairs of neurons") as caught:
        split_budget((10, 2), 21)
    assert caught.value.numbers == {"asked": "21", "pairs": "20", "too much": "1"}
    with pytest.raises(BadInput):
        split_budget((10, 2), -1)
    with pytest.raises(BadInput, match="input and an output"):
        split_budget((10,), 1)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100)), min_size=1, max_size=6), st.integers(0, 400))
def test_shares_fit_their_caps_and_sum_to_what_there_is(items, total):
    weights, caps = [weight for weight, _ in items], [cap for _, cap in items]
    parts = share_out(total, weights, caps)
    assert all(0 <= part <= cap for part, cap in zip(parts, caps, strict=True))
    reachable = sum(cap for weight, cap in items if weight or not any(weights))
    assert sum(parts) == min(total, reachable)
