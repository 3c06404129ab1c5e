"""How fast neurons should fire and how long a sample should be shown: chosen by emulation, never on test data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.cell import Cell
from neurosparse.spiking.coding import REGULAR, Coding
from neurosparse.spiking.convert import convert
from neurosparse.spiking.emulate import present

ALLOWED_LOSS = 0.001
"""Fraction of the samples on which the spiking network may decide differently from the trained one."""


@dataclass(frozen=True)
class Candidates:
    """What may be chosen for a kind of target.

    Attributes
    ----------
    cells : tuple of Cell
    rates : tuple of float
        Spikes a step at full activation.
    steps : tuple of int
        Durations, ascending.
    """

    cells: tuple[Cell, ...]
    rates: tuple[float, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """A cell, a firing rate and a duration, and how well the emulated network did with them.

    Attributes
    ----------
    cell : Cell
    rate : float
        Spikes a step at full activation.
    steps : int
        Time steps a sample is shown for.
    agreement : float
        Fraction of the samples on which the emulated and the trained network decide alike.
    """

    cell: Cell
    rate: float
    steps: int
    agreement: float


def choose(
    network: TrainedNetwork,
    kept: TrainedNetwork,
    scales: Sequence[float],
    x: np.ndarray,
    candidates: Candidates,
    *,
    coding: Coding = REGULAR,
    steps: int | None = None,
    allowed_loss: float = ALLOWED_LOSS,
) -> Choice:
    """Return the shortest duration whose decisions differ on no more than the allowed fraction of the samples.

    Of several cells and rates that reach it in the same time the most agreeing wins. Where none of the candidates
    reaches it, the most agreeing one is returned, the shorter of equals.

    Parameters
    ----------
    network : TrainedNetwork
        Whose decisions count.
    kept : TrainedNetwork
        The same with weights as the target keeps them.
    scales : sequence of float
        From `neurosparse.spiking.convert.activation_scales`.
    x : ndarray of float32, shape (n_samples, n_inputs)
        Inputs in [0, 1] that are not test data.
    steps : int, optional
        Choose cell and rate alone, for this duration.
    """
    decision = np.argmax(network.activations(x)[-1], axis=1)
    grid = candidates.steps if steps is None else (steps,)
    tried = []
    longest = grid[-1]
    for cell, rate in itertools.product(candidates.cells, candidates.rates):
        spiking = convert(kept, scales, rate, cell, coding)
        for step, potential in enumerate(present(spiking, x), start=1):
            if step in grid:
                tried.append(Choice(cell, rate, step, float(np.mean(np.argmax(potential, axis=0) == decision))))
                if tried[-1].agreement >= 1.0 - allowed_loss:
                    longest = step
            if step == longest:
                break
    good = [choice for choice in tried if choice.agreement >= 1.0 - allowed_loss]
    if good:
        return min(good, key=lambda choice: (choice.steps, -choice.agreement))
    return min(tried, key=lambda choice: (-choice.agreement, choice.steps))
