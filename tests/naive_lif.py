"""Spiking neurons written down once more, step by step on whole matrices, for `tape` to take their gradients."""

from __future__ import annotations

import numpy as np
from tape import Node, constant, part, spike, transposed_product


def lif(xs, weights, recurrent, bias, cell, n_adaptive, keep, *, delays=(1, 1), cut=False, record=None):
    """Return the spikes of every step, nodes (n, samples), for inputs `xs`, nodes (features, samples).

    `weights` is (features * delays[0], n), `recurrent` (n * delays[1], n) or None, `bias` (n, 1), nodes; `keep` is
    (steps, samples). Where `cut`, no gradient passes a recurrent connection. Potentials before the reset, thresholds
    and whether a neuron could spike are appended to `record`.
    """
    n, samples = weights.value.shape[1], xs[0].value.shape[1]
    v, i = Node(np.zeros((n, samples))), Node(np.zeros((n, samples)))
    a = Node(np.zeros((n, samples)))
    rest = np.zeros((n, samples))
    adaptive = (np.arange(n) >= n - n_adaptive)[:, None].astype(float)
    spikes = []
    for t in range(len(xs)):
        s = Node(np.zeros((n, samples)))
        for d in range(min(delays[0], t + 1)):
            s = s + transposed_product(part(weights, slice(d, None, delays[0])), xs[t - d])
        if recurrent is not None:
            for d in range(min(delays[1], t)):
                source = constant(spikes[t - 1 - d]) if cut else spikes[t - 1 - d]
                s = s + transposed_product(part(recurrent, slice(d, None, delays[1])), source)
        if cell.tau_syn is None:
            drive = s + bias
        else:
            drive = i * cell.reach + bias
            i = i * cell.decay + s
        ready = (rest <= 0) * keep[t][None, :]
        u = (v * cell.alpha + drive) * ready
        height = u + a * (-cell.beta * adaptive) + (-1.0)
        z = spike(height, cell.dampening) * ready
        v = u * (1 - z.value)
        a = a * cell.rho + z
        rest = np.where(z.value > 0, cell.rests, np.maximum(rest - 1, 0))
        spikes.append(z)
        if record is not None:
            record.append((u.value, height.value, ready))
    return spikes


def eprop(source, delays, least, record, z, learning_signal, cell, n_adaptive):
    """Return the gradient of every weight (n_pre * delays, n), and of a bias (n,), from traces that go forward in time.

    `source` is (n_pre, steps, samples), `record` what `lif` noted, `z` and `learning_signal` (n, steps, samples). Every
    pair of a source and a neuron has an eligibility vector: what the weight did to current, potential and adaptation.
    """
    (n_pre, steps, samples), n = source.shape, z.shape[0]
    adaptive = (np.arange(n) >= n - n_adaptive)[:, None]
    gradient = np.zeros((n_pre * delays + 1, n))
    # The last row is the bias, which moves the potential directly.
    v, i, a = np.zeros((3, n_pre * delays + 1, n, samples))
    for t in range(steps):
        arrived = np.zeros((n_pre * delays + 1, 1, samples))
        for d in range(delays):
            if t - least - d >= 0:
                arrived[d:-1:delays, 0] = source[:, t - least - d]
        _, height, ready = record[t]
        constant = np.zeros_like(arrived)
        constant[-1] = 1.0
        if cell.tau_syn is None:
            drive = arrived + constant
        else:
            drive = cell.reach * i + constant
            i = cell.decay * i + arrived
        v = ready * (cell.alpha * v + drive)
        psi = cell.dampening * np.maximum(0, 1 - np.abs(height)) * ready
        trace = psi * (v - adaptive * cell.beta * a)
        gradient += (learning_signal[:, t] * trace).sum(axis=2)
        a = cell.rho * a + trace
        v = v * (1 - z[:, t])
    return gradient[:-1], gradient[-1]
