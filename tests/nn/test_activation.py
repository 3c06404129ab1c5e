import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation


@given(st.lists(st.floats(-100, 100, width=32)), st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([1, 4, 8, 64]))
def test_qcfs_by_its_formula(values, ceiling, levels):
    z = np.array(values, np.float32)
    out = Activation("qcfs", ceiling, levels)(z)
    assert out.dtype == np.float32
    # On the very edge of a level the sum in float32 may fall on either side.
    inside = np.abs(z * levels / ceiling + 0.5 - np.rint(z * levels / ceiling + 0.5)) > 1e-4
    expected = np.array([naive.qcfs(float(value), ceiling, levels)[0] for value in z])
    np.testing.assert_array_equal(out[inside], expected[inside])


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
        ("qcfs", math.inf, 8, "finite ceiling"),
        ("qcfs", 0.0, 8, "finite ceiling"),
        ("qcfs", math.nan, 8, "finite ceiling"),
        ("qcfs", 1.0, 0, "levels"),
    ],
)
def test_what_makes_no_sense_is_refused(kind, ceiling, levels, message):
    with pytest.raises(BadInput) as fault:
        Activation(kind, ceiling, levels)
    assert message in str(fault.value)
