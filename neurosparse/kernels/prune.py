"""Dropping the smallest connections: which they are is found without a copy of the weights, then the rest closes up."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import SIZE, TIE, below, mask_for, normal, stream

# The bits of a size as float32, without its sign, from the top in three parts.
_PARTS = ((np.int64(20), np.int64(11)), (np.int64(10), np.int64(10)), (np.int64(0), np.int64(10)))
_ONE = np.int64(1)


@kernel
def _order(weight, scale):
    """Return a whole number that grows with ``abs(weight) * scale``: the bits of a float32 that is not negative."""
    return np.int64(np.float32(abs(weight) * scale).view(np.int32))


@kernel
def _class_of(classes, p, weight):
    """Return the class of a connection of projection `p`, which may depend on its sign."""
    return classes[p, np.int64(np.float32(weight).view(np.int32) >= 0)]


@kernel
def count_classes(slots, blocks, gaps, classes):
    """Return how many connections there are of each class.

    Parameters
    ----------
    slots, blocks, gaps, classes
        As `drop_smallest` takes them.

    Returns
    -------
    int64 (n_classes,)
    """
    row_start, weight = slots[0], slots[2]
    segment_row, segment_end, _ = gaps
    parts = segment_end.size // blocks.shape[0]
    count = np.zeros(classes.max() + 1, np.int64)
    for segment in range(segment_end.size):
        for slot in range(row_start[segment_row[segment]], segment_end[segment]):
            count[_class_of(classes, segment // parts, weight[slot])] += 1
    return count


@kernel
def count_below(slots, size):
    """Return how many connections of a store without gaps are smaller than `size`, a float32."""
    row_start, weight = slots[0], slots[2]
    count = 0
    for slot in range(row_start[row_start.size - 1]):
        count += abs(weight[slot]) < size
    return count


@kernel
def deviations(slots, blocks):
    """Return the standard deviation of the weights of each projection of a store without gaps: float32."""
    row_start, weight = slots[0], slots[2]
    found = np.zeros(blocks.shape[0], np.float32)
    for p in range(blocks.shape[0]):
        begin, end = row_start[blocks[p, 0]], row_start[blocks[p, 1]]
        total = square = 0.0
        for slot in range(begin, end):
            total += weight[slot]
        mean = total / max(end - begin, 1)
        for slot in range(begin, end):
            square += (weight[slot] - mean) ** 2
        found[p] = np.sqrt(square / max(end - begin, 1))
    return found


@kernel
def _bounds(slots, blocks, gaps, law):
    """Find, for each class, the size up to which connections go, and how many of exactly that size go.

    A radix selection: three visits, each of which counts the next bits of the sizes that may still be the bound.

    Returns
    -------
    int64 (n_classes,), int64 (n_classes,), int64 (n_classes,)
        The `_order` of the bound: all that are smaller go; how many of that order go; how many there are of it.
    """
    row_start, weight = slots[0], slots[2]
    segment_row, segment_end, _ = gaps
    classes, scale, counts = law
    parts = segment_end.size // blocks.shape[0]
    bound, tied, left = np.zeros(counts.size, np.int64), np.zeros(counts.size, np.int64), counts.copy()
    for shift, width in _PARTS:
        above, last = shift + width, (_ONE << width) - _ONE
        found = np.zeros((counts.size, last + 1), np.int64)
        for segment in range(segment_end.size):
            p = segment // parts
            for slot in range(row_start[segment_row[segment]], segment_end[segment]):
                order, c = _order(weight[slot], scale[p]), _class_of(classes, p, weight[slot])
                if order >> above == bound[c] >> above:
                    found[c, (order >> shift) & last] += 1
        for c in range(counts.size):
            digit = np.int64(0)
            while digit < last and left[c] >= found[c, digit]:
                left[c] -= found[c, digit]
                digit += 1
            bound[c] |= digit << shift
            tied[c] = found[c, digit]
    return bound, left, tied


@kernel
def drop_smallest(slots, blocks, gaps, law, spread, moment):
    """Drop the smallest connections of each class, and close up the rest inside each segment, as `descend` does.

    Among connections of one size it is uniform which go. What is dropped, and what is left in the gaps, does not depend
    on how rows are cut into segments.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store; inside a segment the rows are in order and without gaps.
    blocks : int64 (n_projections, 5)
    gaps : (segment_row int64 (n_segments + 1,), segment_end int64 (n_segments,), died int64 (n_parts, n_cores))
        As `close_gaps` takes them, equally many segments for each projection; the ends move, the deaths are counted up.
    law : (classes, scale, counts)
        The class of negative and of positive connections of each projection, int64 (n_projections, 2); what sizes are
        multiplied by, float32 (n_projections,); how many of each class go, int64 (n_classes,), no more than there are.
    spread : float32
        What is left in the gaps, for newborn to begin with: sizes of a half-normal of this standard deviation.
    moment : (seed, step), each int64
    """
    row_start, target, weight, velocity = slots
    segment_row, segment_end, died = gaps
    classes, scale, _ = law
    bound, left, tied = _bounds(slots, blocks, gaps, law)
    parts = segment_end.size // blocks.shape[0]
    key, index = stream(moment[0], moment[1], TIE), np.uint64(0)
    born, gone = stream(moment[0], moment[1], SIZE), np.uint64(0)
    for segment in range(segment_end.size):
        p = segment // parts
        width, core0 = blocks[p, 3], blocks[p, 4]
        first, last = segment_row[segment], segment_row[segment + 1]
        begin = write = row_start[first]
        for row in range(first, last):
            end = row_start[row + 1] if row + 1 < last else segment_end[segment]
            row_start[row] = write
            for slot in range(begin, end):
                order, c = _order(weight[slot], scale[p]), _class_of(classes, p, weight[slot])
                goes = order < bound[c]
                if order == bound[c] and left[c] > 0:
                    rank, index = below(key, index, tied[c], mask_for(tied[c]))
                    goes = rank < left[c]
                    left[c] -= goes
                    tied[c] -= 1
                if goes:
                    died[0, core0 + target[slot] // width] += 1
                    continue
                if write < slot:
                    target[write], weight[write] = target[slot], weight[slot]
                    if velocity.size:
                        velocity[write] = velocity[slot]
                write += 1
            begin = end
        for slot in range(write, segment_end[segment]):
            weight[slot] = spread * abs(normal(born, gone))
            gone += np.uint64(1)
        segment_end[segment] = write
