"""Samples of the posterior: networks as the last epochs left them, and what they decide together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.special import softmax

from neurosparse.data.dataset import Dataset
from neurosparse.errors import FileFault
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.run.folder import RunFolder
from neurosparse.settings import Settings

# Samples shown at a time, so that no layer's activations for a whole split are ever held.
_AT_A_TIME = 1000


class PosteriorSamples:
    """The networks at the ends of the last epochs of a run, in files of its folder.

    DEEP R with births anywhere visits network configurations as often as they are probable under the posterior at its
    temperature (Bellec et al., ICLR 2018, theorem 1), so that networks of many epochs are samples of it, as long as
    rewiring and the learning rate do not end; the mean of what they predict estimates the Bayesian prediction at that
    temperature. With other settings they are networks along the way.

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
        """Write the network at the end of `epoch`; a resumed run writes the same."""
        self._folder.mkdir(exist_ok=True)
        network.save(self._path(epoch))

    def __contains__(self, epoch: int) -> bool:
        """Say whether `epoch`, from 1, is one of those that are kept."""
        return epoch in self._epochs

    def __len__(self) -> int:
        """Return how many there are at the end."""
        return len(self._epochs)

    def networks(self) -> Iterator[tuple[int, TrainedNetwork]]:
        """Yield epoch and network, one at a time.

        Raises
        ------
        FileFault
            A sample is missing or damaged.
        """
        for epoch in self._epochs:
            path = self._path(epoch)
            if not path.is_file():
                raise FileFault(
                    f"the posterior sample of epoch {epoch} is not there",
                    where=str(path),
                    help="bring it back, or train the run anew",
                )
            yield epoch, TrainedNetwork.load(path)

    def averaged(self, data: Dataset) -> dict[str, float] | None:
        """Return ``samples``, their number, and the accuracies of their mean prediction; None where none is kept.

        The mean of the probabilities under the softmax decides; ``validation`` and ``test`` are fractions.

        Raises
        ------
        FileFault
            A sample is missing, damaged or of another network.
        """
        if not self._epochs:
            return None
        splits = {"validation": data.validation, "test": data.test}
        together = {name: np.zeros((len(split), data.n_classes)) for name, split in splits.items()}
        for epoch, network in self.networks():
            if (network.sizes[0], network.sizes[-1]) != (data.n_features, data.n_classes):
                raise FileFault(
                    f"the posterior sample of epoch {epoch} is of another network",
                    numbers={
                        "sample": f"{network.sizes[0]:,} inputs, {network.sizes[-1]} outputs",
                        "data": f"{data.n_features:,} features, {data.n_classes} classes",
                    },
                    where=str(self._path(epoch)),
                )
            for name, split in splits.items():
                for begin in range(0, len(split), _AT_A_TIME):
                    part = slice(begin, begin + _AT_A_TIME)
                    logit = network.activations(split.x[part] * np.float32(data.scale))[-1]
                    together[name][part] += softmax(logit.astype(np.float64), axis=1)
        right = {name: np.count_nonzero(together[name].argmax(axis=1) == split.y) for name, split in splits.items()}
        return {"samples": len(self)} | {name: int(right[name]) / len(split) for name, split in splits.items()}

    def _path(self, epoch: int) -> Path:
        """Return the file of the sample of an epoch."""
        return self._folder / f"epoch-{epoch:04d}.npz"


def samples_of(folder: RunFolder, settings: Settings) -> PosteriorSamples:
    """Return the samples that the run in a folder keeps."""
    return PosteriorSamples(folder.samples, settings.posterior_samples, settings.epochs)
