"""Spiking layers step by step in float64: what a simulator is expected to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosparse.spiking.native import NativeLayer, NativeNetwork, Readout


@dataclass(frozen=True)
class Fired:
    """What a network of spiking layers did.

    Attributes
    ----------
    spikes : tuple of ndarray of bool, each (n_samples, n_neurons, n_steps)
        Of each layer; none after the end of a sample.
    sums : ndarray of float64, shape (n_samples, n_classes)
    """

    spikes: tuple[np.ndarray, ...]
    sums: np.ndarray

    @property
    def decision(self) -> np.ndarray:
        """Return the class of each sample, int64 (n_samples,)."""
        return self.sums.argmax(axis=1)


def fire(network: NativeNetwork, x: np.ndarray, lengths: np.ndarray) -> Fired:
    """Return the spikes of each layer, and what is read from the last.

    Equations: `neurosparse.kernels.neurons`.

    Parameters
    ----------
    x : ndarray of float, shape (n_samples, n_features, n_steps)
        As the network was trained on, that is scaled.
    lengths : ndarray of int64, shape (n_samples,)
        Steps of each sample that count.
    """
    keep = np.arange(x.shape[2]) < lengths[:, None]
    found, signal = [], x.astype(np.float64)
    for layer in network.layers:
        signal = _layer(layer, signal, keep)
        found.append(signal > 0)
    return Fired(tuple(found), read_out(network.readout, signal, keep))


def _layer(layer: NativeLayer, x: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Return the spikes of a layer, float64 (n_samples, n_neurons, n_steps), 0 or 1."""
    cell, n = layer.cell, layer.bias.size
    samples, features, steps = x.shape
    inputs = layer.inputs.by_delay((features, n)).items()
    recurrent = [] if layer.recurrent is None else layer.recurrent.by_delay((n, n)).items()
    v, current, adaptation, rest = np.zeros((4, samples, n))
    spikes = np.zeros((samples, n, steps))
    for t in range(steps):
        arrived = np.zeros((samples, n))
        for source, lists in ((x, inputs), (spikes, recurrent)):
            for delay, weight in lists:
                if delay <= t:
                    arrived += source[:, :, t - delay] @ weight
        drive = arrived
        if cell.tau_syn is not None:
            drive, current = cell.reach * current, cell.decay * current + arrived
        ready = (rest == 0) & keep[:, t, None]
        u = np.where(ready, cell.alpha * v + drive + layer.bias, 0.0)
        fires = ready & (u >= 1.0 + layer.beta * adaptation)
        spikes[:, :, t] = fires
        v = np.where(fires, 0.0, u)
        adaptation = cell.rho * adaptation + fires
        rest = np.where(fires, cell.rests, np.maximum(rest - 1, 0))
    return spikes


def read_out(readout: Readout, spikes: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Return the sums of the output, float64 (n_samples, n_classes).

    Parameters
    ----------
    spikes : ndarray of float64, shape (n_samples, n_neurons, n_steps)
    keep : ndarray of bool, shape (n_samples, n_steps)
        Which steps count.
    """
    for tau in readout.taus:
        kappa, trace = np.exp(-1 / tau), np.zeros(spikes.shape[:2])
        filtered = np.empty(spikes.shape)
        for t in range(spikes.shape[2]):
            trace = (kappa * trace + (1 - kappa) * spikes[:, :, t]) * keep[:, t, None]
            filtered[:, :, t] = trace
        spikes = filtered
    length = np.maximum(keep.sum(axis=1), 1)
    if readout.over == "last":
        pooled = spikes[np.arange(len(spikes)), :, length - 1]
    elif readout.over == "mean":
        pooled = (spikes * keep[:, None]).sum(axis=2) / length[:, None]
    else:
        pooled = np.where(keep[:, None], spikes, -np.inf).max(axis=2)
    return np.asarray(pooled @ readout.weight) + readout.bias
