"""Stochastic gradient descent: the learning rate of every step, and momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurosparse.errors import BadInput
from neurosparse.rewire.schedule import SCHEDULES, part_left


@dataclass(frozen=True)
class Sgd:
    """SGD with a schedule for the learning rate eta.

    Attributes
    ----------
    rate : float
        The learning rate at the first step, above 0.
    schedule : str
        How it falls (see `neurosparse.rewire.schedule.part_left`).
    momentum : float
        The part of the velocity that is kept, in [0, 1); 0 keeps no velocity.

    Raises
    ------
    BadInput
        A value is out of its range or the schedule is unknown.
    """

    rate: float
    schedule: str = "cosine"
    momentum: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise BadInput(f"the learning rate must be above 0, not {self.rate}")
        if not 0 <= self.momentum < 1:
            raise BadInput(f"the momentum must lie in [0, 1), not {self.momentum}")
        if self.schedule not in SCHEDULES:
            raise BadInput(f"there is no schedule {self.schedule!r}", help=f"known: {', '.join(SCHEDULES)}")

    def rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of `step` (from 1) of a run of `steps`."""
        return self.rate * part_left(self.schedule, step, steps)
