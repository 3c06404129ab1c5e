"""The l1 prior: what it takes from every connection in a step."""

from __future__ import annotations

from typing import NamedTuple

from neurosparse.rewire.schedule import part_left


class Prior(NamedTuple):
    """An l1 prior whose strength may fall over a run.

    Attributes
    ----------
    alpha : float
        Strength at the first step; 0 for none.
    schedule : str
        How it falls (see `neurosparse.rewire.schedule.part_left`).
    steps : int
        Of the whole run.
    """

    alpha: float = 0.0
    schedule: str = "constant"
    steps: int = 1

    def shrink(self, rate: float, step: int) -> float:
        """Return ``eta * alpha``: what every connection's size loses in `step`, which has the learning rate `rate`."""
        return rate * self.alpha * part_left(self.schedule, step, self.steps)


NO_PRIOR = Prior()
