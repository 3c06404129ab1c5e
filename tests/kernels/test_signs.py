import math

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.signs import settle_signs

WEIGHTS = st.sampled_from([0.0, -0.0, 1.0, -1.0]) | st.floats(-4, 4, width=32)


@given(
    width=st.integers(1, 6),
    longest=st.integers(1, 3),
    data=st.data(),
)
def test_rows_keep_to_their_limit_of_each_sign(width, longest, data):
    n_pre, n_post = 3, 6
    weight = {}
    for i in range(n_pre):
        for first in range(0, n_post, width):
            columns = range(first, min(first + width, n_post))
            # No row part has more than both signs may have together, as births see to it.
            for j in data.draw(st.sets(st.sampled_from(columns), max_size=2 * longest)):
                weight[i, j] = data.draw(WEIGHTS)
    row_start, target, values = naive.Rows(n_pre, n_post, weight).arrays()
    before = naive.read_rows(row_start, target, values)
    blocks, limits = np.array([(0, n_pre, n_post, width, 0)]), np.array([(0, longest, 2**31)])
    settled = settle_signs((row_start, target, values, np.zeros(0, np.float32)), blocks, limits)
    after = naive.read_rows(row_start, target, values)
    expected = {}
    for i in range(n_pre):
        for first in range(0, n_post, width):
            places = [(i, j) for j in range(first, first + width) if (i, j) in before]
            expected |= dict(zip(places, naive.within_row_lengths([before[p] for p in places], longest), strict=True))
    told = {place: (w, math.copysign(1, w)) for place, w in after.items()}
    assert told == {place: (w, math.copysign(1, w)) for place, w in expected.items()}
    changed = [p for p in before if math.copysign(1, before[p]) != math.copysign(1, after[p])]
    assert settled == len(changed)
