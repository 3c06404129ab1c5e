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
    shape : tuple of int
        Of a sample, as in `Dataset`; (features,) unless given.
    published : str or None
        The name that its files are fetched by; its own unless given.
    """

    name: str
    samples: int
    features: int
    classes: int
    licence: str
    found: str | None
    shape: tuple[int, ...] = ()
    published: str | None = None

    def __post_init__(self) -> None:
        """Fill in what goes without saying."""
        object.__setattr__(self, "shape", self.shape or (self.features,))
        object.__setattr__(self, "published", self.published or self.name)


class Source(Protocol):
    """An entry of the table of data sets; other packages add theirs in the group ``neurosparse.datasets``."""

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""

    def load(self, validation: float) -> Dataset:
        """Return the data set with the fraction `validation` of its training samples held out."""
