"""What training tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Progress:
    """A sign of life inside an epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    step, steps : int
        Steps taken in the whole run, and how many it has.
    loss : float
        Mean over the steps of the epoch so far.
    rewired : int
        Connections replaced in the epoch so far.
    live, budget : int
        Connections now, and how many there may be.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    rewired: int
    live: int
    budget: int


@dataclass(frozen=True)
class ProjectionEnd:
    """What an epoch did to one projection.

    Attributes
    ----------
    live : int
        Connections after the epoch.
    rewired : int
        Connections born in the epoch.
    effective : int
        Connections after the epoch that lie on a path from an input to an output.
    """

    live: int
    rewired: int
    effective: int


@dataclass(frozen=True)
class EpochEnd:
    """An epoch is over: one row of the history.

    Attributes
    ----------
    epoch, step : int
        From 1; steps taken in the whole run.
    rate : float
        Learning rate of the last step.
    loss, accuracy : float
        Means over the steps of the epoch, measured before each step on its own batch.
    validation_loss, validation_accuracy : float
        After the epoch, on the validation split.
    rewired : int
        Connections replaced in the epoch.
    live, budget : int
    steps_over_budget : int
        Steps of the whole run after which more connections were live than allowed, in all or on one core.
    projections : tuple of ProjectionEnd
        None for epochs of runs from before they were counted.
    """

    epoch: int
    step: int
    rate: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    rewired: int
    live: int
    budget: int
    steps_over_budget: int
    projections: tuple[ProjectionEnd, ...] = ()

    def row(self) -> dict[str, int | float]:
        """Return the numbers of the whole network by name: a row of the history."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "projections"}


@dataclass(frozen=True)
class Stopped:
    """Training was asked to stop and did, after a whole step.

    Attributes
    ----------
    epoch, step : int
    """

    epoch: int
    step: int


Event = Progress | EpochEnd | Stopped
