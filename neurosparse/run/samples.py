"""Samples of the posterior: networks as the last epochs left them, and what they decide together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import softmax

from neurosparse.data.dataset import Dataset
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.run.folder import RunFolder
from neurosparse.settings import Settings

# Samples shown at a time, so that no layer's activations for a whole split are ever held.
_AT_A_TIME = 1000


class PosteriorSamples:
    """The networks at the ends of the last epochs of a run, in files of its folder.

    DEEP R visits network configurations as often as they are probable under the posterior (Bellec et al., ICLR 2018,
    theorem 1); the mean of what they predict is the estimate of the Bayesian prediction. While connections are
    rewired the samples differ in their connections too, and with a learning rate that falls to zero they hardly differ.

    Parameters
    ----------
    folder : Path
        Where they lie.
    count, epochs : int
        How many of the last of so many epochs are kept.
    """

    def __init__(self, folder: Path, count: int, epochs: int) -> None:
        self._folder = Path(folder)
        self._epochs = range(epochs - count + 1, epochs + 1)

    def keep(self, epoch: int, network: TrainedNetwork) -> None:
        """Write the network at the end of `epoch` (from 1) if it is one of the last; a resumed run writes the same."""
        if epoch in self._epochs:
            self._folder.mkdir(exist_ok=True)
            network.save(self._path(epoch))

    def averaged(self, data: Dataset) -> dict[str, float] | None:
        """Return ``samples``, their number, and the accuracies of their mean prediction; None where none is kept.

        The mean of the probabilities under the softmax decides; ``validation`` and ``test`` are fractions.

        Raises
        ------
        FileFault
            A sample is missing or damaged.
        """
        if not self._epochs:
            return None
        networks = [TrainedNetwork.load(self._path(epoch)) for epoch in self._epochs]
        told: dict[str, float] = {"samples": len(networks)}
        for name, split in (("validation", data.validation), ("test", data.test)):
            right = 0
            for begin in range(0, len(split), _AT_A_TIME):
                part = slice(begin, begin + _AT_A_TIME)
                x = split.x[part] * np.float32(data.scale)
                together = sum(softmax(network.activations(x)[-1].astype(np.float64), axis=1) for network in networks)
                right += int(np.count_nonzero(np.argmax(together, axis=1) == split.y[part]))
            told[name] = right / len(split)
        return told

    def _path(self, epoch: int) -> Path:
        """Return the file of the sample of an epoch."""
        return self._folder / f"epoch-{epoch:04d}.npz"


def samples_of(folder: RunFolder, settings: Settings) -> PosteriorSamples:
    """Return the samples that the run in a folder keeps."""
    return PosteriorSamples(folder.path / "samples", settings.posterior_samples, settings.epochs)
