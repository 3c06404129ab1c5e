"""How fast neurons should fire and how long a sample should be shown: chosen by emulation, never on test data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurosparse.export.emulate import present
from neurosparse.export.spiking import convert
from neurosparse.nn.trained import TrainedNetwork

RATES = (1.0, 0.5, 0.25, 0.125)
"""Spikes a step at full activation. Fast firing loses charge at the hard reset, slow firing loses resolution."""

STEPS = (96, 128, 192, 256)
"""Durations to try. Shorter ones pass by luck: measured on digits, they lose 2 to 3 % of unseen samples."""

ALLOWED_LOSS = 0.001
"""Fraction of the samples on which the spiking network may decide differently from the trained one."""


@dataclass(frozen=True)
class Choice:
    """A firing rate and a duration, and how well the emulated network did with them.

    Attributes
    ----------
    rate : float
        Spikes a step at full activation.
    steps : int
        Time steps a sample is shown for.
    agreement : float
        Fraction of the samples on which the emulated and the trained network decide alike.
    """

    rate: float
    steps: int
    agreement: float


def choose(
    network: TrainedNetwork,
    scales: Sequence[float],
    x: np.ndarray,
    *,
    steps: int | None = None,
    allowed_loss: float = ALLOWED_LOSS,
) -> Choice:
    """Return the shortest duration whose decisions differ on no more than the allowed fraction of the samples.

    Of several rates that reach it in the same time the most agreeing wins. Where no pair of the grid reaches it, the
    most agreeing pair is returned, the shorter of equals.

    Parameters
    ----------
    scales : sequence of float
        From `neurosparse.export.spiking.activation_scales`.
    x : ndarray of float32, shape (n_samples, n_inputs)
        Inputs in [0, 1] that are not test data.
    steps : int, optional
        Choose the rate alone, for this duration.
    """
    decision = np.argmax(network.activations(x)[-1], axis=1)
    grid = STEPS if steps is None else (steps,)
    tried = []
    longest = grid[-1]
    for rate in RATES:
        for step, potential in enumerate(present(convert(network, scales, rate), x), start=1):
            if step in grid:
                tried.append(Choice(rate, step, float(np.mean(np.argmax(potential, axis=0) == decision))))
                if tried[-1].agreement >= 1.0 - allowed_loss:
                    longest = step
            if step == longest:
                break
    good = [choice for choice in tried if choice.agreement >= 1.0 - allowed_loss]
    if good:
        return min(good, key=lambda choice: (choice.steps, -choice.agreement))
    return min(tried, key=lambda choice: (-choice.agreement, choice.steps))
