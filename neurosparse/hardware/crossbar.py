"""A machine whose neurons each own a column of synapse circuits or cells, fed by rows: ODIN, BrainScaleS-2."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from neurosparse.hardware.figures import Part, Positive
from neurosparse.hardware.numbered import Flag, NumberedProfile


class Array(Part):
    """The array of a core.

    Attributes
    ----------
    rows : int
        Cells of a column: the most synapses of a neuron.
    row_is_address : bool
        Whether each row belongs to one source and each neuron and source has one of the core's addresses, so that all
        populations together have no more neurons than there are rows. Otherwise sources share rows, and only the
        synapses of a neuron count.
    """

    rows: Positive
    row_is_address: Flag


class CrossbarProfile(NumberedProfile):
    """A machine of crossbars."""

    kind: Literal["crossbar"]
    array: Array

    @model_validator(mode="after")
    def _has_one_space_of_addresses(self) -> CrossbarProfile:
        """Refuse addresses of more than one core, as no figure says how cores would reach each other."""
        if self.array.row_is_address and self.numbering != (1, 1):
            raise ValueError("rows are addresses, which needs one chip with one core")
        return self
