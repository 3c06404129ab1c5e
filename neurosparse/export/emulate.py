"""A spiking network in plain numpy, many samples at once, integrated as NEST integrates IF_curr_exp."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from neurosparse.export.coding import regular_spikes
from neurosparse.export.spiking import SpikingNetwork


def present(network: SpikingNetwork, x: np.ndarray) -> Iterator[np.ndarray]:
    """Present samples and yield, step after step, the membrane potentials of the readout cells.

    The exact integration of NEST's ``iaf_psc_exp`` (Rotter and Diesmann 1999; order of events as in NEST's
    ``models/iaf_psc_exp.cpp``, ``update``): membrane, synaptic current, arriving spikes, threshold, reset.

    Parameters
    ----------
    network : SpikingNetwork
        Every delay is one step.
    x : ndarray, shape (n_samples, n_inputs)
        Inputs in [0, 1].

    Yields
    ------
    ndarray of float64, shape (n_outputs, n_samples), mV
        After the first, second, ... step of the presentation; the same array each time, overwritten by the next step.
    """
    cell = network.cell
    rates = np.ascontiguousarray(x.T, dtype=np.float64)
    keep = np.exp(-cell.step / cell.tau_membrane)
    fade = np.exp(-cell.step / cell.tau_synapse)
    charge = cell.tau_synapse * cell.tau_membrane / (cell.tau_membrane - cell.tau_synapse) / cell.capacitance
    into = charge * (keep - fade)
    drive = [(1.0 - keep) * cell.tau_membrane / cell.capacitance * layer.offset[:, None] for layer in network.layers]
    incoming = [csr_array(layer.weight.T) for layer in network.layers]
    threshold = cell.threshold - cell.margin

    n_samples = rates.shape[1]
    v = [np.full((layer.offset.size, n_samples), cell.threshold / 2) for layer in network.layers]
    v[-1][:] = 0.0
    current = [np.zeros_like(potential) for potential in v]
    spikes = [np.zeros_like(rates), *(np.zeros_like(potential) for potential in v[:-1])]

    lead = round(cell.start / cell.step)
    silence = itertools.repeat(np.zeros(rates.shape, dtype=bool), lead)
    for step, fired in enumerate(itertools.chain(silence, regular_spikes(rates)), start=1):
        spikes[0][:] = fired
        # From the last layer back: each layer receives what the one before it sent a step ago.
        for k in reversed(range(len(v))):
            v[k] *= keep
            v[k] += into * current[k]
            v[k] += drive[k]
            current[k] *= fade
            current[k] += incoming[k] @ spikes[k]
            if k < len(v) - 1:
                above = v[k] >= threshold
                spikes[k + 1][:] = above
                v[k][above] = 0.0
        if step > lead:
            yield v[-1]


def decide(network: SpikingNetwork, x: np.ndarray, steps: int) -> np.ndarray:
    """Return the class that the emulated network reads out for each sample after `steps` steps.

    Returns
    -------
    ndarray of int64, shape (n_samples,)
    """
    return np.argmax(next(itertools.islice(present(network, x), steps - 1, None)), axis=0)
