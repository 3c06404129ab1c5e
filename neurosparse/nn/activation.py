"""What a layer makes of its sums: nothing, a rectifier, or a rectifier that is clipped and rounded to levels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.lanes import ALWAYS_OPEN

#: Far beyond any use, and far inside of what float32 divides.
CEILINGS = (1e-6, 1e6)
MOST_LEVELS = 1024


@dataclass(frozen=True)
class Activation:
    """An activation function.

    Attributes
    ----------
    kind : str
        ``"identity"``; ``"relu"``, ``max(z, 0)``; ``"qcfs"``, quantisation-clip-floor-shift (Bu et al., "Optimal
        ANN-SNN Conversion for High-accuracy and Ultra-low-latency Spiking Neural Networks", ICLR 2022,
        arXiv:2303.04347, eq. 15 with a shift of 1/2): ``ceiling / levels * clip(floor(z levels / ceiling + 1/2), 0,
        levels)``, the mean output of an integrate-and-fire neuron that starts at half its threshold and is shown z for
        `levels` steps.
    ceiling : float
        The highest output, from 1e-6 to 1e6 for ``"qcfs"``; infinite for the others.
    levels : int
        Outputs above zero, from 1 to 1024 for ``"qcfs"``; 0 for the others, which are not rounded.

    Raises
    ------
    BadInput
        The kind is unknown, or the numbers make no sense with it.
    """

    kind: str
    ceiling: float = math.inf
    levels: int = 0

    def __post_init__(self) -> None:
        """Check kind and numbers."""
        if self.kind in ("identity", "relu"):
            if self.ceiling != math.inf or self.levels:
                raise BadInput(f"the activation {self.kind!r} has no ceiling and no levels")
            return
        if self.kind != "qcfs":
            raise BadInput(f"there is no activation {self.kind!r}", help="known: identity, relu, qcfs")
        low, high = CEILINGS
        if not (low <= self.ceiling <= high and isinstance(self.levels, int) and 1 <= self.levels <= MOST_LEVELS):
            raise BadInput(
                f"the activation 'qcfs' needs a ceiling in {low:g} to {high:g} and 1 to {MOST_LEVELS:,} whole levels",
                numbers={"ceiling": f"{self.ceiling:g}", "levels": f"{self.levels:,}"},
            )

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the outputs for some sums, float32 of any shape, to the bit what the kernels compute."""
        if self.kind == "identity":
            return z
        if self.kind == "relu":
            return np.maximum(z, np.float32(0.0))
        ceiling, levels = np.float32(self.ceiling), np.float32(self.levels)
        height = np.asarray(z, np.float32) * (levels / ceiling) + np.float32(0.5)
        # The top is the ceiling itself, to whatever the product of levels and their size is rounded.
        return np.where(height >= levels, ceiling, np.floor(np.maximum(height, 0)) * (ceiling / levels))

    @property
    def gates(self) -> np.float32:
        """Return the ceiling by which `lanes.where_open` tells which gates of the outputs are open."""
        return ALWAYS_OPEN if self.kind == "identity" else np.float32(self.ceiling)

    def to_json(self) -> dict[str, Any]:
        """Return the activation as a file tells it; a ceiling that is infinite is left out."""
        return {"kind": self.kind} | ({"ceiling": self.ceiling, "levels": self.levels} if self.levels else {})

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Activation:
        """Return the activation that `to_json` told.

        Raises
        ------
        BadInput
            The kind is unknown, or the numbers make no sense with it.
        KeyError, TypeError, ValueError
            It is not told as `to_json` tells it.
        """
        return cls(document["kind"], float(document.get("ceiling", math.inf)), document.get("levels", 0))


RELU, IDENTITY = Activation("relu"), Activation("identity")
