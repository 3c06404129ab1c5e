"""A spiking network as SpiNNaker computes it: weights of 16 bits in ring buffers, and a state of s16.15 numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.emulate import Moment, Outcome, count, lead_in

_FRACTION = 15
_ONE = 1 << _FRACTION
_DECAY = 32
_RING_BUFFER = (1 << 16) - 1


def fixed_moments(network: SpikingNetwork, x: np.ndarray, shifts: Sequence[tuple[int, int]]) -> Iterator[Moment]:
    """Present samples and yield the state after each timestep, without end, those before the first input included.

    In a timestep ring buffers become currents, the membrane moves, a cell that reached its threshold is reset, and the
    currents decay. Sums of weights stay at the most that a ring buffer holds; products are cut to 15 bits after the
    point, sums beyond 16 bits before it wrap, as C's ``accum`` does.

    Source: sPyNNaker neural_modelling/src/neuron, public copies: implementations/neuron_impl_standard.h (order),
    models/neuron_model_lif_impl.h (closed form), synapse_types/exp_synapse_utils.h and decay.h (currents). Not compared
    with hardware.

    Parameters
    ----------
    network : SpikingNetwork
        Of cells with a synaptic time constant.
    x : ndarray, shape (n_samples, n_inputs)
    shifts : sequence of (int, int)
        Of each layer: how far the sums of excitatory and of inhibitory weights are shifted left (the plan's scaling).
    """
    cell, last = network.cell, len(network.layers) - 1
    rates = np.ascontiguousarray(x.T, dtype=np.float64)
    n_samples = rates.shape[1]
    keep = _accum(math.exp(-cell.step / cell.tau_membrane))
    resistance = _accum(cell.tau_membrane / cell.capacitance)
    decay = round(math.exp(-cell.step / cell.tau_synapse) * 2.0**_DECAY)
    begin = round(cell.tau_synapse / cell.step * (2.0**_DECAY - decay))
    threshold = _accum(cell.threshold - cell.margin)

    offset = [np.repeat(_accum(layer.offset)[:, None], n_samples, axis=1) for layer in network.layers]
    silent = network.coding.kind == "current"
    if silent:
        offset[0] = _accum(network.input_current(x).T)
    incoming = [_whole(layer.weight, pair) for layer, pair in zip(network.layers, shifts, strict=True)]
    v = [np.repeat(_accum(layer.initial)[:, None], n_samples, axis=1) for layer in network.layers]
    current = [[np.zeros_like(potential) for _ in range(2)] for potential in v]
    spikes = [np.zeros(rates.shape), *(np.zeros(potential.shape) for potential in v[:-1])]

    silence = itertools.repeat(np.zeros(rates.shape, dtype=bool), lead_in(network))
    for fired in itertools.chain(silence, network.coding.spikes(rates)):
        # From the last layer back, each layer receives what the one before it sent a timestep ago.
        for k in range(last, -1, -1):
            for receptor in range(2):
                flowing = current[k][receptor]
                if k or not silent:
                    sums = np.minimum(incoming[k][receptor] @ spikes[k], _RING_BUFFER).astype(np.int64)
                    flowing += (sums << shifts[k][receptor]) * begin >> _DECAY
            total = current[k][0] - current[k][1] + offset[k]
            steady = _wrapped(total * resistance >> _FRACTION)
            v[k] = _wrapped(steady - (keep * (steady - v[k]) >> _FRACTION))
            for flowing in current[k]:
                flowing[:] = flowing * decay >> _DECAY
            if k < last:
                above = v[k] >= threshold
                spikes[k + 1][:] = above
                v[k][above] = 0
        yield Moment(v[-1] / _ONE, [fired, *spikes[1:]])
        spikes[0][:] = fired


def emulate_fixed(network: SpikingNetwork, x: np.ndarray, steps: int, shifts: Sequence[tuple[int, int]]) -> Outcome:
    """Present samples for `steps` timesteps and return what comes of it; see `fixed_moments`."""
    return count(itertools.islice(fixed_moments(network, x, shifts), lead_in(network) + steps))


def _accum(value: float | np.ndarray) -> np.ndarray:
    """Return s16.15 numbers as the whole numbers that stand for them: int64."""
    return np.asarray(np.rint(np.asarray(value) * _ONE)).astype(np.int64)


def _wrapped(bits: np.ndarray) -> np.ndarray:
    """Return what 32 bits keep of a number."""
    return (bits + (1 << 31)) % (1 << 32) - (1 << 31)


def _whole(weight: csr_array, shifts: tuple[int, int]) -> tuple[csr_array, csr_array]:
    """Return the whole numbers of excitatory and inhibitory weights, each (n_post, n_pre)."""
    parts = []
    for shift, sign in zip(shifts, (1.0, -1.0), strict=True):
        part = csr_array((weight * sign).maximum(0.0).T)
        # 16 bits in all, of which the ring buffer's sum takes `shift` + 1 above the point.
        part.data = np.rint(part.data * 2.0 ** (_FRACTION - shift))
        parts.append(part)
    return parts[0], parts[1]
