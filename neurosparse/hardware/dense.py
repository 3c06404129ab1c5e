"""A machine with whole weight matrices at its input and output, and lists of weights between its neurons: Xylo."""

from __future__ import annotations

from typing import Literal

from neurosparse.hardware.figures import Part, Positive
from neurosparse.hardware.numbered import NumberedProfile


class Matrices(Part):
    """The whole matrices: channels that come in, and neurons that read out."""

    inputs: Positive
    outputs: Positive


class Between(Part):
    """The lists between the hidden neurons: weights of all together, and of one neuron."""

    weights: Positive
    fan_out: Positive


class DenseProfile(NumberedProfile):
    """A machine of dense matrices; `cores.neurons` counts its hidden neurons."""

    kind: Literal["dense"]
    matrices: Matrices
    between: Between
