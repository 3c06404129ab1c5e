"""Where a spiking network parts from the network it stands for: layer by layer, from the spikes that were counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingNetwork, head_start
from neurosparse.spiking.emulate import Outcome

PARTED = 0.9
"""Rates that correlate less than this with the activations that they stand for do not stand for them."""

GROUPS = 16
"""Parts, of equally many values, that a layer is cut into to show how its rates follow."""


@dataclass(frozen=True)
class Group:
    """Neurons and samples of about equal activation, and what their rates say of it.

    Attributes
    ----------
    activation : float
        Their mean, as the trained network computes it.
    low, middle, high : float
        The 10th, 50th and 90th percentile of the activations that their rates stand for.
    """

    activation: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Firing:
    """How the neurons of a layer fire, and what their spikes cost.

    Attributes
    ----------
    silent : float
        Fraction of the neurons that never spike, over all samples.
    inactive : float
        Fraction of the neurons whose activation is never above 0: those are silent as they should be.
    saturated : float or None
        Fraction of the neurons that in at least one sample spike in every step in which they are driven: the cells
        have no refractory time, so that one spike a step is the most they can do, whether their reset is soft or hard
        (NEURON, with its shorter steps, can do more, and counts from there on). They could not show a larger
        activation. None for the input, whose largest number is one spike a step.
    mean_rate : float
        Spikes of a neuron in a step.
    spikes, events : float
        Spikes that the layer sends while a sample is shown, and how often a synapse of the next layer receives one.
    """

    silent: float
    inactive: float
    saturated: float | None
    mean_rate: float
    spikes: float
    events: float


@dataclass(frozen=True)
class LayerParting:
    """How far a layer's rates are from its activations.

    Attributes
    ----------
    name : str
    neurons : int
    correlation : float or None
        Pearson's, of the activations that rates stand for with those that the trained network computes, over all
        neurons and samples; of potentials with logits for the readout. 0 where the rates are all the same, None where
        the activations are: then there is nothing to follow.
    agreement : float
        Fraction of the samples that the trained network decides as it did when it goes on from this layer's rates;
        for the readout, where nothing is left to compute, the agreement of the whole spiking network.
    firing : Firing or None
        None for the readout, which never spikes.
    follows : tuple of Group
        By rising activation: one for what is exactly 0, and up to `GROUPS` for the others.
    """

    name: str
    neurons: int
    correlation: float | None
    agreement: float
    firing: Firing | None
    follows: tuple[Group, ...]

    @property
    def parts(self) -> bool:
        """Say whether rates and activations correlate less than `PARTED`."""
        return self.correlation is not None and self.correlation < PARTED


def parting(
    network: TrainedNetwork, spiking: SpikingNetwork, x: np.ndarray, outcome: Outcome, steps: int
) -> tuple[LayerParting, ...]:
    """Return how each layer did, input to output.

    A rate is a count over the steps in which the layer is driven: what spikes bring reaches it later than the constant
    currents do (`neurosparse.spiking.convert.head_start`). It stands for ``rate / spiking.rate * scale`` of the layer
    (`neurosparse.spiking.convert.convert`); the potential of a readout cell, in thresholds, is the count it would have.

    Parameters
    ----------
    network : TrainedNetwork
    spiking : SpikingNetwork
        Made from it.
    x : ndarray of float32, shape (n_samples, n_inputs)
        The samples that were shown, in [0, 1].
    outcome : Outcome
        What a simulator, or the emulator, counted: a row a sample.
    steps : int
        For how long a sample was shown.

    Returns
    -------
    tuple of LayerParting
        Without the input where samples come in as currents.
    """
    exact = [x, *network.activations(x)]
    decision = np.argmax(exact[-1], axis=1)
    names = [network.projections[0].pre, *(p.post for p in network.projections)]
    last = len(network.projections)
    found = []
    for k in range(1 if spiking.coding.kind == "current" else 0, last + 1):
        driven = _driven(spiking, k, steps) if k else float(steps)
        full = spiking.scales[k - 1] / spiking.rate if k else 1.0
        if k < last:
            measured = outcome.counts[k] / driven * full
            decided = TrainedNetwork(network.projections[k:]).activations(measured.astype(np.float32))[-1]
            synapses = np.diff(network.projections[k].weight.indptr)
            firing = _firing(outcome.counts[k], exact[k], synapses, steps, driven if k else None)
        else:
            measured = outcome.potential / spiking.cell.threshold / driven * full
            decided, firing = outcome.potential, None
        found.append(
            LayerParting(
                name=names[k],
                neurons=measured.shape[1],
                correlation=_correlation(measured, exact[k]),
                agreement=float(np.mean(np.argmax(decided, axis=1) == decision)),
                firing=firing,
                follows=_follows(measured.ravel(), exact[k].ravel()),
            )
        )
    return tuple(found)


def first_parted(layers: Sequence[LayerParting]) -> LayerParting | None:
    """Return the first layer whose rates and activations part; None where all follow."""
    return next((layer for layer in layers if layer.parts), None)


def _driven(spiking: SpikingNetwork, layer: int, steps: int) -> float:
    """Return for how many steps a layer sees what the one before it sends, on average; at least one."""
    cell = spiking.cell
    return max(1.0, steps + (cell.start - head_start(layer - 1, cell, spiking.coding)) / cell.step)


def _firing(counts: np.ndarray, exact: np.ndarray, synapses: np.ndarray, steps: int, driven: float | None) -> Firing:
    """Return how the neurons of a layer fire, each into so many `synapses`; no `driven` where none can saturate."""
    return Firing(
        silent=float(np.mean(~counts.any(axis=0))),
        inactive=float(np.mean(~(exact > 0.0).any(axis=0))),
        saturated=None if driven is None else float(np.mean((counts >= np.floor(driven)).any(axis=0))),
        mean_rate=float(np.mean(counts)) / steps,
        spikes=float(np.mean(counts.sum(axis=1))),
        events=float(np.mean(counts @ synapses)),
    )


def _correlation(measured: np.ndarray, exact: np.ndarray) -> float | None:
    """Return Pearson's correlation of all values; 0 where the measured ones, None where the exact ones do not vary."""
    a, b = (values.ravel().astype(np.float64) - np.mean(values, dtype=np.float64) for values in (measured, exact))
    if np.ptp(exact) == 0.0:
        return None
    if np.ptp(measured) == 0.0:
        return 0.0
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1.0, 1.0))


def _follows(measured: np.ndarray, exact: np.ndarray) -> tuple[Group, ...]:
    """Return how what was measured follows what is exact: of zeros, which are many, and of equal parts of the rest."""
    order = np.argsort(exact, kind="stable")
    order = order[exact[order] != 0.0]
    parts = [part for part in (np.flatnonzero(exact == 0.0), *np.array_split(order, GROUPS)) if part.size]
    groups = [
        Group(float(np.mean(exact[part])), *map(float, np.percentile(measured[part], (10, 50, 90)))) for part in parts
    ]
    return tuple(sorted(groups, key=lambda group: group.activation))
