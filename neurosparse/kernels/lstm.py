"""The steps of long short-term memory in time, forward and back (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

For every unit, with the gates i, f, g, o as blocks of so many columns as there are units, one after the other::

    i, f, o = sigmoid(z_i, z_f, z_o)    g = tanh(z_g)    c' = f c + i g    h' = o tanh(c')

where z is what the input adds, which is given for all steps, and the product of the recurrent weights and h. Steps lie
one after the other in the rows of all matrices, `batch` columns each. Where a step does not count (`keep` is 0), state
and output are zero, and so are all gradients: a sample that has ended, or not yet begun in the other direction of time.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.recurrent import add_product, push_back
from neurosparse.kernels.squash import sigmoid, tanh


@kernel
def walk_forward(rows, gates, cell, h, keep, sums, walk, units):
    """Take some steps, for a range of units: the result does not depend on how units and steps are split.

    Parameters
    ----------
    rows : (row_start int64 (n_units + 1,), target int32 (n_slots,), weight float32 (n_slots,))
        The recurrent projection, onto ``4 * n_units`` columns.
    gates : float32 (4 * n_units, held * batch)
        What bias and input add to each sum, in the order of time; becomes the gates.
    cell : float32 (n_units, (held + 1) * batch)
        States in the order in which they are visited, the first being that before the first step held.
    h : float32 (n_units, n_steps * batch)
        Outputs, in the order of time.
    keep : float32 (n_steps, batch)
        1 where a step of a sample counts, else 0.
    sums : float32 (4 * n_units, batch)
        Room for the recurrent product.
    walk : (begin, end, turned, from_visit, from_step), each int64
        Visits from `begin` to before `end`; visit n is that of step n, or of step n from the last if `turned`. `gates`
        and `cell` hold the steps from `from_step` and the visits from `from_visit` on.
    units : (int64, int64)
        First unit and the one after the last.
    """
    begin, end, turned, from_visit, from_step = walk
    first, last = units
    n_units, (n_steps, batch) = h.shape[0], keep.shape
    zero = lanes.spread(np.float32(0.0))
    for n in range(begin, end):
        step = n_steps - 1 - n if turned else n
        before = step + 1 if turned else step - 1
        for gate in range(4):
            for j in range(gate * n_units + first, gate * n_units + last):
                for c in range(0, batch, WIDTH):
                    lanes.store(sums, j, c, zero)
        if n > 0:
            columns = before * batch, 0, batch
            if first == 0 and last == n_units:
                add_product(rows, h, sums, columns, (0, 4 * n_units))
            else:
                for gate in range(4):
                    add_product(rows, h, sums, columns, (gate * n_units + first, gate * n_units + last))
        here, old = (step - from_step) * batch, (n - from_visit) * batch
        for u in range(first, last):
            for c in range(0, batch, WIDTH):
                i = sigmoid(lanes.add(lanes.load(gates, u, here + c), lanes.load(sums, u, c)))
                lanes.store(gates, u, here + c, i)
                j = u + 2 * n_units
                g = tanh(lanes.add(lanes.load(gates, j, here + c), lanes.load(sums, j, c)))
                lanes.store(gates, j, here + c, g)
                j = u + n_units
                f = sigmoid(lanes.add(lanes.load(gates, j, here + c), lanes.load(sums, j, c)))
                lanes.store(gates, j, here + c, f)
                state = lanes.multiply_add(f, lanes.load(cell, u, old + c), lanes.multiply(i, g))
                state = lanes.multiply(state, lanes.load(keep, step, c))
                lanes.store(cell, u, old + batch + c, state)
                j = u + 3 * n_units
                o = sigmoid(lanes.add(lanes.load(gates, j, here + c), lanes.load(sums, j, c)))
                lanes.store(gates, j, here + c, o)
                lanes.store(h, u, step * batch + c, lanes.multiply(o, tanh(state)))


@kernel
def walk_back(rows, gates, cell, dh, keep, rooms, walk, units):
    """Visit some steps again, the last first, for a range of units: gates become gradients of their sums.

    Parameters
    ----------
    rows, gates, cell, keep, units
        As `walk_forward` left them.
    dh : float32 (n_units, n_steps * batch)
        Gradient of the mean loss with respect to the outputs.
    rooms : (edge float32 (2, 4 * n_units, batch), below float32 (n_units, batch), carry float32 (n_units, batch))
        Gradients of the sums of the step visited before this one and of this one; that of h; that of c. What earlier
        calls left there is read.
    walk : (begin, end, turned, from_visit, from_step), each int64
        The same visits as forward, here from ``end - 1`` down to `begin`.
    """
    begin, end, turned, from_visit, from_step = walk
    edge, below, carry = rooms
    first, last = units
    n_units, (n_steps, batch) = dh.shape[0], keep.shape
    one, minus = lanes.spread(np.float32(1.0)), lanes.spread(np.float32(-1.0))
    zero = lanes.spread(np.float32(0.0))
    for n in range(end - 1, begin - 1, -1):
        step = n_steps - 1 - n if turned else n
        if n == n_steps - 1:
            for u in range(first, last):
                for c in range(0, batch, WIDTH):
                    lanes.store(below, u, c, zero)
                    lanes.store(carry, u, c, zero)
        else:
            push_back(rows, edge[(n + 1) & 1], below, units)
        now = edge[n & 1]
        here, old = (step - from_step) * batch, (n - from_visit) * batch
        for u in range(first, last):
            for c in range(0, batch, WIDTH):
                mask = lanes.load(keep, step, c)
                i, f = lanes.load(gates, u, here + c), lanes.load(gates, u + n_units, here + c)
                g, o = lanes.load(gates, u + 2 * n_units, here + c), lanes.load(gates, u + 3 * n_units, here + c)
                shown = tanh(lanes.load(cell, u, old + batch + c))
                d = lanes.multiply(lanes.add(lanes.load(dh, u, step * batch + c), lanes.load(below, u, c)), mask)
                # 1 - a**2 is the slope of tanh, a (1 - a) that of the sigmoid.
                slope = lanes.multiply_add(lanes.multiply(shown, minus), shown, one)
                dc = lanes.multiply_add(lanes.multiply(d, o), slope, lanes.multiply(lanes.load(carry, u, c), mask))
                lanes.store(carry, u, c, lanes.multiply(dc, f))
                dz = lanes.multiply(lanes.multiply(d, shown), _slope(o, one, minus))
                lanes.store(gates, u + 3 * n_units, here + c, dz)
                lanes.store(now, u + 3 * n_units, c, dz)
                dz = lanes.multiply(lanes.multiply(dc, g), _slope(i, one, minus))
                lanes.store(gates, u, here + c, dz)
                lanes.store(now, u, c, dz)
                dz = lanes.multiply(lanes.multiply(dc, lanes.load(cell, u, old + c)), _slope(f, one, minus))
                lanes.store(gates, u + n_units, here + c, dz)
                lanes.store(now, u + n_units, c, dz)
                slope = lanes.multiply_add(lanes.multiply(g, minus), g, one)
                dz = lanes.multiply(lanes.multiply(dc, i), slope)
                lanes.store(gates, u + 2 * n_units, here + c, dz)
                lanes.store(now, u + 2 * n_units, c, dz)


@kernel
def _slope(a, one, minus):
    """Return ``a (1 - a)``."""
    return lanes.multiply(a, lanes.multiply_add(a, minus, one))
