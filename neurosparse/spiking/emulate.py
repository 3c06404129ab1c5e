"""A spiking network in plain numpy, many samples at once, integrated as the simulators integrate its cells."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from neurosparse.spiking.convert import SpikingNetwork


@dataclass(frozen=True)
class Outcome:
    """What a presentation leaves.

    Attributes
    ----------
    potential : ndarray of float64, shape (n_samples, n_outputs), mV
        Membrane potentials of the readout cells after the last step.
    counts : tuple of ndarray of int64, each (n_samples, n_neurons)
        Spikes of each layer that spikes, the input first; the input sends none where samples come in as currents.
    """

    potential: np.ndarray
    counts: tuple[np.ndarray, ...]

    @property
    def decision(self) -> np.ndarray:
        """Return the class that is read out for each sample: int64 (n_samples,)."""
        return np.argmax(self.potential, axis=1)


@dataclass(frozen=True)
class Moment:
    """The state after a step; the same arrays each time, overwritten by the next step.

    Attributes
    ----------
    potential : ndarray of float64, shape (n_outputs, n_samples), mV
    spikes : list of ndarray of float64, each (n_neurons, n_samples)
        1 where a neuron fired in the step, by layer, the input first.
    """

    potential: np.ndarray
    spikes: list[np.ndarray]


def moments(network: SpikingNetwork, x: np.ndarray) -> Iterator[Moment]:
    """Present samples and yield the state after each step, without end, those before the first input included.

    Cells with a synaptic time constant: the exact integration of NEST's ``iaf_psc_exp`` (Rotter and Diesmann 1999;
    order of events as in NEST's ``models/iaf_psc_exp.cpp``, ``update``): membrane, synaptic current, arriving spikes,
    threshold, reset. Without one, arriving spikes and the constant current move the membrane, then threshold and reset.

    Parameters
    ----------
    network : SpikingNetwork
        Its delays are one step, or none: then every layer sees what the one before it sends in the same step.
    x : ndarray, shape (n_samples, n_inputs)
        Inputs in [0, 1].
    """
    cell, last = network.cell, len(network.layers) - 1
    rates = np.ascontiguousarray(x.T, dtype=np.float64)
    keep = np.exp(-cell.step / cell.tau_membrane)
    # The charge of a step's constant current that is still there at its end.
    whole = cell.step if keep == 1.0 else (1.0 - keep) * cell.tau_membrane
    fade, into = 0.0, 0.0
    if cell.tau_synapse:
        fade = np.exp(-cell.step / cell.tau_synapse)
        into = cell.tau_synapse * cell.tau_membrane / (cell.tau_membrane - cell.tau_synapse) * (keep - fade)
        into /= cell.capacitance
    drive = [whole / cell.capacitance * layer.offset[:, None] for layer in network.layers]
    if network.coding.kind == "current":
        drive[0] = whole / cell.capacitance * np.ascontiguousarray(network.input_current(x).T)
    incoming = [csr_array(layer.weight.T) for layer in network.layers]
    threshold = cell.threshold - cell.margin

    n_samples = rates.shape[1]
    v = [np.repeat(layer.initial[:, None], n_samples, axis=1) for layer in network.layers]
    current = [np.zeros_like(potential) if cell.tau_synapse else None for potential in v]
    spikes = [np.zeros_like(rates), *(np.zeros_like(potential) for potential in v[:-1])]

    # From the last layer back, each layer receives what the one before it sent a step ago.
    order = range(last, -1, -1) if cell.delay else range(last + 1)
    silence = itertools.repeat(np.zeros(rates.shape, dtype=bool), lead_in(network))
    for fired in itertools.chain(silence, network.coding.spikes(rates)):
        spikes[0][:] = fired
        for k in order:
            potential, flowing = v[k], current[k]
            silent = k == 0 and network.coding.kind == "current"
            if keep != 1.0:
                potential *= keep
            if flowing is not None:
                potential += into * flowing
                flowing *= fade
                if not silent:
                    flowing += incoming[k] @ spikes[k]
            elif not silent:
                potential += incoming[k] @ spikes[k]
            potential += drive[k]
            if k < last:
                above = potential >= threshold
                spikes[k + 1][:] = above
                if cell.soft:
                    potential[above] -= cell.threshold
                else:
                    potential[above] = 0.0
        yield Moment(v[-1], spikes)


def lead_in(network: SpikingNetwork) -> int:
    """Return the steps before the first input spike, in which constant currents flow already."""
    return round(network.cell.start / network.cell.step)


def present(network: SpikingNetwork, x: np.ndarray) -> Iterator[np.ndarray]:
    """Present samples and yield the membrane potentials of the readout cells after each step of the presentation.

    Parameters
    ----------
    x : ndarray, shape (n_samples, n_inputs)
        Inputs in [0, 1].

    Yields
    ------
    ndarray of float64, shape (n_outputs, n_samples), mV
        The same array each time, overwritten by the next step.
    """
    for moment in itertools.islice(moments(network, x), lead_in(network), None):
        yield moment.potential


def emulate(network: SpikingNetwork, x: np.ndarray, steps: int) -> Outcome:
    """Present samples for `steps` steps and return what comes of it.

    Parameters
    ----------
    x : ndarray, shape (n_samples, n_inputs)
        Inputs in [0, 1].
    """
    return count(itertools.islice(moments(network, x), lead_in(network) + steps))


def count(passing: Iterable[Moment]) -> Outcome:
    """Return the outcome of some moments, the last of which is the end."""
    counts: list[np.ndarray] = []
    for moment in passing:
        counts = counts or [np.zeros(fired.shape, np.int64) for fired in moment.spikes]
        for sent, fired in zip(counts, moment.spikes, strict=True):
            np.add(sent, fired, out=sent, casting="unsafe")
    return Outcome(moment.potential.T.copy(), tuple(sent.T.copy() for sent in counts))
