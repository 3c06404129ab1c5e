"""What limits allow and guarantee, against every arrangement of small cores."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.limits import guaranteed_on_core, most_on_core


def arrangements(n_pre, posts, row, fan_in):
    """Return the sizes of all feasible sets of signed synapses, and of those to which none can be added."""
    pairs = list(product(range(n_pre), range(posts)))
    sizes, stuck = set(), set()
    for signs in product((0, 1, 2), repeat=len(pairs)):
        rows, columns = [[0, 0] for _ in range(n_pre)], [0] * posts
        for (i, j), sign in zip(pairs, signs, strict=True):
            if sign:
                rows[i][sign - 1] += 1
                columns[j] += 1
        if max(max(counts) for counts in rows) > row or max(columns) > fan_in:
            continue
        sizes.add(sum(columns))
        if all(sign or columns[j] >= fan_in or min(rows[i]) >= row for (i, j), sign in zip(pairs, signs, strict=True)):
            stuck.add(sum(columns))
    return sizes, stuck


@pytest.mark.parametrize(("n_pre", "posts"), [(1, 4), (4, 1), (2, 2), (2, 3), (3, 2), (3, 3), (4, 2), (2, 4)])
def test_the_guarantee_is_the_smallest_arrangement_that_takes_no_more(n_pre, posts):
    for row, fan_in in product((1, 2, 3), (1, 2, 3, 4)):
        sizes, stuck = arrangements(n_pre, posts, row, fan_in)
        assert most_on_core(n_pre, posts, 99, row, fan_in) == max(sizes)
        assert guaranteed_on_core(n_pre, posts, 99, row, fan_in) == min(stuck)


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(0, 4_000),
    st.none() | st.integers(1, 40), st.none() | st.integers(1, 70),
)  # fmt: skip
def test_the_guarantee_is_the_least_of_the_bound_over_all_rows_and_columns_that_are_not_full(n, m, capacity, row, fan):
    r, f = min(m, 2 * row) if row else m, min(n, fan) if fan else n
    most = most_on_core(n, m, capacity, row, fan)
    assert most == min(capacity, n * r, m * f)
    corners = ((a, b) for a in range(1, f) for b in range(1, r)) if r < m and f < n else ()
    bound = min((max((n - a) * r + a * b, (m - b) * f + a * b) for a, b in corners), default=most)
    assert guaranteed_on_core(n, m, capacity, row, fan) == min(most, bound)


def test_one_limit_alone_guarantees_all_it_allows():
    assert guaranteed_on_core(784, 256, 10**6, 2, None) == 784 * 4
    assert guaranteed_on_core(784, 256, 10**6, None, 9) == 256 * 9
    assert guaranteed_on_core(784, 3, 10**6, 2, 9) == 27
    assert guaranteed_on_core(784, 256, 1_000, 2, 9) == 1_000
