"""What training asks of a rewiring rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, Self

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.rewire import ANEW
from neurosparse.rewire.prior import Prior
from neurosparse.store.store import SynapseStore

#: For each projection its input x (n_pre, batch) and the gradient dy of its sums (n_post, batch), both float32.
Signals = Sequence[tuple[np.ndarray, np.ndarray]]


class Terms(NamedTuple):
    """What a rule adds to a step of the optimiser.

    Attributes
    ----------
    shrink : float
        What every connection's size loses.
    noise : float
        The standard deviation of the noise.
    dies : bool
        Whether a connection that would cross zero dies; otherwise it goes on with the other sign.
    keeps_signs : bool
        Whether a connection that would cross zero, and does not die, stays at zero instead.
    """

    shrink: float = 0.0
    noise: float = 0.0
    dies: bool = True
    keeps_signs: bool = False


@dataclass(frozen=True)
class Options:
    """What a rule may be told; the names are those of the settings of a run, which say what each means.

    Attributes
    ----------
    steps, steps_per_epoch : int
        Of the whole run, and of an epoch.
    rate : float
        The learning rate of the first step.
    alpha : float
    alpha_schedule : str
    tau : float
    births, newborn : str
    signs : int
        ANEW, FIXED or DALE of `neurosparse.kernels.rewire`.
    rewire_until : float
    audition_steps : int
    candidates, head_start : float
    drop_fraction : float
    rewire_every : int or None
        Steps; an epoch where nothing is said.
    final_connectivity : float or None
    theta_min : float or None
    preconditioner : tuple of float
        One a projection; or none, for 1.
    """

    steps: int
    steps_per_epoch: int
    rate: float = 0.3
    alpha: float = 0.0
    alpha_schedule: str = "constant"
    tau: float = 0.0
    births: str = "anywhere"
    newborn: str = "zero"
    signs: int = ANEW
    rewire_until: float = 1.0
    audition_steps: int = 50
    candidates: float = 0.5
    head_start: float = 0.1
    drop_fraction: float = 0.3
    rewire_every: int | None = None
    final_connectivity: float | None = None
    theta_min: float | None = None
    preconditioner: tuple[float, ...] = ()

    @property
    def prior(self) -> Prior:
        """Return the l1 prior."""
        return Prior(self.alpha, self.alpha_schedule, self.steps)

    @property
    def last(self) -> int:
        """Return the step with which rewiring ends: the last to rewire or, of rules with rounds, the first not to."""
        return round(self.rewire_until * self.steps)

    @property
    def every(self) -> int:
        """Return the steps from one rewiring to the next, for rules that do not rewire in every step."""
        return self.rewire_every or self.steps_per_epoch

    def rounds(self, rule: str) -> tuple[int, int]:
        """Return `every` and `last` of a rule that rewires in rounds.

        Raises
        ------
        BadInput
            The run is over before the first.
        """
        if self.every >= self.last:
            end = f"step {self.last:,} of {self.steps:,}"
            raise BadInput(
                f"the rule {rule} would never rewire: its first round comes too late",
                numbers={"first round": f"step {self.every:,}", "rewiring ends": end},
                help=f"--rewire-every {max(1, self.last // 10)}, or more --epochs, or a larger --rewire-until",
            )
        return self.every, self.last


class Rule(Protocol):
    """A rule says what it adds to a step of the optimiser, and rewires its store after it.

    Attributes
    ----------
    keeps_budget : bool
        Whether every step ends with exactly the budget; otherwise it ends with no more than it.
    uses : frozenset of str
        The settings of a run that mean something to the rule, of those that are for rules.
    defaults : mapping of str to object
        What settings are with this rule where nobody names them; the others are as ever.
    """

    keeps_budget: ClassVar[bool]
    uses: ClassVar[frozenset[str]]
    defaults: ClassVar[Mapping[str, object]]

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> Self:
        """Return the rule of a run that starts, or goes on from a checkpoint.

        Parameters
        ----------
        store : SynapseStore
            Allocated, but not filled yet.
        inputs : ndarray of bool, shape (n_inputs,)
            Whether each input is ever on in the training data.
        options : Options

        Raises
        ------
        BadInput
            The rule makes no sense with this store or these options.
        """
        ...

    def begin(self, seed: int) -> None:
        """Put the connections of a store that was just filled where the rule wants them, before they have weights.

        They stay where they are unless told.
        """

    def terms(self, rate: float, step: int) -> Terms:
        """Return what the rule adds to `step`, which has the learning rate `rate`."""
        ...

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Close the gaps of the dead, let the newborn in, and return how many were born.

        Parameters
        ----------
        signals : sequence of tuple of ndarray
            Inputs and gradients of the step, one pair a projection.
        rate : float
            The learning rate of the step.
        seed, step : int
            Name the random numbers of the step.
        """
        ...

    def state(self) -> Mapping[str, np.ndarray]:
        """Return the arrays that the next step depends on beside the store's, not copies; none unless told."""
        return {}
