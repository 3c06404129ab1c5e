"""What is used of what there is, always as a pair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """How much is used of something, and how much there is of it, in the same unit.

    Attributes
    ----------
    used, available : int
    unit : str
        What is counted: ``"bytes"``, or entries of a memory that holds things of one size, such as ``"axons"``.
    """

    used: int
    available: int
    unit: str = "bytes"

    @property
    def fits(self) -> bool:
        """Say whether no more is used than there is."""
        return self.used <= self.available

    @property
    def free(self) -> int:
        """Return what is left, 0 when too much is used."""
        return max(0, self.available - self.used)

    @property
    def over(self) -> int:
        """Return how much too much is used, 0 when it fits."""
        return max(0, self.used - self.available)

    @property
    def fraction(self) -> float:
        """Return used / available; of nothing, nothing is 0 and anything is infinitely much."""
        if self.available:
            return self.used / self.available
        return float("inf") if self.used else 0.0
