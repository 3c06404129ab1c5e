"""Machines whose cores are plainly numbered: so many chips with so many cores each, all alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from neurosparse.hardware.figures import Part, Positive
from neurosparse.hardware.profile import Profile

Flag = Annotated[bool, Field(strict=True)]


class Cores(Part):
    """The cores of a machine.

    Attributes
    ----------
    chips, per_chip : int
    neurons : int
        The most neurons of a core.
    shared : bool
        Whether neurons of several populations may lie on one core.
    """

    chips: Positive
    per_chip: Positive
    neurons: Positive
    shared: Flag


class Weights(Part):
    """What one weight is: bits, its sign included where ``signed`` says that each weight has its own."""

    bits: Positive
    signed: Flag


class NumberedProfile(Profile):
    """A machine of numbered cores, each of which holds a fixed number of neurons."""

    cores: Cores
    weights: Weights

    @property
    def numbering(self) -> tuple[int, int]:
        """Return the number of chips, and of the cores of each."""
        return self.cores.chips, self.cores.per_chip

    @property
    def most_neurons(self) -> int:
        """Return the most neurons that a core holds."""
        return self.cores.neurons
