"""Where rates and activations part: by hand, and by breaking one layer of a network that works."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.spiking.cell import CURRENT_EXPONENTIAL, SOFT_RESET
from neurosparse.spiking.coding import CURRENT, REGULAR
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import Outcome, emulate
from neurosparse.spiking.parting import GROUPS, PARTED, Firing, first_parted, parting


def _projection(k, weight, bias):
    matrix = csr_array(np.array(weight, np.float32))
    return TrainedProjection(f"p{k}", ("in", "hidden", "out")[k], ("hidden", "out")[k], matrix, np.array(bias, "f4"))


# Hidden cell 0 follows input 0, cell 1 is their difference, cell 2 is never active; outputs are cells 0 and 1.
_SMALL = TrainedNetwork(
    (
        _projection(0, [[1, -1, 0], [0, 1, -1]], [0, 0, 0]),
        _projection(1, [[1, 0], [0, 1], [0, 0]], [0, 0.25]),
    )
)
_X = np.array([[1, 0], [0.5, 1], [0, 0.5]], np.float32)  # hidden: (1, 0), (0.5, 0.5), (0, 0.5)
_SOFT = convert(_SMALL, (1.0, 1.0), 1.0, SOFT_RESET, REGULAR)
_INPUTS = np.array([[8, 0], [4, 8], [0, 4]])


def _seen(hidden, potential, x=_INPUTS):
    return Outcome(np.array(potential, float), (np.array(x), np.array(hidden)))


def test_perfect_rates_part_nowhere():
    exact = _seen([[8, 0, 0], [4, 4, 0], [0, 4, 0]], [[80, 20], [40, 60], [0, 60]])
    first, hidden, output = parting(_SMALL, _SOFT, _X, exact, 8)
    for layer in (first, hidden, output):
        assert layer.correlation == pytest.approx(1.0)
        assert layer.agreement == 1.0
        assert all(group.activation == group.middle for group in layer.follows)
    assert [layer.name for layer in (first, hidden, output)] == ["in", "hidden", "out"]
    # Two synapses leave each input, one leaves hidden cells 0 and 1, none cell 2.
    assert first.firing == Firing(silent=0, inactive=0, saturated=None, mean_rate=0.5, spikes=8, events=16)
    assert hidden.firing == Firing(1 / 3, 1 / 3, 1 / 3, mean_rate=20 / 9 / 8, spikes=20 / 3, events=20 / 3)
    assert output.firing is None
    assert first_parted((first, hidden, output)) is None


def test_a_layer_costs_what_its_own_rates_cost():
    """Cell 0 is silent where it decides: the first sample goes to output 1 from there on, whatever potentials say."""
    wrong = _seen([[0, 0, 0], [4, 4, 0], [0, 4, 0]], [[80, 20], [40, 60], [0, 60]])
    first, hidden, output = parting(_SMALL, _SOFT, _X, wrong, 8)
    assert (first.agreement, hidden.agreement, output.agreement) == (1.0, 2 / 3, 1.0)
    exact, measured = [1, 0, 0, 0.5, 0.5, 0, 0, 0.5, 0], [0, 0, 0, 0.5, 0.5, 0, 0, 0.5, 0]
    assert hidden.correlation == pytest.approx(np.corrcoef(exact, measured)[0, 1])
    assert hidden.correlation < PARTED
    assert first_parted((first, hidden, output)) is hidden


def test_silence_follows_nothing_and_constants_cannot_be_followed():
    silent = _seen(np.zeros((3, 3), int), [[0, 20], [0, 20], [0, 20]])
    _, hidden, _ = parting(_SMALL, _SOFT, _X, silent, 8)
    assert hidden.correlation == 0.0
    assert hidden.firing == Firing(silent=1, inactive=1 / 3, saturated=0, mean_rate=0, spikes=0, events=0)
    assert hidden.agreement == 2 / 3, "the bias of output 1 decides"
    dark = parting(_SMALL, _SOFT, np.zeros((3, 2), np.float32), silent, 8)
    assert [layer.correlation for layer in dark[:2]] == [None, None]
    assert not any(layer.parts for layer in dark[:2])


def test_scale_and_rate_lead_back_to_activations():
    """At a scale of 2 and half the rate, one spike in four steps is an activation of 1."""
    spiking = convert(_SMALL, (2.0, 3.0), 0.5, SOFT_RESET, REGULAR)
    counts = [[2, 0, 0], [1, 1, 0], [0, 1, 0]]
    logits = _SMALL.activations(_X)[-1]
    hidden, output = parting(_SMALL, spiking, _X, _seen(counts, logits * 10 * 8 / 6), 8)[1:]
    for layer in (hidden, output):
        for group in layer.follows:
            assert group.middle == pytest.approx(group.activation, abs=1e-6)


def test_the_time_until_spikes_take_effect_is_taken_out():
    """Delays of 1 ms and time constants of 5 ms: of 69 steps the hidden layer is driven in 64, the output in 58."""
    spiking = convert(_SMALL, (1.0, 1.0), 0.25, CURRENT_EXPONENTIAL, REGULAR)
    logits = _SMALL.activations(_X)[-1]
    seen = _seen([[16, 0, 0], [8, 8, 0], [0, 8, 0]], logits * 10 * 0.25 * 58, 69 * _X)
    for layer in parting(_SMALL, spiking, _X, seen, 69):
        for group in layer.follows:
            assert group.middle == pytest.approx(group.activation, abs=1e-6)


def test_currents_leave_no_input_to_look_at():
    spiking = convert(_SMALL, (1.0, 1.0), 1.0, SOFT_RESET, CURRENT)
    seen = _seen([[8, 0, 0], [4, 4, 0], [0, 4, 0]], [[80, 20], [40, 60], [0, 60]], np.zeros((3, 2), int))
    assert [layer.name for layer in parting(_SMALL, spiking, _X, seen, 8)] == ["hidden", "out"]


def test_groups_hold_all_zeros_and_equal_parts_of_the_rest():
    rng = np.random.default_rng(1)
    x = rng.random((200, 2), np.float32)
    outcome = emulate(_SOFT, x, 32)
    hidden, output = parting(_SMALL, _SOFT, x, outcome, 32)[1:]
    assert len(hidden.follows) == GROUPS + 1
    assert len(output.follows) == GROUPS, "no sum is exactly 0"
    assert hidden.follows[0].activation == 0.0
    for group in hidden.follows:
        assert group.low <= group.middle <= group.high
        assert abs(group.middle - group.activation) < 2 / 32
    rising = [group.activation for group in hidden.follows]
    assert rising == sorted(rising)


def _digits(network, digits, cell, coding, rate):
    x = digits.test.x[:60] * np.float32(digits.scale)
    scales = activation_scales(network, digits.train.x * np.float32(digits.scale))
    return x, convert(network, scales, rate, cell, coding)


@pytest.mark.parametrize(
    ("cell", "coding", "rate", "steps"), [(CURRENT_EXPONENTIAL, REGULAR, 0.25, 96), (SOFT_RESET, CURRENT, 1.0, 32)]
)
def test_a_trained_network_follows_in_all_its_layers(network, digits, cell, coding, rate, steps):
    x, spiking = _digits(network, digits, cell, coding, rate)
    outcome = emulate(spiking, x, steps)
    layers = parting(network, spiking, x, outcome, steps)
    assert first_parted(layers) is None
    assert all(layer.correlation > 0.98 and layer.agreement >= 0.95 for layer in layers)
    assert layers[-1].agreement == np.mean(outcome.decision == network.activations(x)[-1].argmax(axis=1))


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_the_broken_layer_is_the_first_that_is_named(network, digits, broken):
    x, spiking = _digits(network, digits, SOFT_RESET, REGULAR, 1.0)
    wrong = replace(spiking.layers[broken], weight=-spiking.layers[broken].weight)
    layers = tuple(wrong if k == broken else layer for k, layer in enumerate(spiking.layers))
    outcome = emulate(replace(spiking, layers=layers), x, 32)
    found = parting(network, spiking, x, outcome, 32)
    assert first_parted(found).name == network.projections[broken].post
    for layer in found[: broken + 1]:
        assert layer.agreement >= 0.95, "what comes before it costs nothing"
    assert found[broken + 1].agreement < 0.5
