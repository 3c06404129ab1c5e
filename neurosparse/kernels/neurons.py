"""Leaky integrate-and-fire neurons with adaptive thresholds, all steps of a sequence, and their adjoint.

For every neuron, with resting and reset potential 0 and threshold 1, at each step t::

    u = alpha v + s + b                       where input moves the membrane at once, s being the sum of what arrives
    u = alpha v + reach i + b                 where it moves a current i first; then i <- decay i + s
    z = 1 if u >= 1 + beta a, else 0          a is zero in neurons that do not adapt
    v <- u (1 - z);  a <- rho a + z

For so many steps after a spike u = 0 and z = 0 (refractory time); i and a go on. That is integration that is exact for
input that is constant during a step, then the threshold, then the reset: the order of NEST's iaf_psc_delta and
iaf_psc_exp (Rotter and Diesmann, "Exact digital simulation of time-invariant linear systems with applications to
neuronal modeling", Biological Cybernetics 81, 1999), and the adaptive threshold of Bellec et al., Nature Communications
11:3625 (2020).

On the way back the slope of a spike is ``psi = dampening * max(0, 1 - |u - threshold|)`` (their pseudo-derivative with
a threshold of 1) in place of the derivative of the step, with respect to u; with respect to a it is ``-beta psi``. The
factor 1 - z of the reset counts as a constant: no gradient flows through it.

Steps lie one after the other in the rows of all matrices, `batch` columns each. Where a step does not count (`keep` is
0) there are no spikes and no gradients.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.spikes import add_spikes, gather_back


@kernel
def fire(inputs, recurrent, made, keep, state, cell, steps, units):
    """Take some steps, for a range of neurons: the result does not depend on how neurons and steps are split.

    Parameters
    ----------
    inputs : (rows, x float32 (n_pre, n_steps * batch), delays int64, bias float32 (n,))
        The input projection (see `spikes.add_spikes`), whose fastest connections arrive at once.
    recurrent : (rows, delays int64)
        The recurrent projection, whose fastest connections take one step; no delays where there is none.
    made : (z float32 (n, n_steps * batch), slope float32 (n, any steps * batch))
        Written: spikes, and the slope of each, or -1 where the neuron cannot spike: it is refractory, or the step does
        not count.
    keep : float32 (n_steps, batch)
        1 where a step of a sample counts, else 0.
    state : (v, i, rest, sums, fired float32 (n, batch), a float32 (n_adaptive, batch))
        Potential, current, refractory steps left, room for sums, spikes of all steps since step 0, and adaptation of
        the last neurons; what earlier steps left is read, and forgotten before step 0.
    cell : (alpha, decay, reach, rho, beta, dampening, rests), each float32
        As above, `reach` zero where input moves the membrane at once; `rests` is the refractory time in steps.
    steps : (int64, int64, int64)
        First step, the one after the last, and the one whose slopes come first in `slope`.
    units : (int64, int64)
        First neuron and the one after the last.
    """
    rows, x, delays, bias = inputs
    own_rows, own_delays = recurrent
    z, slope = made
    v, i, rest, sums, fired, a = state
    alpha, decay, reach, rho, beta, dampening, rests = cell
    batch = keep.shape[1]
    plain = z.shape[0] - a.shape[0]
    zero, one, minus = lanes.spread(np.float32(0.0)), lanes.spread(np.float32(1.0)), lanes.spread(np.float32(-1.0))
    leak, fade, gain, forget = lanes.spread(alpha), lanes.spread(decay), lanes.spread(reach), lanes.spread(rho)
    damp, lasting, rise = lanes.spread(dampening), lanes.spread(rests), lanes.spread(beta)
    for t in range(steps[0], steps[1]):
        for u in range(units[0], units[1]):
            for c in range(0, batch, WIDTH):
                lanes.store(sums, u, c, zero)
                if t == 0:
                    lanes.store(v, u, c, zero)
                    lanes.store(i, u, c, zero)
                    lanes.store(rest, u, c, zero)
                    lanes.store(fired, u, c, zero)
                    if u >= plain:
                        lanes.store(a, u - plain, c, zero)
        add_spikes(rows, x, sums, t, (delays, 0), units)
        add_spikes(own_rows, z, sums, t, (own_delays, 1), units)
        for u in range(units[0], units[1]):
            b = lanes.spread(bias[u])
            for c in range(0, batch, WIDTH):
                drive = lanes.load(sums, u, c)
                if reach > np.float32(0.0):
                    current = lanes.load(i, u, c)
                    lanes.store(i, u, c, lanes.multiply_add(fade, current, drive))
                    drive = lanes.multiply(gain, current)
                potential = lanes.multiply_add(leak, lanes.load(v, u, c), lanes.add(drive, b))
                threshold = one
                if u >= plain:
                    threshold = lanes.multiply_add(rise, lanes.load(a, u - plain, c), one)
                ready = lanes.load(keep, t, c)
                if rests > np.float32(0.0):
                    ready = lanes.multiply(ready, lanes.at_least(zero, lanes.load(rest, u, c)))
                spike = lanes.choose(ready, lanes.at_least(potential, threshold), zero)
                away = lanes.multiply_add(threshold, minus, potential)
                away = lanes.add(lanes.positive_part(away), lanes.positive_part(lanes.multiply(away, minus)))
                height = lanes.multiply(damp, lanes.positive_part(lanes.multiply_add(away, minus, one)))
                lanes.store(slope, u, (t - steps[2]) * batch + c, lanes.choose(ready, height, minus))
                lanes.store(z, u, t * batch + c, spike)
                lanes.store(v, u, c, lanes.choose(spike, zero, lanes.choose(ready, potential, zero)))
                lanes.store(fired, u, c, lanes.add(lanes.load(fired, u, c), spike))
                if rests > np.float32(0.0):
                    left = lanes.positive_part(lanes.add(lanes.load(rest, u, c), minus))
                    lanes.store(rest, u, c, lanes.choose(spike, lasting, left))
                if u >= plain:
                    lanes.store(a, u - plain, c, lanes.multiply_add(forget, lanes.load(a, u - plain, c), spike))


@kernel
def fire_back(recurrent, made, dz, wish, rooms, cell, steps, units):
    """Visit some steps again, the last first, for a range of neurons: slopes become gradients of the sums s.

    Without the recurrent projection (no delays, whether there is one or not) that is the gradient of e-prop (see
    `neurosparse.nn.lif`).

    Parameters
    ----------
    recurrent, cell, units
        As `fire` takes them.
    made : (z, slope float32 (n, any steps * batch), local float32, as slope or (0, 0))
        As `fire` left them; `slope` becomes the gradients. `local` is written unless it is empty: the part of the
        gradient of s that comes by the first step alone which s can move to a spike.
    dz : float32 (n, n_steps * batch)
        Gradient of the mean loss with respect to the spikes.
    wish : float32 (n,)
        To be added to it at every step.
    rooms : (later float32 (delays + 1, n, batch), below, du, di, near, pull float32 (n, batch), da float32
        (n_adaptive, batch))
        Gradients of the sums of the steps visited before (see `spikes.gather_back`); those that come to the spikes
        through recurrent connections; of u, i, the part of u that `local` counts, and a; what earlier visits left is
        read, and forgotten before the last step. `pull` becomes the sum of the gradients of u over all steps visited:
        those of the biases.
    steps : (int64, int64, int64)
        As `fire` takes them, visited downwards.
    """
    rows, delays = recurrent
    z, slope, local = made
    later, below, du, di, near, pull, da = rooms
    alpha, decay, reach, rho, beta, _, _ = cell
    batch = below.shape[1]
    n_steps = z.shape[1] // batch
    plain = z.shape[0] - da.shape[0]
    zero, one, minus = lanes.spread(np.float32(0.0)), lanes.spread(np.float32(1.0)), lanes.spread(np.float32(-1.0))
    leak, fade, gain, forget = lanes.spread(alpha), lanes.spread(decay), lanes.spread(reach), lanes.spread(rho)
    rise = lanes.spread(-beta)
    for t in range(steps[1] - 1, steps[0] - 1, -1):
        if t == n_steps - 1:
            for u in range(units[0], units[1]):
                for c in range(0, batch, WIDTH):
                    lanes.store(du, u, c, zero)
                    lanes.store(di, u, c, zero)
                    lanes.store(near, u, c, zero)
                    lanes.store(pull, u, c, zero)
                    if u >= plain:
                        lanes.store(da, u - plain, c, zero)
        gather_back(rows, later, below, t, (delays, n_steps), units)
        now = later[t % (delays + 1)]
        for u in range(units[0], units[1]):
            extra = lanes.spread(wish[u])
            for c in range(0, batch, WIDTH):
                here, place = t * batch + c, (t - steps[2]) * batch + c
                told = lanes.add(lanes.load(dz, u, here), extra)
                g = lanes.add(told, lanes.load(below, u, c))
                if u >= plain:
                    g = lanes.add(g, lanes.load(da, u - plain, c))
                height = lanes.load(slope, u, place)
                ready = lanes.at_least(height, zero)
                height = lanes.positive_part(height)
                own, first = lanes.multiply(height, g), lanes.multiply(height, told)
                after = lanes.load(du, u, c)
                through = lanes.multiply(
                    leak, lanes.multiply(lanes.multiply_add(lanes.load(z, u, here), minus, one), after)
                )
                du_now = lanes.choose(ready, lanes.add(own, through), zero)
                lanes.store(du, u, c, du_now)
                lanes.store(pull, u, c, lanes.add(lanes.load(pull, u, c), du_now))
                if u >= plain:
                    lanes.store(
                        da,
                        u - plain,
                        c,
                        lanes.multiply_add(forget, lanes.load(da, u - plain, c), lanes.multiply(rise, own)),
                    )
                out = du_now
                if reach > np.float32(0.0):
                    out = lanes.multiply_add(fade, lanes.load(di, u, c), lanes.multiply(gain, after))
                    lanes.store(di, u, c, out)
                    arriving = lanes.multiply(gain, lanes.load(near, u, c))
                    lanes.store(near, u, c, first)
                    first = arriving
                lanes.store(slope, u, place, out)
                lanes.store(now, u, c, out)
                if local.shape[0]:
                    lanes.store(local, u, place, first)
