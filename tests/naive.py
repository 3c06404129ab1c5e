"""Slow plain twins of the kernels: what each is supposed to compute, written without any thought of speed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass
class Rows:
    """One projection as a dictionary of (pre, post) to weight, and where the kernels' arrays hold it."""

    n_pre: int
    n_post: int
    weight: dict[tuple[int, int], float]

    def arrays(self, slots: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row_start, target and weight, with `slots` slots (by default as many as are live)."""
        pairs = sorted(self.weight)
        size = len(pairs) if slots is None else slots
        row_start = np.zeros(self.n_pre + 1, np.int64)
        target, weight = np.zeros(size, np.int32), np.zeros(size, np.float32)
        for k, (i, j) in enumerate(pairs):
            row_start[i + 1 :] += 1
            target[k], weight[k] = j, self.weight[i, j]
        return row_start, target, weight


def read_rows(row_start: np.ndarray, target: np.ndarray, values: np.ndarray) -> dict[tuple[int, int], float]:
    """Return {(row, column): value} of compressed rows; a pair that stands twice is a failure."""
    found: dict[tuple[int, int], float] = {}
    for i in range(len(row_start) - 1):
        columns = [int(target[slot]) for slot in range(row_start[i], row_start[i + 1])]
        assert columns == sorted(set(columns)), f"row {i} is unsorted or holds a pair twice: {columns}"
        for slot in range(row_start[i], row_start[i + 1]):
            found[i, int(target[slot])] = float(values[slot])
    return found


def forward(rows: Rows, bias: np.ndarray, x: np.ndarray, rectify: bool) -> np.ndarray:
    """Return y[j] = bias[j] + sum_i w_ij x[i], rectified if asked."""
    return np.maximum(sums(rows, bias, x), 0) if rectify else sums(rows, bias, x)


def sums(rows: Rows, bias: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return bias[j] + sum_i w_ij x[i]."""
    y = np.repeat(bias[:, None].astype(float), x.shape[1], axis=1)
    for (i, j), w in rows.weight.items():
        y[j] += np.float32(w) * x[i].astype(float)
    return y


def qcfs(z: float, ceiling: float, levels: int) -> tuple[float, bool]:
    """Return the activation of Bu et al. 2022 for one sum in float32, and whether its straight-through gradient passes.

    ``ceiling * clip(floor(z levels / ceiling + 1/2) / levels, 0, 1)``; the gradient passes where what is rounded down
    lies between 0 and `levels`.
    """
    one = np.float32
    height = one(one(one(z) * (one(levels) / one(ceiling))) + one(0.5))
    if height >= levels:
        return float(one(ceiling)), False
    return float(one(max(math.floor(height), 0)) * (one(ceiling) / one(levels))), bool(height > 0)


def on_grid(weights: list[float], most: int) -> list[float]:
    """Return each weight as whole steps of the least power of two of which `most` reach the largest, in fractions."""
    largest = max((abs(Fraction(w)) for w in weights), default=Fraction(0))
    step = Fraction(1)
    if largest:
        while step * most < largest:
            step *= 2
        # Below the finest float32 there is nothing to gain.
        while step / 2 * most >= largest and step > Fraction(1, 2**149):
            step /= 2
    return [math.copysign(float(round(abs(Fraction(w)) / step) * step), w) for w in weights]


def gradients(
    rows: Rows, x: np.ndarray, dy: np.ndarray, gate: np.ndarray | None = None
) -> tuple[dict[tuple[int, int], float], np.ndarray]:
    """Return dE/dw of every connection, and dE/d(sums below) where the gate is open: x positive, unless told."""
    dw = {(i, j): float(np.dot(x[i].astype(float), dy[j].astype(float))) for i, j in rows.weight}
    dx = np.zeros_like(x, dtype=float)
    for (i, j), w in rows.weight.items():
        dx[i] += np.float32(w) * dy[j].astype(float)
    return dw, np.where(x > 0 if gate is None else gate, dx, 0.0)


def descend(
    rows: Rows,
    x: np.ndarray,
    dy: np.ndarray,
    law: tuple[float, float, float, float],
    nu: dict[tuple[int, int], float],
    velocity: dict[tuple[int, int], float] | None,
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float], set[tuple[int, int]]]:
    """Return the survivors' weights and velocities, and who died, after one step of Algorithm 1, lines 2 to 6."""
    rate, shrink, noise, momentum = law
    gradient, _ = gradients(rows, x, dy)
    weights, velocities, dead = {}, {}, set()
    for pair, w in rows.weight.items():
        g = gradient[pair] + (momentum * velocity[pair] if velocity is not None else 0.0)
        sign = math.copysign(1.0, w)
        theta = abs(w) - rate * sign * g - shrink + noise * nu[pair]
        if theta < 0:
            dead.add(pair)
        else:
            weights[pair], velocities[pair] = sign * theta, g
    return weights, velocities, dead


