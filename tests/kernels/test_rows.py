import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.rows import dormant_column, dormant_row, position


@st.composite
def tables(draw):
    n_pre, n_post = draw(st.integers(1, 8)), draw(st.integers(1, 9))
    live = sorted(draw(st.sets(st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1)))))
    row_start = np.searchsorted([i for i, _ in live], np.arange(n_pre + 1)).astype(np.int64)
    return n_pre, n_post, live, row_start, np.array([j for _, j in live], np.int32)


@given(tables(), st.integers(-1, 10))
def test_position_is_searchsorted(table, column):
    n_pre, _, _, row_start, target = table
    for i in range(n_pre):
        begin, end = row_start[i], row_start[i + 1]
        assert position(target, begin, end, column) == begin + np.searchsorted(target[begin:end], column)


@given(tables())
def test_every_dormant_pair_has_its_rank(table):
    n_pre, n_post, live, row_start, target = table
    dormant = [(i, j) for i in range(n_pre) for j in range(n_post) if (i, j) not in set(live)]
    for rank, pair in enumerate(dormant):
        row, inside = dormant_row(row_start, 0, n_pre, n_post, rank)
        assert (row, dormant_column(target, row_start[row], row_start[row + 1], inside)) == pair
