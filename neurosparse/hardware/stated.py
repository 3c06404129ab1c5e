"""A machine of processors whose use of memory no source tells: what a core holds, the user states."""

from __future__ import annotations

from typing import Literal

from neurosparse.hardware.figures import Bytes, Part, Positive
from neurosparse.hardware.profile import Profile


class Processors(Part):
    """The processors: chips, processors of a chip left to the application, and bytes of memory of each."""

    chips: Positive
    per_chip: Positive
    memory: Bytes


class Shared(Part):
    """What the processors of a chip share: bytes of memory, and router entries."""

    memory: Bytes
    router_entries: Positive


class StatedProfile(Profile):
    """A machine whose user states what a core holds."""

    kind: Literal["stated"]
    processors: Processors
    chip: Shared

    @property
    def numbering(self) -> tuple[int, int]:
        """Return the number of chips, and of the processors of each."""
        return self.processors.chips, self.processors.per_chip

    @property
    def most_neurons(self) -> int:
        """Return the most neurons a core could hold at all: one a byte, as no source tells."""
        return self.processors.memory
