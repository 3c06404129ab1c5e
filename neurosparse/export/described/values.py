"""What is asked of the export of a description."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """How a network that brings no input of its own is to be run.

    Attributes
    ----------
    steps : int
        Timesteps.
    seed : int
        Of input spikes, and of connectors that draw.
    input_rate : float
        Hz; how often each neuron of a source of given spikes fires, for a description does not say when.
    """

    steps: int = 1000
    seed: int = 0
    input_rate: float = 10.0
