"""The shortest duration that loses little is chosen, and the best one where all lose more."""

import numpy as np

from neurosparse.spiking.cell import CURRENT_EXPONENTIAL
from neurosparse.spiking.choose import Candidates, choose
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate

RATES, STEPS = (1.0, 0.5, 0.25), (48, 64, 96)
CANDIDATES = Candidates((CURRENT_EXPONENTIAL,), RATES, STEPS)


def agreements(network, scales, x):
    """Return the agreement of every pair of the grid, each emulated on its own."""
    own = network.activations(x)[-1].argmax(axis=1)
    return {
        (rate, steps): float(np.mean(emulate(convert(network, scales, rate), x, steps).decision == own))
        for rate in RATES
        for steps in STEPS
    }


def test_shortest_within_the_loss_and_best_of_these(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    table = agreements(network, scales, x)
    for loss in (0.03, 0.01):
        chosen = choose(network, network, scales, x, CANDIDATES, allowed_loss=loss)
        shortest = min(steps for (_, steps), agreement in table.items() if agreement >= 1 - loss)
        assert chosen.steps == shortest
        assert chosen.agreement == table[chosen.rate, shortest] == max(table[rate, shortest] for rate in RATES)


def test_best_of_all_where_none_is_within_the_loss(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    table = agreements(network, scales, x)
    chosen = choose(network, network, scales, x, CANDIDATES, allowed_loss=-1.0)
    assert chosen.agreement == table[chosen.rate, chosen.steps] == max(table.values())


def test_a_given_duration_is_kept(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    chosen = choose(network, network, scales, x, CANDIDATES, steps=17)
    own = network.activations(x)[-1].argmax(axis=1)
    assert chosen.steps == 17
    assert chosen.agreement == max(np.mean(emulate(convert(network, scales, r), x, 17).decision == own) for r in RATES)
