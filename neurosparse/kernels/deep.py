"""The deep among the dormant: how many of each projection are in each layer, and how they change layers."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.limits import projection_of
from neurosparse.kernels.rng import LAYER, normal, stream, uniform

_ONE = np.uint64(1)
_SHIFT = np.int64(32)
# A normal walk that is clamped at a wall has the mass of a uniform one whose wall stands so many steps behind:
# -zeta(1/2) / sqrt(2 pi) (Chernoff 1965; Siegmund 1985).
BEHIND_THE_WALL = 0.5825971579390106
# What `tally` counts: entries of the table, layers of the deep (0 before the first step), entries dropped because the
# table was full, deep ones that stayed deep because it was full, births refused.
COUNT, LAYERS, DROPPED, KEPT_DEEP, REFUSED = range(5)
# The deep have no more layers than that, and none is thinner than so many sigma when they are laid.
MOST_LAYERS, THINNEST = 64, 4.0
# Above this mean a binomial number is drawn as a normal one.
_MANY = 50.0


@kernel
def sink(blocks, table, entry, theta, law):
    """Count a connection as deep, in the layer of its theta."""
    layers = table[3][LAYERS]
    _, floor, edge = law
    layer = np.int64((edge - theta) / (edge - floor) * layers) if edge > floor else np.int64(0)
    table[2][projection_of(blocks, entry >> _SHIFT), min(max(layer, 0), layers - 1)] += 1


@kernel
def sink_and_rise(table, law, moment):
    """Let the deep change layers: half of ``noise**2`` over the square of a layer's height go up, and as many down.

    That is the diffusion of the walk. The lowest layer is higher by what stands behind the wall.
    """
    depth, layers = table[2], table[3][LAYERS]
    noise, floor, edge = law
    if layers < 2:
        return
    height = (edge - floor) / layers
    chance = min(0.5 * (noise / height) ** 2, 0.5)
    key, index = stream(moment[0], moment[1], LAYER), np.uint64(0)
    for p in range(depth.shape[0]):
        before = depth[p].copy()
        for layer in range(layers - 1):
            share = chance
            if layer + 1 == layers - 1:
                share *= height / (height + BEHIND_THE_WALL * noise)
            down, index = _binomial(before[layer], chance, key, index)
            up, index = _binomial(before[layer + 1], share, key, index)
            # Both ways out of a layer are drawn from all that were in it.
            move = max(min(down - up, depth[p, layer]), -depth[p, layer + 1])
            depth[p, layer] -= move
            depth[p, layer + 1] += move


@kernel
def _binomial(trials, chance, key, index):
    """Return how many of so many trials succeed, and the index of the next unused draw."""
    mean = trials * chance
    if mean > _MANY:
        drawn = mean + math.sqrt(mean * (1.0 - chance)) * np.float64(normal(key, index))
        return np.int64(min(max(np.round(drawn), 0.0), np.float64(trials))), index + _ONE
    count = np.int64(0)
    position, index = next_success(np.int64(-1), trials, chance, key, index)
    while position < trials:
        count += 1
        position, index = next_success(position, trials, chance, key, index)
    return count, index


@kernel
def next_success(position, end, chance, key, index):
    """Return the next success after `position` in trials that each have a `chance`, no more than `end`.

    Successes that are found so are binomial in number, at one logarithm each.
    """
    if chance <= 0.0:
        return end, index
    if chance >= 1.0:
        return position + 1, index + _ONE
    skip = math.log(uniform(key, index)) / math.log1p(-chance)
    if skip >= np.float64(end - position - 1):
        return end, index + _ONE
    return position + 1 + np.int64(skip), index + _ONE
