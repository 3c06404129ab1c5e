"""The spiking twin of a trained network: its cell, and weights and biases in the units of that cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork

PERCENTILE = 99.9
"""Which activation of a layer counts as its full scale, in percent (Rueckauer et al. 2017, section 2.2.2)."""


@dataclass(frozen=True)
class Cell:
    """The leaky integrate-and-fire cell with exponential currents that every simulator has: PyNN's IF_curr_exp.

    Rest and reset are 0 mV and there is no refractory time. The defaults lose least of a network's accuracy on all
    back ends: a membrane much slower than a presentation, and a synaptic time constant that spreads each spike, so that
    less charge arrives at once above the threshold, where the hard reset would throw it away.

    Attributes
    ----------
    threshold : float, mV
        Charge that makes one spike, `theta` of the formulas; the cell starts at half of it.
    margin : float, mV
        How far below `threshold` the simulated one lies: Brian2 tests ``v > v_thresh``, the others ``v >= v_thresh``.
    capacitance : float, nF
    tau_membrane, tau_synapse : float, ms
    delay : float, ms
        The same for every synapse: one time step.
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
    delay: float = 1.0
    step: float = 1.0
    start: float = 2.0


@dataclass(frozen=True)
class SpikingLayer:
    """The synapses into one layer of cells and what drives the cells besides.

    Attributes
    ----------
    weight : csr_array of float64, shape (n_pre, n_post)
        Charge a spike carries, nA; signed, columns sorted.
    offset : ndarray of float64, shape (n_post,)
        Constant current, nA.
    """

    weight: csr_array
    offset: np.ndarray


@dataclass(frozen=True)
class SpikingNetwork:
    """A chain of spiking layers; the last one never spikes and is read as membrane potential.

    Attributes
    ----------
    cell : Cell
    layers : tuple of SpikingLayer
    scales : tuple of float
        The activation of each layer that stands for `rate` spikes a step.
    rate : float
        Spikes a step of a neuron at full scale, in (0, 1]; inputs always use the full rate of one spike a step.
    """

    cell: Cell
    layers: tuple[SpikingLayer, ...]
    scales: tuple[float, ...]
    rate: float

    def silent_threshold(self, steps: int) -> float:
        """Return a threshold that no readout cell can reach within `steps` presentation steps, in mV.

        It would take every excitatory synapse spiking at every step, and no leak.
        """
        last = self.layers[-1]
        charge = np.asarray(last.weight.maximum(0.0).sum(axis=0)) * self.cell.tau_synapse
        charge += np.maximum(last.offset, 0.0) * self.cell.step
        highest = float(charge.max()) / self.cell.capacitance * (steps + self.cell.start / self.cell.step)
        return float(np.ceil(highest / 1000.0 + 1.0) * 1000.0)


def activation_scales(network: TrainedNetwork, x: np.ndarray) -> tuple[float, ...]:
    """Return the full scale of each layer: the 99.9th percentile of its activations, of their size for the last layer.

    Parameters
    ----------
    x : ndarray of float32, shape (n_samples, n_inputs)
        Training inputs, scaled to [0, 1].

    Returns
    -------
    tuple of float
        One positive number a layer after the input; 1 for a layer that is silent on `x`.
    """
    scales = [float(np.percentile(np.abs(layer), PERCENTILE)) for layer in network.activations(x)]
    return tuple(scale if scale > 0.0 else 1.0 for scale in scales)


def convert(network: TrainedNetwork, scales: Sequence[float], rate: float, cell: Cell | None = None) -> SpikingNetwork:
    """Return the spiking network whose firing rates follow the activations of `network`.

    A neuron's input is normalised to its full scale, so that its rate is `rate` times its activation over that scale
    (Diehl et al. 2015, algorithm 1, data-based normalisation), and then brought into the units of the cell:
    ``weight [nA] = w * threshold * capacitance / tau_synapse``, ``offset [nA] = b * threshold * capacitance / step``.

    Parameters
    ----------
    scales : sequence of float
        One a layer, from `activation_scales`.
    rate : float
        Spikes a step at full scale, in (0, 1].
    """
    cell = cell or Cell()
    per_spike = 1.0
    layers = []
    for projection, scale in zip(network.projections, scales, strict=True):
        full = scale / rate
        weight = csr_array(projection.weight, dtype=np.float64, copy=True)
        weight.data *= per_spike / full * cell.threshold * cell.capacitance / cell.tau_synapse
        offset = projection.bias.astype(np.float64) / full * cell.threshold * cell.capacitance / cell.step
        layers.append(SpikingLayer(weight, offset))
        per_spike = full
    return SpikingNetwork(cell, tuple(layers), tuple(float(scale) for scale in scales), float(rate))
