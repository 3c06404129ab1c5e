"""What a built-in data set offers: a card that says what and where it is, and its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from neurosparse.data.dataset import Dataset


@dataclass(frozen=True)
class Card:
    """What is known of a data set without reading it.

    Attributes
    ----------
    name : str
    samples, features, classes : int
        As published, training and test samples together.
    licence : str
    found : str or None
        The folder that holds it, ``"built in"``, or None where it is not on this machine.
    """

    name: str
    samples: int
    features: int
    classes: int
    licence: str
    found: str | None


class Source(Protocol):
    """An entry of the table of data sets; other packages add theirs in the group ``neurosparse.datasets``."""

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""

    def load(self, validation: float) -> Dataset:
        """Return the data set with the fraction `validation` of its training samples held out."""
