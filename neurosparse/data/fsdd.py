"""The Free Spoken Digit Dataset: cepstra of a new speaker or of known ones, or spikes where mel energies change."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.places import not_here, roots
from neurosparse.data.recordings import Recordings, is_recordings, read_recordings
from neurosparse.data.sequences import pad
from neurosparse.data.source import Card
from neurosparse.data.speech import Framing, log_mel, mfcc, standardised
from neurosparse.data.spikes import threshold_crossing
from neurosparse.errors import BadInput

LICENCE = "CC BY-SA 4.0: Z. Jackson et al., Free Spoken Digit Dataset"
HELD_OUT = "yweweler"
"""The speaker whom `fsdd-speaker` tests with: the last of the six in the alphabet."""

CLASSES = 10
SPIKE_HOP = 25.0
"""Milliseconds: frames side by side make the longest recording 91 steps."""

SPIKE_THRESHOLD = 0.5
"""In standard deviations of a band."""


def load_recordings(path: Path, validation: float, source: FsddSource | None = None) -> Dataset:
    """Return the data set that recordings make.

    Sequences are padded to the longest of all recordings, and `Split.lengths` says where each ends. Features are
    standardised with the frames of all that is not for tests.

    Parameters
    ----------
    path : Path
        See `read_recordings`.
    validation : float
        Fraction of the training samples to hold out for validation.
    source : FsddSource, optional
        Which of the data sets: `fsdd` unless told.

    Raises
    ------
    FileFault, BadInput
        See `read_recordings`; or the split leaves nothing to train on or to test with.
    """
    source = source or FSDD
    spoken = read_recordings(path)
    test = source.test_of(spoken, str(path))
    energies, starts = log_mel(spoken.samples, spoken.offsets, source.framing(spoken.rate))
    trained = np.repeat(~test, np.diff(starts))
    features = standardised(energies if source.spikes else mfcc(energies, starts), trained)
    sequences = [features[low:high].T for low, high in itertools.pairwise(starts)]
    if source.spikes:
        sequences = [threshold_crossing(sequence, SPIKE_THRESHOLD) for sequence in sequences]
    x, lengths = pad(sequences, where=str(path))
    shape = (len(sequences[0]), x.shape[1] // len(sequences[0]))
    y = spoken.labels
    train, held_out = split_validation(x[~test], y[~test], validation, lengths=lengths[~test])
    return Dataset(
        source.name, train, held_out, Split(x[test], y[test], lengths[test]), 1.0, CLASSES, LICENCE,
        shape=shape, signed=not source.spikes,
    )  # fmt: skip


@dataclass(frozen=True)
class FsddSource:
    """3,000 recordings of the digits by six speakers, at 8 kHz.

    Attributes
    ----------
    name : str
    new_speaker : bool
        Test with a speaker who is not trained on, instead of the official split: the first five takes of everybody.
    spikes : bool
        Events where the energy of one of 26 mel bands goes up or down by half a standard deviation, instead of 39
        cepstral features.
    """

    name: str
    new_speaker: bool = False
    spikes: bool = False

    def framing(self, rate: int) -> Framing:
        """Return how recordings are cut into frames."""
        return Framing(rate, hop=SPIKE_HOP) if self.spikes else Framing(rate)

    def test_of(self, spoken: Recordings, where: str) -> np.ndarray:
        """Return which recordings are for tests.

        Raises
        ------
        BadInput
            None is, or all are.
        """
        test = spoken.speakers == HELD_OUT if self.new_speaker else spoken.is_test
        if test.all() or not test.any():
            raise BadInput(
                "recordings must be there both to train on and to test with",
                numbers={"recordings": f"{len(test):,}", "for tests": f"{np.count_nonzero(test):,}"},
                where=where,
                help=f"tests are with the speaker {HELD_OUT}" if self.new_speaker else "takes 0 to 4 are for tests",
            )
        return test

    def places(self) -> list[Path]:
        """Return the folders where it may be, best first: those of NEUROSPARSE_DATA, then the cache."""
        names = ("fsdd", "free-spoken-digit-dataset")
        return [root / name for root in roots() for name in names]

    def find(self) -> Path | None:
        """Return the folder that holds it, or None."""
        return next((folder for folder in self.places() if is_recordings(folder)), None)

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""
        found, shape = self.find(), (52, 91) if self.spikes else (39, 226)
        features = shape[0] * shape[1]
        return Card(self.name, 3000, features, CLASSES, LICENCE, None if found is None else str(found), shape)

    def load(self, validation: float) -> Dataset:
        """Return the data set.

        Raises
        ------
        Unavailable
            It is not on this machine.
        FileFault, BadInput
            See `load_recordings`.
        """
        folder = self.find()
        if folder is None:
            raise not_here(
                self.name,
                self.places(),
                "clone https://github.com/Jakobovski/free-spoken-digit-dataset into one of these folders"
                + (", or name the folder with --data PATH" if self.name == FSDD.name else ""),
            )
        return load_recordings(folder, validation, self)


FSDD = FsddSource("fsdd")
FSDD_SPEAKER = FsddSource("fsdd-speaker", new_speaker=True)
FSDD_SPIKES = FsddSource("fsdd-spikes", spikes=True)
