"""The embedded data set: the UCI handwritten digits, 1,797 images of 8x8 pixels (CC BY 4.0, see digits.md)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np

from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.npz import read_npz
from neurosparse.data.source import Card

LICENCE = "CC BY 4.0: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998"
SHAPE = (1, 8, 8)


@dataclass(frozen=True)
class Digits:
    """The handwritten digits with their fixed test set: 359 samples (20 %), stratified."""

    def card(self) -> Card:
        """Return what is known of the digits without reading them."""
        return Card("digits", samples=1797, features=64, classes=10, licence=LICENCE, found="built in", shape=SHAPE)

    def load(self, validation: float) -> Dataset:
        """Return the digits; a pixel counts the 0 to 16 dark points of a 4x4 block, so the scale is 1/16.

        Raises
        ------
        BadInput
            `validation` is not between 0 and 1.
        FileFault
            The installed file is damaged.
        """
        with resources.as_file(resources.files("neurosparse.data") / "digits.npz") as path:
            arrays = read_npz(path, ("x", "y", "test"))
        x, y, test = arrays["x"], arrays["y"].astype(np.int64), arrays["test"]
        train, held_out = split_validation(x[~test], y[~test], validation)
        return Dataset("digits", train, held_out, Split(x[test], y[test]), 1 / 16, 10, LICENCE, SHAPE)


DIGITS = Digits()
