"""Networks trained with quantisation-clip-floor-shift need no more steps than levels."""

from dataclasses import replace

import numpy as np
import pytest

from neurosparse.nn.activation import Activation
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.cell import SOFT_RESET
from neurosparse.spiking.coding import CURRENT
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate

LEVELS = 8


@pytest.fixture(scope="module")
def clipped(network):
    """The trained network with its activations clipped and in levels."""
    qcfs = Activation("qcfs", 2.0, LEVELS)
    hidden = tuple(replace(p, activation=qcfs) for p in network.projections[:-1])
    return TrainedNetwork((*hidden, network.projections[-1]))


def test_the_full_scale_is_the_ceiling(clipped, digits):
    x = digits.train.x[:50] * np.float32(digits.scale)
    assert activation_scales(clipped, x)[:-1] == (2.0, 2.0)


def test_the_first_layer_counts_its_levels(clipped, digits):
    x = digits.validation.x[:50] * np.float32(digits.scale)
    spiking = convert(clipped, activation_scales(clipped, x), 1.0, SOFT_RESET, CURRENT)
    counts = emulate(spiking, x, LEVELS).counts[1]
    first = clipped.projections[0]
    z = x.astype(float) @ first.weight.toarray().astype(float) + first.bias
    level = z * LEVELS / 2.0 + 0.5
    # A sum on the very edge of a level may fall on either side of it.
    inside = np.abs(level - np.rint(level)) > 1e-6
    np.testing.assert_array_equal(counts[inside], np.clip(np.floor(level), 0, LEVELS)[inside])
    assert set(np.unique(counts)) == set(range(LEVELS + 1))
