"""What a layer makes of its sums: the formula, its ranges, and its way through a file."""

import json
import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation


def test_by_hand():
    z = np.array([-3.0, -0.3, -0.25, 0.2, 0.25, 0.7, 0.75, 1.6, 1.75, 9.0], np.float32)
    steps = np.array([0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.5, 2.0, 2.0], np.float32)
    assert Activation("qcfs", 2.0, 4)(z).tolist() == steps.tolist()
    assert RELU(z).tolist() == np.maximum(z, 0).tolist()
    assert IDENTITY(z).tolist() == z.tolist()


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1),
    st.sampled_from([1e-3, 0.1, 1.0, 1.7, 1e3]),
    st.integers(1, 1024),
)
def test_qcfs_is_the_twin_in_float32(z, ceiling, levels):
    found = Activation("qcfs", ceiling, levels)(np.array(z, np.float64))
    assert found.dtype == np.float32
    assert found.tolist() == [naive.qcfs(value, ceiling, levels)[0] for value in z]
    assert found.min() >= 0
    assert found.max() <= np.float32(ceiling)


@pytest.mark.parametrize("activation", [RELU, IDENTITY, Activation("qcfs", 1 / 3, 8)])
def test_an_activation_survives_json(activation):
    assert Activation.from_json(json.loads(json.dumps(activation.to_json(), allow_nan=False))) == activation


@pytest.mark.parametrize(
    "values",
    [
        ("tanh",), ("relu", 1.0), ("relu", math.inf, 3), ("identity", 2.0, 0), ("qcfs",), ("qcfs", 1.0),
        ("qcfs", 0.0, 8), ("qcfs", math.inf, 8), ("qcfs", math.nan, 8), ("qcfs", 1.0, 1025), ("qcfs", 1.0, 2.5),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused(values):
    with pytest.raises(BadInput):
        Activation(*values)
