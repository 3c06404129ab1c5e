import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation


def test_qcfs_by_hand():
    z = np.array([-3.0, -0.3, -0.25, 0.2, 0.25, 0.7, 0.75, 1.6, 1.75, 9.0])
    assert Activation("qcfs", 2.0, 4)(z).tolist() == [0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.5, 2.0, 2.0]


@given(st.lists(st.floats(-1e6, 1e6, width=32)), st.sampled_from([1e-3, 0.1, 1.0, 1.7, 1e3]), st.integers(1, 1024))
def test_qcfs_is_the_twin_to_the_bit(values, ceiling, levels):
    out = Activation("qcfs", ceiling, levels)(np.array(values))
    assert out.dtype == np.float32
    assert out.tolist() == [naive.qcfs(value, ceiling, levels)[0] for value in values]


def test_the_plain_ones():
    z = np.array([-1.0, 0.0, 2.5], np.float32)
    np.testing.assert_array_equal(RELU(z), [0.0, 0.0, 2.5])
    np.testing.assert_array_equal(IDENTITY(z), z)


@pytest.mark.parametrize("activation", [RELU, IDENTITY, Activation("qcfs", 2.5, 8)])
def test_a_file_gives_it_back(activation):
    assert Activation.from_json(activation.to_json()) == activation


@pytest.mark.parametrize(
    ("kind", "ceiling", "levels", "message"),
    [
        ("tanh", math.inf, 0, "known: identity, relu, qcfs"),
        ("relu", 1.0, 0, "has no ceiling"),
        ("identity", math.inf, 8, "has no ceiling"),
        ("qcfs", math.inf, 8, "needs a ceiling"),
        ("qcfs", 0.0, 8, "needs a ceiling"),
        ("qcfs", 1e-40, 8, "needs a ceiling"),
        ("qcfs", math.nan, 8, "needs a ceiling"),
        ("qcfs", 1.0, 0, "whole levels"),
        ("qcfs", 1.0, 2.5, "whole levels"),
        ("qcfs", 1.0, 1025, "whole levels"),
    ],
)
def test_what_makes_no_sense_is_refused(kind, ceiling, levels, message):
    with pytest.raises(BadInput) as fault:
        Activation(kind, ceiling, levels)
    assert message in str(fault.value)
