"""SpiNNaker's arithmetic, many cells at once, equals the same in Python's whole numbers, one cell at a time."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.spiking.cell import CURRENT_EXPONENTIAL, Cell
from neurosparse.spiking.coding import CURRENT
from neurosparse.spiking.convert import SpikingLayer, SpikingNetwork, activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.fixed import emulate_fixed


def accum(value: float) -> int:
    return round(value * 32768)


def mulk(a: int, b: int) -> int:
    """The product of two s16.15 numbers as 32 bits keep it."""
    product = a * b >> 15
    return (product + 2**31) % 2**32 - 2**31


def slow(network: SpikingNetwork, x: np.ndarray, steps: int, shifts) -> tuple[list[float], list[list[int]]]:
    cell, last = network.cell, len(network.layers) - 1
    exp_tc, r_membrane = accum(math.exp(-cell.step / cell.tau_membrane)), accum(cell.tau_membrane / cell.capacitance)
    decay = round(math.exp(-cell.step / cell.tau_synapse) * 2**32)
    init = round(cell.tau_synapse / cell.step * (2**32 - decay))
    lead = round(cell.start / cell.step)
    v = [[accum(value) for value in layer.initial] for layer in network.layers]
    buffers = [[[0, 0] for _ in layer.offset] for layer in network.layers]
    sent = [[False] * layer.weight.shape[0] for layer in network.layers]
    counts = [[0] * len(potential) for potential in v[:-1]]
    for n in range(lead + steps):
        fired = [[n >= lead and math.floor(0.5 + r * (n - lead + 1)) > math.floor(0.5 + r * (n - lead)) for r in x]]
        for k, layer in enumerate(network.layers):
            dense, spiking = layer.weight.toarray(), []
            for j in range(len(v[k])):
                for receptor, sign in enumerate((1, -1)):
                    shift = shifts[k][receptor]
                    ring = sum(
                        round(max(sign * dense[i, j], 0) * 2 ** (15 - shift)) for i in range(len(sent[k])) if sent[k][i]
                    )
                    buffers[k][j][receptor] += (min(ring, 65535) << shift) * init >> 32
                excitation, inhibition = buffers[k][j]
                alpha = mulk(excitation - inhibition + accum(layer.offset[j]), r_membrane)
                v[k][j] = alpha - mulk(exp_tc, alpha - v[k][j])
                buffers[k][j] = [value * decay >> 32 for value in buffers[k][j]]
                spiking.append(k < last and v[k][j] >= accum(cell.threshold - cell.margin))
                if spiking[-1]:
                    v[k][j] = 0
                    counts[k][j] += 1
            fired.append(spiking)
        sent = fired[:-1]
    return [value / 32768 for value in v[last]], counts


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    sizes = (6, 7, 5, 3)
    layers = tuple(
        SpikingLayer(
            csr_array(rng.normal(0.3, 1.0, (n, m)) * (rng.random((n, m)) < 0.6)),
            rng.normal(0.2, 0.5, m),
            rng.uniform(-2.0, 5.0, m),
        )
        for n, m in pairwise(sizes)
    )
    network = SpikingNetwork(Cell(), layers, (1.0, 1.0, 1.0), 1.0)
    shifts = [(3, 2), (2, 4), (3, 3)]
    x = rng.random((3, 6))
    got = emulate_fixed(network, x, 50, shifts)
    for sample in range(3):
        potential, counts = slow(network, x[sample], 50, shifts)
        assert got.potential[sample].tolist() == potential
        assert [count[sample].tolist() for count in got.counts[1:]] == counts


def test_a_ring_buffer_holds_no_more_than_sixteen_bits():
    # Two inputs of 1.5 at shift 1: each is 24,576 steps of 1/16,384, both together 49,152; at shift 0 they would be
    # 98,304, of which 65,535 stay.
    layer = SpikingLayer(csr_array(np.array([[1.5], [1.5]])), np.zeros(1), np.zeros(1))
    network = SpikingNetwork(Cell(start=0.0), (layer,), (1.0,), 1.0)
    x = np.array([[1.0, 1.0]])
    wide, narrow = (emulate_fixed(network, x, 2, [(shift, 0)]).potential[0, 0] for shift in (1, 0))
    assert narrow / wide == pytest.approx(65535 / 98304, rel=1e-3)


def test_decides_as_exact_numbers_do(network, digits):
    scale = np.float32(digits.scale)
    scales = activation_scales(network, digits.train.x * scale)
    x = digits.test.x[:100] * scale
    for coding in (CURRENT, None):
        options = {} if coding is None else {"coding": coding}
        spiking = convert(network, scales, 0.25, CURRENT_EXPONENTIAL, **options)
        exact, fixed = emulate(spiking, x, 96), emulate_fixed(spiking, x, 96, [(4, 4), (4, 4), (4, 4)])
        assert np.mean(exact.decision == fixed.decision) >= 0.97
        assert np.abs(exact.counts[1] - fixed.counts[1]).mean() < 0.3
