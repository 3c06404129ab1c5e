"""The emulator equals a slow twin, the solution on paper, and itself one sample at a time."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.spiking.cell import HARD_RESET, SOFT_RESET, Cell
from neurosparse.spiking.coding import CURRENT
from neurosparse.spiking.convert import SpikingLayer, SpikingNetwork, activation_scales, convert
from neurosparse.spiking.emulate import emulate, present


def slow(network: SpikingNetwork, x: np.ndarray, steps: int) -> list[float]:
    """One sample, one neuron, one synapse at a time, in Python numbers."""
    cell = network.cell
    p22, p11 = math.exp(-cell.step / cell.tau_membrane), math.exp(-cell.step / cell.tau_synapse)
    p21 = (p22 - p11) / (1 / cell.tau_synapse - 1 / cell.tau_membrane) / cell.capacitance
    p20 = cell.tau_membrane / cell.capacitance * (1 - p22)
    lead = round(cell.start / cell.step)
    last = len(network.layers) - 1
    v = [layer.initial.tolist() for layer in network.layers]
    i = [[0.0] * len(layer.offset) for layer in network.layers]
    sent = [[False] * layer.weight.shape[0] for layer in network.layers]
    for n in range(lead + steps):
        sent[0] = [
            n >= lead and math.floor(0.5 + r * (n - lead + 1)) > math.floor(0.5 + r * (n - lead)) for r in x.tolist()
        ]
        emitted = []
        for k, layer in enumerate(network.layers):
            dense, fired = layer.weight.toarray(), []
            for j in range(len(v[k])):
                v[k][j] = p22 * v[k][j] + p21 * i[k][j] + p20 * layer.offset[j]
                i[k][j] = p11 * i[k][j] + sum(dense[a, j] for a in range(len(sent[k])) if sent[k][a])
                fired.append(k != last and v[k][j] >= cell.threshold - cell.margin)
                if fired[-1]:
                    v[k][j] = 0.0
            emitted.append(fired)
        sent[1:] = emitted[:-1]
    return v[last]


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    sizes = (6, 7, 5, 3)
    layers = tuple(
        SpikingLayer(
            csr_array(rng.normal(0.3, 1.0, (n, m)) * (rng.random((n, m)) < 0.6) * 1.5),
            rng.normal(0.2, 0.5, m),
            rng.uniform(-2.0, 5.0, m),
        )
        for n, m in pairwise(sizes)
    )
    network = SpikingNetwork(Cell(), layers, (1.0, 1.0, 1.0), 1.0)
    x = rng.random((4, 6))
    got = next(islice(present(network, x), 59, None))
    assert pytest.approx(np.array([slow(network, row, 60) for row in x]), abs=1e-9) == got.T


def test_one_spike_is_the_solution_on_paper():
    # dv/dt = -v / tau_m + i / cm and di/dt = -i / tau_s from i(0) = w, v(0) = 0.
    cell = Cell(start=0.0)
    network = SpikingNetwork(cell, (SpikingLayer(csr_array(np.array([[2.0]])), np.zeros(1), np.zeros(1)),), (1.0,), 1.0)
    x = np.array([[0.01]])  # its first spike arrives at the end of step 50, the next one after 150
    trace = [float(v[0, 0]) for v in islice(present(network, x), 120)]
    t = np.arange(71)
    paper = 2.0 * (np.exp(-t / 500) - np.exp(-t / 5)) / (1 / 5 - 1 / 500)
    assert trace == pytest.approx([0.0] * 49 + paper.tolist(), abs=1e-9)


def test_samples_do_not_touch_each_other(network, digits):
    x = digits.test.x[:7] * np.float32(digits.scale)
    spiking = convert(network, activation_scales(network, digits.train.x * np.float32(digits.scale)), 0.25)
    together = next(islice(present(spiking, x), 63, None))
    alone = [next(islice(present(spiking, x[k : k + 1]), 63, None))[:, 0] for k in range(7)]
    assert np.array_equal(together, np.array(alone).T)


def test_decisions_are_those_of_the_network(network, digits):
    scale = np.float32(digits.scale)
    spiking = convert(network, activation_scales(network, digits.train.x * scale), 0.25)
    x = digits.test.x * scale
    assert np.mean(emulate(spiking, x, 128).decision == network.activations(x)[-1].argmax(axis=1)) > 0.97
    assert np.mean(emulate(spiking, x, 4).decision == network.activations(x)[-1].argmax(axis=1)) < 0.5


def slow_without_leak(network: SpikingNetwork, x: np.ndarray, steps: int) -> tuple[list[float], list[list[int]]]:
    """One sample of constant inputs: every layer sees in a step what the one before it sent in it."""
    cell, last = network.cell, len(network.layers) - 1
    v = [layer.initial.tolist() for layer in network.layers]
    counts = [[0] * len(potential) for potential in v[:-1]]
    for _ in range(steps):
        arriving = x.tolist()
        for k, layer in enumerate(network.layers):
            dense, fired = layer.weight.toarray(), [0.0] * len(v[k])
            for j in range(len(v[k])):
                v[k][j] += sum(dense[a, j] * arriving[a] for a in range(len(arriving))) + layer.offset[j]
                if k < last and v[k][j] >= cell.threshold:
                    fired[j] = 1.0
                    counts[k][j] += 1
                    v[k][j] = v[k][j] - cell.threshold if cell.soft else 0.0
            arriving = fired
    return v[last], counts


@pytest.mark.parametrize("cell", [SOFT_RESET, HARD_RESET], ids=["soft", "hard"])
def test_cells_without_leak_equal_the_slow_twin(cell, network, digits):
    x = digits.test.x[:4] * np.float32(digits.scale)
    scales = activation_scales(network, digits.train.x * np.float32(digits.scale))
    spiking = convert(network, scales, 1.0, cell, CURRENT)
    outcome = emulate(spiking, x, 12)
    assert not outcome.counts[0].any()
    for sample in range(4):
        potential, counts = slow_without_leak(spiking, x[sample], 12)
        assert outcome.potential[sample] == pytest.approx(potential, abs=1e-9)
        assert [count[sample].tolist() for count in outcome.counts[1:]] == counts


def test_counts_of_soft_reset_are_rounded_activations(network, digits):
    # floor(1/2 + activation / scale * steps), cut at a spike a step: what quantised training computes.
    x = digits.test.x[:50] * np.float32(digits.scale)
    scales = activation_scales(network, digits.train.x * np.float32(digits.scale))
    counts = emulate(convert(network, scales, 1.0, SOFT_RESET, CURRENT), x, 16).counts[1]
    expected = np.clip(np.floor(0.5 + network.activations(x)[0] / scales[0] * 16), 0, 16)
    assert np.mean(counts == expected) > 0.999
