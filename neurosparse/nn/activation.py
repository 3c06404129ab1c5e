"""What a neuron makes of the sum of its inputs: rectified, rectified in steps below a ceiling, or left as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosparse.errors import BadInput

KINDS = ("relu", "qcfs", "identity")
CEILINGS = 1e-6, 1e6
MOST_LEVELS = 1024


@dataclass(frozen=True)
class Activation:
    """A function of one number, the same for every neuron of a layer.

    ``"relu"``: ``max(z, 0)``. ``"identity"``: ``z``. ``"qcfs"``, quantisation, clip, floor and shift of Bu et al. 2022
    (arXiv:2303.04347, with their shift of 1/2): ``ceiling * clip(floor(z * levels / ceiling + 1/2) / levels, 0, 1)``,
    which is what an integrate-and-fire neuron that starts half full counts in `levels` time steps. Its gradient passes
    straight through: 1 where ``0 < z * levels / ceiling + 1/2 < levels``, else 0.

    Attributes
    ----------
    kind : str
    ceiling : float
        The largest activation, lambda; from 1e-6 to 1e6 for ``"qcfs"``, infinite for the others.
    levels : int
        Activations above zero, L; from 1 to 1024 for ``"qcfs"``, 0 for the others.

    Raises
    ------
    BadInput
        The kind is unknown, or a number is out of its range.
    """

    kind: str
    ceiling: float = math.inf
    levels: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.kind not in KINDS:
            raise BadInput(f"there is no activation {self.kind!r}", help=f"known: {', '.join(KINDS)}")
        if self.kind != "qcfs":
            if self.ceiling != math.inf or self.levels != 0:
                raise BadInput(f"the activation {self.kind!r} has neither a ceiling nor levels", help="qcfs has both")
            return
        if not CEILINGS[0] <= self.ceiling <= CEILINGS[1]:
            raise BadInput(f"the ceiling of qcfs must lie in {CEILINGS[0]:g} to {CEILINGS[1]:g}, not {self.ceiling}")
        if not isinstance(self.levels, int) or not 1 <= self.levels <= MOST_LEVELS:
            raise BadInput(f"the levels of qcfs must be a whole number from 1 to {MOST_LEVELS}, not {self.levels}")

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return the activations for the sums `z`; ``"qcfs"`` in float32, to the bit what the kernels compute."""
        if self.kind == "identity":
            return z
        if self.kind == "relu":
            return np.maximum(z, 0.0)
        ceiling, levels = np.float32(self.ceiling), np.float32(self.levels)
        height = np.asarray(z, np.float32) * (levels / ceiling) + np.float32(0.5)
        # The top is the ceiling itself, whatever the product of levels and their size is rounded to.
        return np.where(height >= levels, ceiling, np.floor(np.maximum(height, 0)) * (ceiling / levels))

    def numbers(self) -> tuple[np.float32, int]:
        """Return ceiling and levels as the kernels take them: 0 levels for a rectifier, -1 for the identity."""
        return np.float32(self.ceiling), -1 if self.kind == "identity" else self.levels

    def to_json(self) -> dict[str, Any]:
        """Return the activation as plain values."""
        return {"kind": self.kind} | ({"ceiling": self.ceiling, "levels": self.levels} if self.kind == "qcfs" else {})

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Activation:
        """Return the activation that `to_json` told.

        Raises
        ------
        BadInput
            A value is out of its range.
        TypeError
            A key is unknown or missing, or a value of another type.
        """
        return cls(**document)


RELU = Activation("relu")
IDENTITY = Activation("identity")
