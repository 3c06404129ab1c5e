import math

import numpy as np
import pytest

from neurosparse.errors import BadInput
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.rewire.deepr import DeepR, temperature_for
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out
from neurosparse.store.store import SynapseStore

STORE = SynapseStore(shared_out((2, 2), (2,)))


def train(layout, alpha, temperature, steps=60, seed=5, rate=0.3):
    store = SynapseStore(layout)
    rule = DeepR(store, alpha, temperature)
    store.fill(seed)
    network = Network(store, 16)
    network.initialise(1.0, seed)
    generator = np.random.default_rng(seed)
    born = 0
    for step in range(1, steps + 1):
        network.read(generator.random((16, network.sizes[0]), dtype=np.float32), np.arange(16), 1.0)
        label = generator.integers(0, network.sizes[-1], 16)
        shrink, noise, dies, keeps_signs = rule.terms(rate, step)
        network.learn(label, Law(rate, shrink, noise, 0.0, seed, step, dies, keeps_signs))
        born += rule.rewire(network.signals, rate, seed, step)
        store.check()
    return store, born


def test_shrinkage_and_noise_are_those_of_algorithm_1():
    rule = DeepR(STORE, alpha=0.01, temperature=0.002)
    assert rule.terms(0.5, 1).shrink == pytest.approx(0.5 * 0.01)
    assert rule.terms(0.5, 1).noise == pytest.approx(math.sqrt(2 * 0.5 * 0.002))
    assert rule.terms(0.5, 1).dies


def test_tau_is_noise_over_shrinkage():
    terms = DeepR(STORE, 0.01, temperature_for(3.0, 0.5, 0.01)).terms(0.5, 1)
    assert terms.noise / terms.shrink == pytest.approx(3.0)


def test_every_projection_keeps_its_own_budget():
    store, born = train(shared_out((20, 15, 4), (60, 20)), 0.05, 1e-4)
    assert born > 60
    assert [store.live_of(p) for p in store.projections] == [60, 20]


def test_a_network_budget_moves_between_projections():
    store, born = train(shared_out((20, 15, 4), (60, 20), "network"), 0.05, 1e-4)
    assert born > 60
    counts = [store.live_of(p) for p in store.projections]
    assert sum(counts) == 80
    assert counts != [60, 20]


def test_full_cores_stay_full_and_no_fuller():
    layout = Layout((ProjectionLayout("p", 20, 6, 40, 2, (20, 12, 8)),))
    store, born = train(layout, 0.05, 1e-4)
    assert born > 40
    assert store.live.tolist() == [20, 12, 8]


@pytest.mark.parametrize(("alpha", "temperature"), [(-1.0, 0.0), (0.0, -1.0), (math.nan, 0.0), (0.0, math.inf)])
def test_values_out_of_range_are_refused(alpha, temperature):
    with pytest.raises(BadInput, match="must be at least 0"):
        DeepR(STORE, alpha, temperature)
