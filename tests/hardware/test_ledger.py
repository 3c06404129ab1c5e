"""Used and available, always as a pair."""

import math

from hypothesis import given
from hypothesis import strategies as st

from neurosparse.hardware.ledger import Usage


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_free_and_over_balance(used, available):
    usage = Usage(used, available)
    assert usage.free - usage.over == available - used
    assert usage.fits == (usage.over == 0) == (used <= available)
    assert min(usage.free, usage.over) == 0


def test_fractions():
    assert Usage(1, 4).fraction == 0.25
    assert Usage(0, 0).fraction == 0.0
    assert math.isinf(Usage(1, 0).fraction)
