"""The kinds of spiking network that exports are made for: the cells of each, and what is tried to find the best."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurosparse.spiking.cell import CURRENT_EXPONENTIAL, HARD_RESET, SOFT_RESET
from neurosparse.spiking.choose import Candidates


@dataclass(frozen=True)
class Target:
    """A kind of network.

    Attributes
    ----------
    cell_type : str
        In the words of those who read an export.
    candidates : Candidates
    coding : str
        How samples come in unless it is asked for otherwise.
    """

    cell_type: str
    candidates: Candidates
    coding: str


PYNN = Target(
    "IF_curr_exp; the last layer never reaches its threshold and is read as membrane potential",
    # Fast firing loses charge at the hard reset, slow firing loses resolution; a longer synaptic time constant loses
    # less at the reset and more at the start.
    Candidates(
        (replace(CURRENT_EXPONENTIAL, tau_synapse=2.0), CURRENT_EXPONENTIAL),
        (0.5, 0.25, 0.125),
        (16, 24, 32, 48, 64, 96, 128, 192, 256),
    ),
    "regular",
)

SOFT = Target(
    "integrate and fire without leak, soft reset; the last layer has no threshold and is read as membrane potential",
    Candidates((SOFT_RESET,), (1.0,), (4, 8, 12, 16, 24, 32, 64, 128)),
    "current",
)

HARD = Target(
    "integrate and fire without leak, hard reset; the last layer has no threshold and is read as membrane potential",
    Candidates((HARD_RESET,), (1.0, 0.5, 0.25, 0.125, 0.0625), (8, 16, 32, 64, 128, 256, 512)),
    "current",
)
