"""The shortest duration that loses little is chosen, and the best one where all lose more."""

import numpy as np

from neurosparse.export.choose import RATES, STEPS, choose
from neurosparse.export.emulate import decide
from neurosparse.export.spiking import activation_scales, convert


def agreements(network, scales, x):
    """Return the agreement of every pair of the grid, each emulated on its own."""
    own = network.activations(x)[-1].argmax(axis=1)
    return {
        (rate, steps): float(np.mean(decide(convert(network, scales, rate), x, steps) == own))
        for rate in RATES
        for steps in STEPS
    }


def test_shortest_within_the_loss_and_best_of_these(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    table = agreements(network, scales, x)
    for loss in (0.03, 0.01):
        chosen = choose(network, scales, x, allowed_loss=loss)
        shortest = min(steps for (_, steps), agreement in table.items() if agreement >= 1 - loss)
        assert chosen.steps == shortest
        assert chosen.agreement == table[chosen.rate, shortest] == max(table[rate, shortest] for rate in RATES)


def test_best_of_all_where_none_is_within_the_loss(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    table = agreements(network, scales, x)
    chosen = choose(network, scales, x, allowed_loss=-1.0)
    assert chosen.agreement == table[chosen.rate, chosen.steps] == max(table.values())


def test_a_given_duration_is_kept(network, digits):
    x = digits.train.x[:200] * np.float32(digits.scale)
    scales = activation_scales(network, x)
    chosen = choose(network, scales, x, steps=17)
    own = network.activations(x)[-1].argmax(axis=1)
    assert chosen.steps == 17
    assert chosen.agreement == max(np.mean(decide(convert(network, scales, r), x, 17) == own) for r in RATES)
