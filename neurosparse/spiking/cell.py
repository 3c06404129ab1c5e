"""The cells that a trained network may be turned into: what each simulator and machine has."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """An integrate-and-fire cell whose rest and reset are 0 mV and which has no refractory time.

    The defaults are PyNN's IF_curr_exp with what loses least of a network's accuracy on all back ends: a membrane much
    slower than a presentation, and a synaptic time constant that spreads each spike, so that less charge arrives at
    once above the threshold, where the hard reset would throw it away.

    Attributes
    ----------
    threshold : float, mV
        Charge that makes one spike, `theta` of the formulas; the cell starts at half of it.
    margin : float, mV
        How far below `threshold` the simulated one lies: Brian2 tests ``v > v_thresh``, the others ``v >= v_thresh``.
    capacitance : float, nF
    tau_membrane : float, ms
        Infinite for a cell without leak.
    tau_synapse : float, ms
        0 where a spike moves the membrane at once: weights are then in mV, and in nA otherwise.
    soft : bool
        Whether a spike takes `threshold` from the potential (soft reset) or sets it to 0 (hard reset).
    delay : float, ms
        The same for every synapse. 0 where every layer has a clock of its own, which starts when the first spikes of
        the layer before it can arrive.
    step : float, ms
        Time step of the clock-driven back ends.
    start : float, ms
        Time of the first possible input spike; NEST takes none at or before its shortest delay.
    """

    threshold: float = 10.0
    margin: float = 1e-3
    capacitance: float = 1.0
    tau_membrane: float = 500.0
    tau_synapse: float = 5.0
    soft: bool = False
    delay: float = 1.0
    step: float = 1.0
    start: float = 2.0

    @property
    def weight_unit(self) -> str:
        """Return the unit of a weight."""
        return "nA" if self.tau_synapse else "mV"

    @property
    def charge(self) -> float:
        """Return the weight that carries one `threshold` of charge."""
        return self.threshold * self.capacitance / self.tau_synapse if self.tau_synapse else self.threshold

    @property
    def drive(self) -> float:
        """Return the constant current that carries one `threshold` of charge a step, nA."""
        return self.threshold * self.capacitance / self.step


CURRENT_EXPONENTIAL = Cell()
"""PyNN's IF_curr_exp: what NEST, NEURON, Brian2 and SpiNNaker all have. Hard reset."""

SOFT_RESET = Cell(margin=0.0, tau_membrane=math.inf, tau_synapse=0.0, soft=True, delay=0.0, start=0.0)
"""No leak, no synaptic time constant, and what overshoots the threshold is kept: a native Brian2 group."""

HARD_RESET = Cell(margin=0.0, tau_membrane=math.inf, tau_synapse=0.0, soft=False, delay=0.0, start=0.0)
"""NIR's IF: as `SOFT_RESET`, but what overshoots the threshold is lost."""
