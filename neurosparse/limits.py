"""Limits on the rows and columns of a core as arithmetic: the most synapses they allow, and how many they guarantee."""

from __future__ import annotations


def row_room(posts: int, max_row_length: int | None) -> int:
    """Return the most synapses of one source on a core: one a post neuron, and `max_row_length` of each sign."""
    return posts if max_row_length is None else min(posts, 2 * max_row_length)


def fan_in_room(n_pre: int, max_fan_in: int | None) -> int:
    """Return the most synapses of one post neuron: one a source, and no more than `max_fan_in`."""
    return n_pre if max_fan_in is None else min(n_pre, max_fan_in)


def most_on_core(n_pre: int, posts: int, capacity: int, max_row_length: int | None, max_fan_in: int | None) -> int:
    """Return the most synapses that one core can hold at all.

    Rows of at most r and columns of at most f in an n x m rectangle, r <= m and f <= n, hold min(n r, m f): by the
    theorem of Gale (1957) and Ryser (1957) the bound is the least of ``r a + f b + (n - a)(m - b)`` over subsets of a
    rows and b columns, which is linear in each of a and b, so least in a corner.

    Parameters
    ----------
    n_pre, posts : int
        Sources, and post neurons on the core.
    capacity : int
        Synapses that the core's memory holds.
    max_row_length : int, optional
        The most synapses of one source on the core of one sign.
    max_fan_in : int, optional
        The most synapses of one post neuron.
    """
    return min(capacity, n_pre * row_room(posts, max_row_length), posts * fan_in_room(n_pre, max_fan_in))


def guaranteed_on_core(
    n_pre: int, posts: int, capacity: int, max_row_length: int | None, max_fan_in: int | None
) -> int:
    """Return how many synapses the core is sure to take, one at a time, wherever the earlier ones lie.

    With a limit on rows and one on columns, synapses can lie so that none can be added although more would fit. Then
    every pair of a row and a column that both are not full is occupied. With a rows (of n, full at r) and b columns
    (of m, full at f) not full, there are at least ``(n - a) r + a b`` synapses, counted by rows, and at least
    ``(m - b) f + a b``, counted by columns; a row that is not full has b < r of them, a column a < f. The least over
    all a and b is what is sure. Signs add nothing: a row with less than twice its limit has room for one of the signs.

    Parameters
    ----------
    n_pre, posts, capacity, max_row_length, max_fan_in
        As `most_on_core` takes them.

    Returns
    -------
    int
        At most `most_on_core`, and equal to it where only one of the two limits binds.
    """
    n, m = n_pre, posts
    r, f = row_room(posts, max_row_length), fan_in_room(n_pre, max_fan_in)
    least = most_on_core(n_pre, posts, capacity, max_row_length, max_fan_in)
    if r == m or f == n:
        return least
    if f > r:
        n, m, r, f = m, n, f, r
    for a in range(1, f):
        # By rows the count rises with b, by columns it falls: the larger of the two is least where they meet.
        meet = m - (n - a) * r // f
        for b in (meet - 1, meet, meet + 1):
            b = min(max(b, 1), r - 1)
            least = min(least, max((n - a) * r + a * b, (m - b) * f + a * b))
    return least
