import math

import pytest

from neurosparse.errors import BadInput
from neurosparse.train.optimizer import Sgd


def test_the_cosine_runs_from_the_rate_down_to_zero():
    sgd = Sgd(0.3)
    rates = [sgd.rate_at(step, 1000) for step in range(1, 1001)]
    assert rates[0] == 0.3
    assert rates[500] == pytest.approx(0.15)
    assert 0 < rates[-1] < 1e-5
    assert rates == sorted(rates, reverse=True)


def test_a_constant_stays():
    assert {Sgd(0.1, "constant").rate_at(step, 50) for step in range(1, 51)} == {0.1}


@pytest.mark.parametrize("values", [(0.0,), (-1.0,), (math.nan,), (math.inf,), (0.1, "sawtooth"), (0.1, "cosine", 1.0)])
def test_values_out_of_range_are_refused(values):
    with pytest.raises(BadInput):
        Sgd(*values)
