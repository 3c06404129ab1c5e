"""Looking things up in compressed rows: where a column stands, and which pair is the n-th dormant one."""

from __future__ import annotations

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
    # Dormant pairs in the rows before row r number (r - first) * n_post - (slots before row r): a rising function.
    origin = row_start[first]
    low, high = first, last - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if (middle - first) * n_post - (row_start[middle] - origin) <= rank:
            low = middle
        else:
            high = middle - 1
    return low, rank - ((low - first) * n_post - (row_start[low] - origin))


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
