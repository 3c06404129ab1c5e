"""Toy posteriors that can be counted out, and a loop that runs the kernels of the rule deepr on them millions of steps.

The state is an architecture, K connections (pre, post, sign) of which no two share a pair, with a theta >= 0 for each.
Exact answers are quadrature over the positive orthant, in plain numpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, product

import naive
import numba
import numpy as np

from neurosparse.kernels.products import forward
from neurosparse.kernels.replace import replace_dead
from neurosparse.kernels.rewire import ANEW, FIXED, close_gaps, coded, grow, sign_of
from neurosparse.kernels.rng import BIRTH, below, mask_for, stream
from neurosparse.kernels.update import descend
from neurosparse.store.births import NO_ENDS, NO_QUEUE
from neurosparse.store.layout import Layout, ProjectionLayout
from neurosparse.store.store import SynapseStore

BATCH = 16
FLAT, SQUARES, SOFTMAX = range(3)
ALGORITHM_1, BY_ROW = range(2)


@dataclass(frozen=True)
class Toy:
    """One projection, a fixed batch and a prior.

    Attributes
    ----------
    layout : ProjectionLayout
    alpha, temperature : float
    loss : int
        FLAT: E = 0. SQUARES: half the squared error, summed over post neurons. SOFTMAX: the cross-entropy. Both are
        means over the batch.
    x, goal : ndarray of float32, shape (n_pre, BATCH) and (n_post, BATCH)
        `goal` is one-hot for SOFTMAX.
    signs : int
        ANEW: each birth draws its sign. FIXED: each pair has one.
    """

    layout: ProjectionLayout
    alpha: float
    temperature: float
    loss: int = FLAT
    x: np.ndarray | None = None
    goal: np.ndarray | None = None
    signs: int = ANEW

    @property
    def shape(self):
        return self.layout.n_pre, self.layout.n_post


def toy(shape, connections, loss, data, *, alpha, temperature, width=None, capacity=None, signs=ANEW, **limits):
    """Return a toy with normal inputs of scale 1, and goals that a few of the pairs explain."""
    n_pre, n_post = shape
    width = width or n_post
    capacity = capacity or (n_pre * width,) * -(-n_post // width)
    generator = np.random.default_rng(data)
    x = generator.normal(size=(n_pre, BATCH))
    sums = generator.normal(size=(n_post, n_pre)) @ x / math.sqrt(n_pre)
    goal = sums + 0.3 * generator.normal(size=sums.shape)
    if loss == SOFTMAX:
        goal = goal == goal.max(axis=0)
    layout = ProjectionLayout("toy", n_pre, n_post, connections, width, capacity, **limits)
    return Toy(layout, alpha, temperature, loss, x.astype(np.float32), goal.astype(np.float32), signs)


def code_of(toy, architecture):
    """Return the number under which the loop books an architecture: a digit to base 3 for each pair."""
    return sum((2 if sign < 0 else 1) * 3 ** (i * toy.shape[1] + j) for i, j, sign in architecture)


def architectures(toy, seed=0):
    """Return all feasible architectures, each a sorted tuple of (pre, post, sign), by trying every one."""
    n_pre, n_post = toy.shape
    layout = toy.layout
    pairs = list(product(range(n_pre), range(n_post)))
    found = []
    for chosen in combinations(pairs, layout.budget):
        for signs in product((-1, 1), repeat=layout.budget):
            candidate = tuple((i, j, sign) for (i, j), sign in zip(chosen, signs, strict=True))
            if toy.signs == FIXED and any(sign != _fixed(seed, i, j) for i, j, sign in candidate):
                continue
            # Each connection must be allowed beside the others.
            if all(
                place
                in naive.feasible_signed(
                    toy.shape,
                    set(candidate) - {place},
                    layout.width,
                    list(layout.capacity),
                    layout.max_row_length,
                    layout.max_fan_in,
                )
                for place in candidate
            ):
                found.append(candidate)
    return found


def law_of_moves(toy, found, deaths, seed=0):
    """Return the probability of each move in a step in which so many connections die, any as likely: (n, n).

    The newborn are drawn one at a time when all the dead are gone.
    """
    number = {frozenset(architecture): n for n, architecture in enumerate(found)}
    matrix = np.zeros((len(found), len(found)))
    known = {}
    for n, architecture in enumerate(found):
        for dead in combinations(architecture, deaths):
            rest = frozenset(architecture) - set(dead)
            if rest not in known:
                known[rest] = _law_of_births(toy, rest, deaths, seed)
            for born, probability in known[rest].items():
                matrix[n, number[rest | born]] += probability / math.comb(toy.layout.budget, deaths)
    return matrix


def _law_of_births(toy, rest, births, seed):
    """Return the probability of each set of newborn (pre, post, sign) beside the rest."""
    layout = toy.layout
    if toy.signs == ANEW:
        limits = layout.width, list(layout.capacity), layout.max_row_length, layout.max_fan_in
        return naive.law_of_signed_births(toy.shape, rest, *limits, births)
    pairs = frozenset((i, j) for i, j, _ in rest)
    law = naive.law_of_births(toy.shape, pairs, layout.width, list(layout.capacity), births)
    return {frozenset((i, j, _fixed(seed, i, j)) for i, j in born): probability for born, probability in law.items()}


def stationary(matrix):
    """Return the stationary law of an irreducible chain."""
    n = len(matrix)
    system = np.vstack([matrix.T - np.eye(n), np.ones(n)])
    return np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]


def _fixed(seed, i, j):
    """Return the sign that a pair has for all time."""
    return 1 if sign_of((seed, 1, FIXED), i, j) else -1


def energy(toy, sums):
    """Return E for sums of the post neurons: (n_post, BATCH, n) -> (n,)."""
    if toy.loss == FLAT:
        return np.zeros(sums.shape[2])
    goal = toy.goal.astype(float)[:, :, None]
    if toy.loss == SQUARES:
        return 0.5 * ((sums - goal) ** 2).sum(axis=0).mean(axis=0)
    top = sums.max(axis=0)
    return (np.log(np.exp(sums - top).sum(axis=0)) + top - (sums * goal).sum(axis=0)).mean(axis=0)


def posterior(toy, found, reach, nodes):
    """Return the probability of each architecture and its mean thetas, (n,) and (n, K).

    The evidence of an architecture is the integral of ``exp(-(E + alpha |theta|) / T)`` over theta >= 0, here by
    Gauss's and Legendre's rule on [0, reach] along each axis.
    """
    node, weight = np.polynomial.legendre.leggauss(nodes)
    node, weight = (node + 1) * reach / 2, weight * reach / 2
    k = toy.layout.budget
    theta = np.stack([axis.ravel() for axis in np.meshgrid(*[node] * k, indexing="ij")])
    mass = np.prod([axis.ravel() for axis in np.meshgrid(*[weight] * k, indexing="ij")], axis=0)
    evidence, mean = np.empty(len(found)), np.empty((len(found), k))
    for n, architecture in enumerate(found):
        push = np.zeros((toy.shape[1], BATCH, k))
        for place, (i, j, sign) in enumerate(architecture):
            push[j, :, place] = sign * (toy.x[i].astype(float) if toy.loss != FLAT else 0.0)
        sums = (push.reshape(-1, k) @ theta).reshape(toy.shape[1], BATCH, -1)
        density = mass * np.exp(-(energy(toy, sums) + toy.alpha * theta.sum(axis=0)) / toy.temperature)
        evidence[n] = density.sum()
        mean[n] = theta @ density / evidence[n]
    return evidence / evidence.sum(), mean


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _gradient_of_sums(y, goal, loss):
    """Turn the sums of the post neurons into the gradient of E with respect to them, in place."""
    share = np.float32(1.0 / y.shape[1])
    if loss == FLAT:
        y[:] = 0.0
        return
    for b in range(y.shape[1]):
        if loss == SOFTMAX:
            mass = np.float32(0.0)
            for j in range(y.shape[0]):
                y[j, b] = math.exp(y[j, b])
                mass += y[j, b]
            for j in range(y.shape[0]):
                y[j, b] /= mass
        for j in range(y.shape[0]):
            y[j, b] = (y[j, b] - goal[j, b]) * share


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _replace_by_row(slots, gaps, cores, shape, key):
    """Do as `replace_dead`, with a wrong law: a row with a dormant pair first, all alike, then a pair of the row."""
    row_start, target = slots[0], slots[1]
    n_dead = close_gaps(slots, gaps[0], gaps[1], cores[0], cores[1]).size
    n_pre, n_post, index = row_start.size - 1, shape[0][0, 2], np.uint64(0)
    while n_dead > 0:
        row, index = below(key, index, n_pre, mask_for(n_pre))
        if row_start[row + 1] - row_start[row] == n_post:
            continue
        column, index = below(key, index, n_post, mask_for(n_post))
        while (target[row_start[row] : row_start[row + 1]] == column).any():
            column, index = below(key, index, n_post, mask_for(n_post))
        is_positive, index = below(key, index, 2, mask_for(2))
        cores[0][column // shape[0][0, 3]] += 1
        grow(slots, np.array([coded(row, column, is_positive)]), np.empty(0, np.float32))
        n_dead -= 1


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _code(slots, n_post, power):
    """Return the number of the architecture that stands in the store (see `code_of`)."""
    row_start, target, weight, _ = slots
    code = 0
    for i in range(row_start.size - 1):
        for slot in range(row_start[i], row_start[i + 1]):
            code += power[i * n_post + target[slot]] * (2 if math.copysign(1.0, weight[slot]) < 0.0 else 1)
    return code


@numba.njit(cache=True, error_model="numpy", nogil=True)
def _walk(slots, gaps, cores, shape, ends, queue, batch, law, manner, moment, steps, power, visits, totals, moves):
    """Take some steps of the rule; count visits and add up the sizes, and count moves by how many died.

    Parameters
    ----------
    slots, gaps, cores, shape, ends, queue
        As `replace_dead` takes them, for one projection in one part.
    batch : (x, goal, loss)
    law : (rate, shrink, noise, momentum)
        As `descend` takes it.
    manner : (passes_on, by_row, forgets), each bool
        Whether newborn begin with the overshoots of the dead; whether births follow a wrong law; whether every theta is
        set to zero before each step.
    moment : (seed, first step, signs)
    power : int64 (n_pairs,)
        Powers of three.
    visits : int64 (3 ** n_pairs,)
    totals : float64 (3 ** n_pairs, n_slots)
    moves : (number int64 (3 ** n_pairs,), count int64 (m, n, n))
        Number of each architecture; moves from one to another in steps in which 1, 2 ... m died.
    """
    x, goal, loss = batch
    row_start, target, weight, _ = slots
    n_pre, n_post = x.shape[0], goal.shape[0]
    seen = (weight, np.float32(np.inf), np.float32(0.0))
    nothing = np.empty((0, 0), np.float32)
    y, bias = np.empty((n_post, x.shape[1]), np.float32), np.zeros(n_post, np.float32)
    number, count = moves
    born = np.zeros(1, np.int64)
    code = _code(slots, n_post, power)
    for step in range(moment[1], moment[1] + steps):
        if manner[2]:
            for slot in range(weight.size):
                weight[slot] = math.copysign(np.float32(0.0), weight[slot])
        if loss != FLAT:
            forward(row_start, target, seen, bias, x, y, False, (0, n_post))
        _gradient_of_sums(y, goal, loss)
        gaps[1][0] = descend(
            slots, seen, x, nothing, y, law, (moment[0], step), (0, n_pre), cores[1][0], shape[0][0, 3]
        )
        dead = weight.size - gaps[1][0]
        if dead > 0:
            if manner[1]:
                _replace_by_row(slots, gaps, cores, shape, stream(moment[0], step, BIRTH))
            else:
                now = moment[0], np.int64(step), moment[2]
                replace_dead(slots, gaps, cores, born, shape, ends, queue, (manner[0], False), now)
            before, code = code, _code(slots, n_post, power)
            if dead <= count.shape[0]:
                count[dead - 1, number[before], number[code]] += 1
        visits[code] += 1
        for slot in range(weight.size):
            totals[code, slot] += abs(weight[slot])


@dataclass(frozen=True)
class Walk:
    """What a walk saw of each of some architectures.

    Attributes
    ----------
    share : ndarray of float64, shape (n,)
        Of the steps.
    mean : ndarray of float64, shape (n, K)
        Mean theta.
    moves : ndarray of int64, shape (m, n, n)
        From one to another, in steps in which 1, 2 ... m connections died.
    strange : int
        Steps in an architecture that is none of them.
    """

    share: np.ndarray
    mean: np.ndarray
    moves: np.ndarray
    strange: int


def walk(toy, found, rate, steps, seed, *, alpha=None, noise=None, passes_on=False, births=ALGORITHM_1, forgets=False,
         most=0):  # fmt: skip
    """Run the kernels from a random architecture with thetas of zero and return what the walk saw after the first 2 %.

    Parameters
    ----------
    toy, found
        `found` are its architectures.
    rate : float
        eta.
    steps, seed : int
    alpha, noise : float, optional
        In place of the toy's own, and of sqrt(2 eta T).
    passes_on, births, forgets
        See `_walk`.
    most : int
        Count moves in steps in which so many died or fewer.
    """
    n_pairs = toy.shape[0] * toy.shape[1]
    store = SynapseStore(Layout((toy.layout,)))
    store.fill(seed, toy.signs)
    shrink = rate * (toy.alpha if alpha is None else alpha)
    noise = math.sqrt(2 * rate * toy.temperature) if noise is None else noise
    law = tuple(np.float32(value) for value in (rate, shrink, noise, 0.0, -np.inf))
    codes = np.array([code_of(toy, architecture) for architecture in found])
    number = np.full(3**n_pairs, -1)
    number[codes] = np.arange(codes.size)
    power = 3 ** np.arange(n_pairs)
    visits, totals = np.zeros(3**n_pairs, np.int64), np.zeros((3**n_pairs, toy.layout.budget))
    moves = np.zeros((most, codes.size, codes.size), np.int64)
    x = np.zeros((toy.shape[0], BATCH), np.float32) if toy.x is None else toy.x
    goal = np.zeros((toy.shape[1], BATCH), np.float32) if toy.goal is None else toy.goal
    first = 1
    for part in (steps // 50, steps):
        for array in (visits, totals, moves):
            array[:] = 0
        _walk(
            store.slots, (store.segment_row, store.segment_end), (store.live, store.died, store.capacity),
            (store.blocks, store.limits, Layout((toy.layout,)).groups()), NO_ENDS, NO_QUEUE, (x, goal, toy.loss), law,
            (passes_on, births == BY_ROW, forgets), (seed, first, toy.signs), part, power, visits, totals,
            (number, moves),
        )  # fmt: skip
        first += part
    store.check()
    mean = totals[codes] / np.maximum(visits[codes], 1)[:, None]
    return Walk(visits[codes] / steps, mean, moves, steps - int(visits[codes].sum()))


def total_variation(p, q):
    """Return half the summed difference of two distributions."""
    return 0.5 * float(np.abs(p - q).sum())


def divergence(p, q):
    """Return the Kullback-Leibler divergence of p from q in nats."""
    there = p > 0
    return float((p[there] * np.log(p[there] / q[there])).sum())
