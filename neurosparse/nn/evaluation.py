"""What a network makes of a whole split of a data set."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from neurosparse.nn.activations import NOTHING
from neurosparse.nn.losses import SoftmaxCrossEntropy


class Evaluated(Protocol):
    """A network that reads samples and says how probable each class is."""

    loss: SoftmaxCrossEntropy

    def read(self, samples: np.ndarray, order: np.ndarray, scale: float, lengths: np.ndarray | None = None) -> None:
        """Put ``samples[order] * scale`` into the input."""
        ...

    def forward(self) -> np.ndarray:
        """Return the sums of the last layer for the input that was read."""
        ...


def evaluate(
    network: Evaluated, batch: int, samples: np.ndarray, label: np.ndarray, scale: float, lengths: np.ndarray | None
) -> tuple[float, float]:
    """Return mean loss and accuracy (a fraction) over `samples`, shape (n_samples, n_inputs), so many at a time."""
    loss = right = 0.0
    for begin in range(0, len(label), batch):
        part = np.arange(begin, min(begin + batch, len(label)))
        network.read(samples, part, scale, lengths)
        mean, count = network.loss(network.forward(), label[part], NOTHING)
        loss, right = loss + mean * part.size, right + count
    return loss / len(label), right / len(label)
