"""Looking things up in compressed rows: where a column stands, and which pair is the n-th dormant one."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel


@kernel
def position(target, begin, end, column):
    """Return the first slot in [begin, end) whose target is at least `column`, or `end`.

    Parameters
    ----------
    target : int32 (n_slots,)
        Sorted in the range.
    begin, end, column : int64
    """
    while begin < end:
        middle = (begin + end) >> 1
        if target[middle] < column:
            begin = middle + 1
        else:
            end = middle
    return begin


@kernel
def _dormant_before(row_start, first, n_post, row):
    """Return how many pairs of a projection without a synapse come before `row`."""
    return (row - first) * n_post - (row_start[row] - row_start[first])


@kernel
def dormant_row(row_start, first, last, n_post, rank):
    """Return the row that holds dormant pair number `rank` of a projection, and the pair's rank inside that row.

    Parameters
    ----------
    row_start : int64
    first, last : int64
        Rows of the projection, `last` exclusive.
    n_post : int64
    rank : int64
        From 0, in row-major order over the pairs that have no synapse.
    """
    total = _dormant_before(row_start, first, n_post, last)
    # The number of dormant pairs before a row rises with the row, and nearly in proportion: start where proportion
    # says and widen the search from there.
    guess = first + np.int64(np.float64(rank) * np.float64(last - first) / np.float64(total))
    low = high = min(max(guess, first), last - 1)
    step = 1
    while low > first and _dormant_before(row_start, first, n_post, low) > rank:
        high = low - 1
        low = max(low - step, first)
        step *= 2
    step = 1
    while high < last - 1 and _dormant_before(row_start, first, n_post, high + 1) <= rank:
        low = high + 1
        high = min(high + step, last - 1)
        step *= 2
    while low < high:
        middle = (low + high + 1) >> 1
        if _dormant_before(row_start, first, n_post, middle) <= rank:
            low = middle
        else:
            high = middle - 1
    return low, rank - _dormant_before(row_start, first, n_post, low)


@kernel
def dormant_column(target, begin, end, rank):
    """Return the column of dormant pair number `rank` of the row in slots [begin, end)."""
    # The slot at offset k is preceded by target - k dormant columns: a rising function of k.
    low, high = begin, end
    while low < high:
        middle = (low + high) >> 1
        if target[middle] - (middle - begin) <= rank:
            low = middle + 1
        else:
            high = middle
    return rank + (low - begin)
