"""Soft DEEP R, Algorithm 2 of Bellec, Kappel, Maass, Legenstein: "Deep Rewiring", ICLR 2018 (arXiv:1711.05136)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.deep import DROPPED, KEPT_DEEP, MOST_LAYERS, REFUSED
from neurosparse.kernels.dormant import let_walk
from neurosparse.kernels.rewire import ANEW
from neurosparse.rewire.deepr import temperature_for
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.store.store import SynapseStore

#: The share of the budget that would be active on average, were the loss flat, where nobody names a theta_min:
#: gradients hold up several times as many.
SHARE = 0.2


class SoftDeepR(Rule):
    """Every candidate has a theta of its own: dormant ones walk below zero and live when they come back to it.

    An active theta takes the step of Algorithm 1; a dormant one takes ``theta <- max(theta + sqrt(2 eta T) nu,
    theta_min)``. No number of connections is kept; the budget, the cores and the limits are a ceiling: a birth that
    they have no room for is refused and the connection stays where it was, which restricts the stationary law to what
    is feasible and changes nothing else in it.

    Memory is that of the live and of a table. Dormant connections are alike and their stationary law is flat, so that
    what is not looked at may be drawn anew at will. Only the *shallow*, from `edge` to zero, are kept as pair, sign and
    theta. Who sinks below `edge` is *deep* and loses its name: of the deep is known how many of each projection are in
    each of at most 64 layers of equal height, at least 4 sigma where the run begins, with sigma = sqrt(2 eta T). In a
    step, theta is uniform in a layer; those that come up are binomial in number, uniform over the pairs that are
    neither live nor shallow, and land above `edge` at a height of density proportional to Q(height / sigma), Q the tail
    of the normal distribution; and layers exchange connections as the walk diffuses. That is Algorithm 2 after names
    of all the deep and theta inside a layer were drawn from their law given everything else, a Gibbs step: the
    stationary law is that of Algorithm 2, whatever the size of the table. With room for every pair the rule is
    Algorithm 2 to the letter, but for one thing: a connection that dies does not move a second time in that step.

    What is neglected, and how much it was in measurements:

    - The clamp at theta_min makes the law uneven near it. Its mass is met (as if the wall stood 0.583 sigma lower, as
      in Algorithm 2), its shape is not. In a toy with a known posterior (theta_min = -20 sigma) the mean number of
      active connections was within 0.7 % of that of Algorithm 2, both 2 % below the posterior's in continuous time.
    - Out of equilibrium, depth is known to a layer only: counts on the way from all dormant to equilibrium were 1.5 %
      above those of Algorithm 2 (theta_min = -40 sigma, 9 layers; 25 % with one layer).
    - Names are forgotten below `edge`: those that come up are others than those that sank. In equilibrium that changes
      no law, but where gradients throw the dead far below `edge` (SGD at a low temperature), newcomers are tried where
      Algorithm 2 would bring the same losers back. MNIST had 10, 13 and 19 % more active connections at `memory` 3, 1
      and 0.3 than with room for every pair, and a higher accuracy.
    - Where the table is full the deepest in it become deep, and of the deep that come up some stay. Both are counted.

    Parameters
    ----------
    store : SynapseStore
    alpha : float
        Strength of the l1 prior on active connections.
    temperature : float
        T of the paper, above 0: without noise nothing that died would come back.
    theta_min : float
        The wall, below 0 (see `theta_min_for`).
    signs : int
        Where the sign of one that comes up comes from (see `neurosparse.kernels.rewire.sign_of`); the shallow keep
        theirs.
    memory : float
        Places of the table (12 bytes each), as a multiple of the store's slots; `edge` is where about half of them are
        taken in equilibrium, theta_min * places / (2 * pairs), or theta_min where they suffice for every pair.

    Attributes
    ----------
    edge : float
        From theta_min to 0.

    Raises
    ------
    BadInput
        A value is out of its range.
    """

    keeps_budget = False
    uses = frozenset({"alpha", "tau", "signs", "scope", "theta_min"})
    defaults: ClassVar[Mapping[str, object]] = {}

    def __init__(
        self,
        store: SynapseStore,
        alpha: float,
        temperature: float,
        theta_min: float,
        *,
        signs: int = ANEW,
        memory: float = 1.0,
    ) -> None:
        if not (math.isfinite(alpha) and alpha >= 0):
            raise BadInput(f"alpha must be at least 0, not {alpha}")
        if not (math.isfinite(temperature) and temperature > 0):
            raise BadInput(f"the temperature must be above 0, not {temperature}: without noise nothing is born")
        if not (math.isfinite(theta_min) and theta_min < 0):
            raise BadInput(f"theta_min must be below 0, not {theta_min}")
        if not memory > 0:
            raise BadInput(f"the table of the shallow needs some memory, not {memory} times the slots")
        store.mortal[:] = True  # who dies here need not be born elsewhere
        self.alpha, self.temperature, self.theta_min = float(alpha), float(temperature), float(theta_min)
        self._store, self._signs = store, signs
        pairs = sum(p.n_pre * p.n_post for p in store.layout.projections)
        places = min(max(1, round(memory * store.layout.n_slots)), pairs)
        self.edge = self.theta_min if places == pairs else self.theta_min * places / (2 * pairs)
        layers = np.zeros((len(store.projections), MOST_LAYERS), np.int64)
        self._table = np.zeros(places, np.int64), np.zeros(places, np.float32), layers, np.zeros(5, np.int64)
        self._before = np.zeros_like(store.row_start)
        self._groups = store.layout.groups()

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> SoftDeepR:
        """Return the rule that `options` ask for."""
        temperature = temperature_for(options.tau, options.rate, options.alpha)
        if temperature == 0:
            raise BadInput(
                "soft_deepr needs noise: without it nothing that died would come back",
                numbers={"alpha": f"{options.alpha:g}", "tau": f"{options.tau:g}"},
                help="give --alpha and --tau above 0",
            )
        wall = options.theta_min
        if wall is None:
            pairs = sum(p.n_pre * p.n_post for p in store.layout.projections)
            wall = theta_min_for(SHARE * store.layout.n_slots / pairs, options.alpha, temperature)
        return cls(store, options.alpha, temperature, wall, signs=options.signs)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha`` and ``sqrt(2 * eta * T)``, and note the rows, by which the dead will be known."""
        self._before[:] = self._store.row_start
        return Terms(rate * self.alpha, self._noise(rate))

    def _noise(self, rate: float) -> float:
        """Return sigma."""
        return math.sqrt(2.0 * rate * self.temperature)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Let the dormant walk and return how many were born."""
        store = self._store
        let_walk(
            store.slots, (self._before, store.segment_row, store.segment_end), (store.live, store.died, store.capacity),
            (store.blocks, store.limits, self._groups), self._table, (self._noise(rate), self.theta_min, self.edge),
            (seed, step, self._signs), store.born,
        )  # fmt: skip
        if store.parts > 1:
            store.balance()
        return int(store.born.sum())

    def state(self) -> dict[str, np.ndarray]:
        """Return the table of the shallow, the layers of the deep, and what is counted."""
        return dict(zip(("shallow", "shallow_theta", "deep", "dormant_tally"), self._table, strict=True))

    @property
    def tally(self) -> dict[str, int]:
        """Return how often a full table dropped a shallow one or kept a deep one, and how many births were refused."""
        tally = self._table[3]
        return {"dropped": int(tally[DROPPED]), "kept deep": int(tally[KEPT_DEEP]), "refused": int(tally[REFUSED])}


def theta_min_for(density: float, alpha: float, temperature: float) -> float:
    """Return the theta_min at which a share `density` of all candidates is active on average, where the loss is flat.

    The stationary law of a theta is then proportional to ``exp(-alpha theta / T)`` above zero and flat below: a mass of
    T / alpha there and of -theta_min here. Gradients make the dead and the living fewer or more than that.

    Raises
    ------
    BadInput
        `density` is not between 0 and 1, or there is no prior to hold it against.
    """
    if not (0 < density < 1 and alpha > 0 and temperature > 0):
        raise BadInput(
            "a wall for a density needs a density between 0 and 1 and alpha and temperature above 0",
            numbers={"density": f"{density}", "alpha": f"{alpha}", "temperature": f"{temperature}"},
        )
    return -(temperature / alpha) * (1.0 / density - 1.0)
