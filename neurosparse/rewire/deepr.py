"""DEEP R, Algorithm 1 of Bellec, Kappel, Maass, Legenstein: "Deep Rewiring", ICLR 2018 (arXiv:1711.05136)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.rewire import ANEW
from neurosparse.rewire.auditions import Auditions
from neurosparse.rewire.paths import Paths
from neurosparse.rewire.rule import Options, Signals, Terms
from neurosparse.rewire.schedule import part_left
from neurosparse.store.births import NO_ENDS, NO_QUEUE, Births
from neurosparse.store.store import SynapseStore

#: Rounds of release and birth before the first step, at most.
_ROUNDS = 20


class DeepR:
    """Connections whose size falls below zero die; as many are born, uniformly over the feasible dormant ones.

    Parameters
    ----------
    store : SynapseStore
    alpha : float
        Strength of the l1 prior: ``eta * alpha`` is taken from every connection's size in a step.
    temperature : float
        T of the paper: the noise has standard deviation ``sqrt(2 * eta * T)``; at 0 the rule looks for the maximum
        of the posterior instead of sampling from it.
    signs : int
        Where the signs of newborn come from (see `neurosparse.kernels.rewire.sign_of`).
    passes_on : bool
        Whether a newborn begins with the overshoot of one that died. In the limit of small steps the algorithm is a
        Walsh diffusion on the star of candidate connections. At a finite step eta this brings the error of the mean
        sizes from the order of sqrt(eta) to that of eta; the law over architectures stays off by the order of
        sqrt(eta), as the step that crosses zero felt the drift of the one that died and none of the newborn's.
    paths : Paths, optional
        Births keep to live paths, and in a projection of which every pair is to be connected weights change their sign
        instead of dying.
    auditions : Auditions, optional
        Births are informed by the gradient.
    schedule : str
        How alpha falls over the `steps` of the run, and with it the temperature, so that noise and shrinkage keep their
        ratio (see `neurosparse.rewire.schedule.part_left`).
    last : int, optional
        The last step that rewires; after it the likelihood alone is descended: no prior, no noise, no connection dies
        or is born, and weights may change their sign.

    Raises
    ------
    BadInput
        `alpha` or `temperature` is negative or not finite.
    """

    keeps_budget = True
    uses = frozenset(
        {
            "scope", "alpha", "alpha_schedule", "tau", "births", "newborn", "signs", "rewire_until", "audition_steps",
            "candidates", "head_start", "preconditioner",
        }
    )  # fmt: skip
    defaults: ClassVar[Mapping[str, object]] = {}

    def __init__(
        self,
        store: SynapseStore,
        alpha: float,
        temperature: float,
        *,
        signs: int = ANEW,
        passes_on: bool = False,
        paths: Paths | None = None,
        auditions: Auditions | None = None,
        schedule: str = "constant",
        steps: int = 1,
        last: int | None = None,
    ) -> None:
        for name, value in (("alpha", alpha), ("temperature", temperature)):
            if not (math.isfinite(value) and value >= 0):
                raise BadInput(f"{name} must be at least 0, not {value}")
        self.alpha, self.temperature = alpha, temperature
        self._store, self._paths, self._auditions, self._last = store, paths, auditions, last
        self._schedule, self._steps = schedule, steps
        self._keeps_signs = signs != ANEW
        if paths is None:
            store.mortal[:] = True  # Algorithm 1 to the letter: who dies is born again, be it at the only place left
        self._births = Births(signs, passes_on, paths.ends if paths else NO_ENDS)

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> DeepR:
        """Return the rule that `options` ask for."""
        paths = Paths(store, inputs) if options.births != "anywhere" else None
        auditions = None
        if paths is not None and options.births == "auditioned":
            auditions = Auditions(
                store, paths, options.signs, options.audition_steps, options.candidates, options.head_start,
                options.preconditioner or [1.0] * len(store.projections),
            )  # fmt: skip
        return cls(
            store,
            options.alpha,
            temperature_for(options.tau, options.rate, options.alpha),
            signs=options.signs,
            passes_on=options.newborn == "overshoot",
            paths=paths,
            auditions=auditions,
            schedule=options.alpha_schedule,
            steps=options.steps,
            last=options.last,
        )

    def begin(self, seed: int) -> None:
        """Move connections onto live paths, where births keep to them; otherwise leave them where they are."""
        if self._paths is None:
            return
        births = self._births._replace(releases=True)
        for round_ in range(_ROUNDS):
            # What is released makes room, and the newborn may open paths: both come to rest after a few rounds.
            if self._store.replace_dead(~seed, -round_, births) == 0:
                break

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha`` and ``sqrt(2 * eta * T)``."""
        if not self._rewires(step):
            return Terms(dies=False, keeps_signs=self._keeps_signs)
        left = part_left(self._schedule, step, self._steps)
        return Terms(rate * self.alpha * left, math.sqrt(2.0 * rate * self.temperature) * left, True, self._keeps_signs)

    def _rewires(self, step: int) -> bool:
        """Return whether connections die and are born in `step`."""
        return self._last is None or step <= self._last

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Replace the dead of this step and return how many there were; the budget is met exactly."""
        if not self._rewires(step):
            self._store.settle_signs()
            return 0
        if self._auditions is not None:
            self._auditions.hear(signals, seed, step)
        births = self._births._replace(
            releases=self._paths is not None and self._paths.is_due(step),
            queue=self._auditions.queue(rate) if self._auditions is not None else NO_QUEUE,
        )
        born = self._store.replace_dead(seed, step, births)
        if self._auditions is not None:
            self._auditions.renew(seed, step)
        return born

    def state(self) -> dict[str, np.ndarray]:
        """Return what births depend on beside the store."""
        state: dict[str, np.ndarray] = {}
        for part in (self._paths, self._auditions):
            state |= part.state() if part is not None else {}
        return state


def temperature_for(tau: float, rate: float, alpha: float) -> float:
    """Return the temperature T at which the noise of a step is `tau` times its l1 shrinkage.

    tau = sqrt(2 eta T) / (eta alpha), so T = eta (tau alpha)^2 / 2: a number that one can read without knowing the
    scale of the loss.
    """
    return rate * (tau * alpha) ** 2 / 2.0
