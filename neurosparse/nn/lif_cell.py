"""The constants of leaky integrate-and-fire neurons, and what they come to in whole time steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neurosparse.architecture.sequences import Lif
from neurosparse.errors import BadInput


@dataclass(frozen=True)
class LifCell:
    """Leaky integrate-and-fire neurons with resting and reset potential 0 and threshold 1 (see `kernels.neurons`).

    Weights are in thresholds: one spike through a weight of 1 carries the charge that takes the membrane from rest to
    the threshold, at once or by a synaptic current. A bias is what a constant current adds to the potential a step.

    Attributes
    ----------
    tau_mem : float, ms
        Infinite for neurons without leak.
    tau_syn : float, ms, optional
        Of a synaptic current that decays exponentially (PyNN's IF_curr_exp, NEST's iaf_psc_exp): what arrives in a step
        moves the potential from the next step on. None where input moves the membrane in the step in which it arrives
        (NEST's iaf_psc_delta).
    tau_adapt : float, ms
        With which the adaptation of the threshold decays.
    beta : float
        What each spike adds to the threshold of an adaptive neuron, in thresholds.
    refractory : float, ms
        For so long after a spike the potential stays at reset; a whole number of steps. Current and adaptation go on.
    dt : float, ms
        The time step.
    dampening : float
        Height of the slope that stands for the derivative of a spike; 0.3 in Bellec et al. 2018 and 2020.

    Raises
    ------
    BadInput
        A constant makes no sense.
    """

    tau_mem: float = 20.0
    tau_syn: float | None = None
    tau_adapt: float = 200.0
    beta: float = 0.17
    refractory: float = 0.0
    dt: float = 1.0
    dampening: float = 0.3

    def __post_init__(self) -> None:
        """Check the constants."""
        for name in ("tau_mem", "tau_syn", "tau_adapt", "dt"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadInput(f"{name} must be above 0 ms", numbers={"there is": f"{value:g} ms"})
        if not math.isfinite(self.dt) or (self.tau_syn is not None and not math.isfinite(self.tau_syn)):
            raise BadInput("the time step and tau_syn must be finite")
        for name in ("beta", "refractory", "dampening"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise BadInput(f"{name} must be finite and not below 0", numbers={"there is": f"{value:g}"})
        if abs(self.refractory / self.dt - self.rests) > 1e-6:
            raise BadInput(
                "the refractory time must be a whole number of time steps",
                numbers={"refractory": f"{self.refractory:g} ms", "step": f"{self.dt:g} ms"},
            )

    @classmethod
    def of(cls, layer: Lif) -> LifCell:
        """Return the constants of a layer, whose step is 1 ms."""
        return cls(layer.tau_mem, layer.tau_syn or None, layer.tau_adapt, layer.beta, float(layer.refractory))

    @property
    def rests(self) -> int:
        """Return the refractory time in steps."""
        return round(self.refractory / self.dt)

    @property
    def alpha(self) -> float:
        """Return the part of the potential that is left after a step."""
        return math.exp(-self.dt / self.tau_mem)

    @property
    def decay(self) -> float:
        """Return the part of the synaptic current that is left after a step; 0 where there is none."""
        return math.exp(-self.dt / self.tau_syn) if self.tau_syn is not None else 0.0

    @property
    def reach(self) -> float:
        """Return what a synaptic current of 1 adds to the potential in a step; 0 where there is none.

        ``tau_mem / (tau_mem - tau_syn) * (exp(-dt / tau_mem) - exp(-dt / tau_syn))``, exact where both are equal too
        (Rotter and Diesmann 1999).
        """
        if self.tau_syn is None:
            return 0.0
        lag = self.dt * (1 / self.tau_syn - 1 / self.tau_mem)
        # From the slower of the two decays, so that no exponential is above 1.
        slower = self.alpha if lag >= 0 else self.decay
        return slower * self.dt / self.tau_syn * (-math.expm1(-abs(lag)) / abs(lag) if lag else 1.0)

    @property
    def rho(self) -> float:
        """Return the part of the adaptation that is left after a step."""
        return math.exp(-self.dt / self.tau_adapt)

    def numbers(self) -> tuple[np.float32, ...]:
        """Return alpha, decay, reach, rho, beta, dampening and the refractory steps as the kernels take them."""
        values = self.alpha, self.decay, self.reach, self.rho, self.beta, self.dampening, self.rests
        return tuple(np.float32(value) for value in values)