def smallest(
    weights: dict[tuple[int, int, int], float], classes: np.ndarray, scale: np.ndarray, counts: list[int]
) -> tuple[set[tuple[int, int, int]], list[tuple[set[tuple[int, int, int]], int]]]:
    """Return which connections of all projections go, by sorting them, and which sets of equal ones lose how many.

    Connections are (projection, pre, post); of each class go `counts` with the smallest ``abs(w) * scale``.
    """
    gone, ties = set(), []
    for c, count in enumerate(counts):
        sizes = {
            place: float(np.float32(abs(np.float32(w)) * np.float32(scale[place[0]])))
            for place, w in weights.items()
            if classes[place[0]][0 if math.copysign(1.0, w) < 0 else 1] == c
        }
        if not count:
            continue
        bound = sorted(sizes.values())[count - 1]
        below = {place for place, size in sizes.items() if size < bound}
        gone |= below
        ties.append(({place for place, size in sizes.items() if size == bound}, count - len(below)))
    return gone, ties


def within_row_lengths(row: list[float], longest: int) -> list[float]:
    """Return the weights of a row on one core, the smallest of a sign that has too many set to zero of the other."""
    row = list(row)
    for sign in (1.0, -1.0):
        while len(here := [k for k, w in enumerate(row) if math.copysign(1.0, w) == sign]) > longest:
            row[min(here, key=lambda k: abs(row[k]))] = -0.0 * sign
    return row


def feasible(
    shape: tuple[int, int], live: set[tuple[int, int]], width: int, capacity: list[int]
) -> list[tuple[int, int]]:
    """Return the dormant pairs whose core is not full, by looking at every pair."""
    count = [0] * len(capacity)
    for _, j in live:
        count[j // width] += 1
    return [
        (i, j)
        for i in range(shape[0])
        for j in range(shape[1])
        if (i, j) not in live and count[j // width] < capacity[j // width]
    ]


def law_of_births(
    shape: tuple[int, int], live: frozenset[tuple[int, int]], width: int, capacity: list[int], births: int
) -> dict[frozenset[tuple[int, int]], float]:
    """Return the exact probability of every set of newborn when they are drawn one at a time (Algorithm 1)."""
    law: dict[frozenset[tuple[int, int]], float] = {frozenset(): 1.0}
    for _ in range(births):
        after: dict[frozenset[tuple[int, int]], float] = {}
        for born, probability in law.items():
            places = feasible(shape, set(live | born), width, capacity)
            for pair in places:
                key = born | {pair}
                after[key] = after.get(key, 0.0) + probability / len(places)
        law = after
    return law


Synapse = tuple[int, int, int]


def feasible_signed(
    shape: tuple[int, int],
    live: set[Synapse],
    width: int,
    capacity: list[int],
    max_row_length: int | None,
    max_fan_in: int | None,
) -> list[Synapse]:
    """Return the (pre, post, sign) that may be born, by counting afresh for every one of them."""
    taken = {(i, j) for i, j, _ in live}
    return [
        (i, j, sign)
        for i in range(shape[0])
        for j in range(shape[1])
        for sign in (-1, 1)
        if (i, j) not in taken
        and sum(b // width == j // width for _, b in taken) < capacity[j // width]
        and (max_fan_in is None or sum(b == j for _, b in taken) < max_fan_in)
        and (
            max_row_length is None
            or sum((a, b // width, s) == (i, j // width, sign) for a, b, s in live) < max_row_length
        )
    ]


def law_of_signed_births(
    shape: tuple[int, int],
    live: frozenset[Synapse],
    width: int,
    capacity: list[int],
    max_row_length: int | None,
    max_fan_in: int | None,
    births: int,
) -> dict[frozenset[Synapse], float]:
    """Return the exact probability of every set of newborn with their signs, drawn one at a time within limits."""
    law: dict[frozenset[Synapse], float] = {frozenset(): 1.0}
    for _ in range(births):
        after: dict[frozenset[Synapse], float] = {}
        for born, probability in law.items():
            places = feasible_signed(shape, set(live | born), width, capacity, max_row_length, max_fan_in)
            for place in places:
                key = born | {place}
                after[key] = after.get(key, 0.0) + probability / len(places)
        law = after
    return law


def softmax_cross_entropy(logit: np.ndarray, label: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean loss and its gradient for logits (n_classes, n_samples)."""
    shifted = logit.astype(float) - logit.max(axis=0)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=0)
    loss = -np.log(p[label, np.arange(label.size)]).mean()
    p[label, np.arange(label.size)] -= 1
    return float(loss), p / label.size


def splitmix64(key: int, index: int) -> int:
    """Return output `index` of SplitMix64 started at `key`, in whole numbers of any size."""
    mask = (1 << 64) - 1
    z = (key + (index + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def paths(
    layers: list[tuple[int, int]], live: list[set[tuple[int, int]]], inputs: list[bool]
) -> tuple[list[set[int]], list[set[int]]]:
    """Return, for each projection of a chain, the rows that an input reaches and the posts that reach an output."""
    rows = [{i for i, on in enumerate(inputs) if on}]
    for pairs in live[:-1]:
        rows.append({j for i, j in pairs if i in rows[-1]})
    posts = [set(range(layers[-1][1]))]
    for pairs in reversed(live[1:]):
        posts.insert(0, {i for i, j in pairs if j in posts[0]})
    return rows, posts
