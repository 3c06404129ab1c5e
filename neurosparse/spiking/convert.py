"""A trained network in the units of a cell: weights, constant currents, and the scale of each layer's rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.cell import CURRENT_EXPONENTIAL, Cell
from neurosparse.spiking.coding import REGULAR, Coding

PERCENTILE = 99.9
"""Which activation of a layer counts as its full scale, in percent (Rueckauer et al. 2017, section 2.2.2)."""


@dataclass(frozen=True)
class SpikingLayer:
    """The synapses into one layer of cells and what drives the cells besides.

    Attributes
    ----------
    weight : csr_array of float64, shape (n_pre, n_post)
        Charge a spike carries, in the cell's `weight_unit`; signed, columns sorted.
    offset : ndarray of float64, shape (n_post,)
        Constant current, nA.
    initial : ndarray of float64, shape (n_post,)
        Membrane potential before the first step, mV.
    """

    weight: csr_array
    offset: np.ndarray
    initial: np.ndarray


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
    coding : Coding
        How the numbers of a sample come in.
    """

    cell: Cell
    layers: tuple[SpikingLayer, ...]
    scales: tuple[float, ...]
    rate: float
    coding: Coding = REGULAR

    def input_current(self, x: np.ndarray) -> np.ndarray:
        """Return the constant current into each cell of the first layer where samples come in as currents.

        Parameters
        ----------
        x : ndarray, shape (n_samples, n_inputs)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_post), nA
            The charge that spikes would bring on average, one a step at 1, and the constant current of the layer.
        """
        first = self.layers[0]
        per_weight = self.cell.drive / self.cell.charge
        return np.asarray(x.astype(np.float64) @ first.weight) * per_weight + first.offset

    def silent_threshold(self, steps: int) -> float:
        """Return a threshold that no readout cell can reach within `steps` presentation steps, in mV.

        It would take every excitatory synapse spiking at every step, and no leak.
        """
        last = self.layers[-1]
        per_step = np.asarray(last.weight.maximum(0.0).sum(axis=0)) / self.cell.charge
        per_step += np.maximum(last.offset, 0.0) / self.cell.drive
        highest = float(per_step.max()) * self.cell.threshold * (steps + self.cell.start / self.cell.step)
        return float(np.ceil(highest / 1000.0 + 1.0) * 1000.0)


def activation_scales(network: TrainedNetwork, x: np.ndarray) -> tuple[float, ...]:
    """Return the full scale of each layer: the 99.9th percentile of its activations, of their size for the last layer.

    A layer that was trained with a ceiling has that for its full scale: it never goes beyond it.

    Parameters
    ----------
    x : ndarray of float32, shape (n_samples, n_inputs)
        Training inputs, scaled to [0, 1].

    Returns
    -------
    tuple of float
        One positive number a layer after the input; 1 for a layer that is silent on `x`.
    """
    scales = []
    for k, layer in enumerate(network.activations(x)):
        ceiling = network.activation(k).ceiling
        scales.append(ceiling if ceiling < np.inf else float(np.percentile(np.abs(layer), PERCENTILE)))
    return tuple(scale if scale > 0.0 else 1.0 for scale in scales)


def convert(
    network: TrainedNetwork,
    scales: Sequence[float],
    rate: float,
    cell: Cell = CURRENT_EXPONENTIAL,
    coding: Coding = REGULAR,
) -> SpikingNetwork:
    """Return the spiking network whose firing rates follow the activations of `network`.

    A neuron's input is normalised to its full scale, so that its rate is `rate` times its activation over that scale
    (Diehl et al. 2015, algorithm 1, data-based normalisation), and then brought into the units of the cell:
    ``weight [nA] = w * threshold * capacitance / tau_synapse`` (``[mV] = w * threshold`` without a time constant),
    ``offset [nA] = b * threshold * capacitance / step``.

    Cells start at half their threshold, so that counts are rounded instead of cut, the readout at 0. Constant currents
    flow before the first spikes of a sample arrive; what they bring until then is taken from where a cell starts.
    Without that, an MNIST network takes twice as long for the same accuracy.

    Parameters
    ----------
    scales : sequence of float
        One a layer, from `activation_scales`.
    rate : float
        Spikes a step at full scale, in (0, 1].
    """
    per_spike = 1.0
    layers = []
    for k, (projection, scale) in enumerate(zip(network.projections, scales, strict=True)):
        full = scale / rate
        weight = csr_array(projection.weight, dtype=np.float64, copy=True)
        weight.data *= per_spike / full * cell.charge
        offset = projection.bias.astype(np.float64) / full * cell.drive
        middle = 0.0 if k == len(network.projections) - 1 else cell.threshold / 2
        initial = middle - offset / cell.capacitance * head_start(k, cell, coding)
        layers.append(SpikingLayer(weight, offset, initial))
        per_spike = full
    return SpikingNetwork(cell, tuple(layers), tuple(float(scale) for scale in scales), float(rate), coding)


def head_start(layer: int, cell: Cell, coding: Coding) -> float:
    """Return for how long constant currents flow into a layer before what its spikes bring does, on average, ms.

    Parameters
    ----------
    layer : int
        From 0, the first after the input.
    """
    behind = layer * (cell.delay + cell.tau_synapse)
    return behind if coding.kind == "current" else cell.start + cell.tau_synapse + behind
