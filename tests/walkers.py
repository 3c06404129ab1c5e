"""A toy with an exact stationary law for soft DEEP R, the rule on many copies of it, and Algorithm 2 verbatim."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from neurosparse.kernels.update import descend
from neurosparse.rewire.soft_deepr import SoftDeepR
from neurosparse.store.layout import Layout, ProjectionLayout
from neurosparse.store.store import SynapseStore

#: Candidates of one copy: two rows by three columns. The two of a column answer for one target.
ROWS, COLUMNS = 2, 3


@dataclass(frozen=True)
class Toy:
    """E(w) = sum over columns of stiffness / 2 (w_1 + w_2 - target)^2, prior alpha, temperature 1, wall `theta_min`."""

    stiffness: float = 1.5
    target: tuple[float, ...] = (0.0, 1.0, -1.5)
    alpha: float = 1.0
    theta_min: float = -2.0

    def gradient(self, weight: np.ndarray) -> np.ndarray:
        """Return dE / dw of every candidate; `weight` is (ROWS, COLUMNS * copies)."""
        aims = np.tile(self.target, weight.shape[1] // COLUMNS)
        return np.tile(self.stiffness * (weight.sum(axis=0) - aims), (ROWS, 1))

    def evidence(self, signs_stay: bool = False) -> dict[tuple[int, ...], float]:
        """Return the exact probability of every architecture (1 where a candidate is active, row by row).

        Each column by itself: integrals over the active theta by quadrature, the dormant ones' are -theta_min each.
        Signs are drawn anew now and then, as likely one as the other, or stay what they were drawn as for all time.
        """
        theta, weight = np.polynomial.legendre.leggauss(200)
        theta, weight = 6.0 * (theta + 1.0), 6.0 * weight  # from 0 to 12
        prior = weight * np.exp(-self.alpha * theta)
        columns = []
        for aim in self.target:

            def likelihood(w, aim=aim):
                return np.exp(-0.5 * self.stiffness * (w - aim) ** 2)

            masses = []
            for s, r in product((-1, 1), repeat=2):
                wall = -self.theta_min
                upper, lower = (wall * np.sum(prior * likelihood(sign * theta)) for sign in (s, r))
                both = prior @ likelihood(s * theta[:, None] + r * theta[None]) @ prior
                masses.append(np.array([wall**2 * likelihood(0.0), upper, lower, both]))
                masses[-1] /= masses[-1].sum() if signs_stay else 1.0
            columns.append(dict(zip([(0, 0), (1, 0), (0, 1), (1, 1)], sum(masses), strict=True)))
        law = {}
        for parts in product(*columns):
            states = np.array(parts).T.ravel()
            law[tuple(int(s) for s in states)] = math.prod(c[part] for c, part in zip(columns, parts, strict=True))
        total = sum(law.values())
        return {architecture: value / total for architecture, value in law.items()}


class Copies:
    """The rule on many copies of a toy side by side, a copy a core: they share the deep and nothing else."""

    def __init__(self, toy, copies, rate, *, edge=None, capacity=ROWS * COLUMNS, max_fan_in=None, seed=1):
        self.toy, self.rate, self.seed, self.step = toy, rate, seed, 0
        size = COLUMNS * copies
        layout = ProjectionLayout(
            "toy", ROWS, size, capacity * copies if max_fan_in is None else max_fan_in * size, COLUMNS,
            (capacity,) * copies, None, max_fan_in,
        )  # fmt: skip
        self.store = SynapseStore(Layout((layout,)))
        self.rule = SoftDeepR(self.store, toy.alpha, 1.0, toy.theta_min, memory=ROWS * COLUMNS)
        if edge is not None:
            self.rule.edge = edge
        self._x = np.zeros((ROWS, 16), np.float32)
        self._x[range(ROWS), range(ROWS)] = 1.0
        self._dy = np.zeros((size, 16), np.float32)
        self._nothing = np.zeros((0, 0), np.float32)

    def weights(self):
        """Return the weights as a matrix, NaN where dormant."""
        store = self.store
        dense = np.full((ROWS, self._dy.shape[0]), np.nan)
        row = np.repeat(np.arange(ROWS), np.diff(store.row_start))
        dense[row, store.target[: store.n_live]] = store.weight[: store.n_live]
        return dense

    def advance(self):
        """Take one step; return how many were born."""
        self.step += 1
        store, p = self.store, self.store.projections[0]
        shrink, noise, *_ = self.rule.terms(self.rate, self.step)
        self._dy[:, :ROWS] = self.toy.gradient(np.nan_to_num(self.weights())).T
        law = tuple(np.float32(v) for v in (self.rate, shrink, noise, 0.0, -np.inf))
        seen = store.weight, np.float32(np.inf), np.float32(0.0)
        store.segment_end[0] = descend(
            p.slots, seen, self._x, self._nothing, self._dy, law, (self.seed, self.step), (0, ROWS), store.died[0],
            p.width,
        )  # fmt: skip
        return self.rule.rewire((), self.rate, self.seed, self.step)


class Verbatim:
    """Algorithm 2 with an array for every theta."""

    def __init__(self, toy, copies, rate, seed=1):
        self.toy, self.rate = toy, rate
        self._random = np.random.default_rng(seed)
        self.theta = self._random.uniform(toy.theta_min, 0.0, (ROWS, COLUMNS * copies))
        self.sign = self._random.choice([-1.0, 1.0], self.theta.shape)

    def weights(self):
        """Return the weights as a matrix, NaN where dormant."""
        return np.where(self.theta >= 0, self.sign * self.theta, np.nan)

    def advance(self):
        """Take one step; return how many came to life. A dormant sign means nothing and is drawn anew."""
        toy, active = self.toy, self.theta >= 0
        move = math.sqrt(2 * self.rate) * self._random.standard_normal(self.theta.shape)
        pull = self.sign * toy.gradient(np.nan_to_num(self.weights())) + toy.alpha
        dormant = np.maximum(self.theta + move, toy.theta_min)
        self.theta = np.where(active, self.theta - self.rate * pull + move, dormant)
        coin = self._random.choice([-1.0, 1.0], self.theta.shape)
        self.sign = np.where(active | (self.theta >= 0), self.sign, coin)
        return int(np.sum(~active & (self.theta >= 0)))


def architectures(chain, steps, every):
    """Return how often each architecture was seen among the copies, every so many steps."""
    power = 2 ** np.arange(ROWS * COLUMNS - 1, -1, -1)
    seen = np.zeros(2 ** (ROWS * COLUMNS), np.int64)
    for step in range(steps):
        chain.advance()
        if step % every == 0:
            live = ~np.isnan(chain.weights())
            states = live.reshape(ROWS, -1, COLUMNS).transpose(1, 0, 2).reshape(-1, ROWS * COLUMNS)
            seen += np.bincount(states @ power, minlength=seen.size)
    return {tuple((code >> np.arange(ROWS * COLUMNS - 1, -1, -1)) & 1): int(n) for code, n in enumerate(seen.tolist())}


def errors(seen, law):
    """Return the relative error of the mean count, and the mean over counts of the total variation given the count."""
    total = sum(seen.values())
    mean = sum(sum(a) * n for a, n in seen.items()) / total
    exact = sum(sum(a) * p for a, p in law.items())
    given = 0.0
    for count in range(ROWS * COLUMNS + 1):
        mine = {a: n for a, n in seen.items() if sum(a) == count}
        theirs = {a: law.get(a, 0.0) for a in mine}
        here, there = sum(mine.values()), sum(theirs.values())
        if here and there:
            variation = sum(abs(mine[a] / here - theirs[a] / there) for a in mine) / 2
            given += variation * here / total
    return mean / exact - 1.0, given
