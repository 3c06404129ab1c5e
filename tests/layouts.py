"""Random layouts of stores, and a plain count of what their limits allow."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from neurosparse.store.layout import Layout, ProjectionLayout


@st.composite
def layouts(draw):
    """A chain of two or three layers on small cores, some of them tight, with and without limits."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=3, max_size=4))
    projections = []
    for k, (n_pre, n_post) in enumerate(pairwise(sizes)):
        width = draw(st.integers(1, n_post))
        cores = -(-n_post // width)
        capacity = draw(st.lists(st.integers(1, n_pre * width), min_size=cores, max_size=cores))
        limits = draw(st.none() | st.integers(1, 4)), draw(st.none() | st.integers(1, n_pre))
        open_layout = ProjectionLayout(f"p{k}", n_pre, n_post, 0, width, tuple(capacity), *limits)
        # Half of the layouts ask for all that is guaranteed.
        budget = draw(st.just(open_layout.guaranteed) | st.integers(1, open_layout.guaranteed))
        projections.append(replace(open_layout, budget=budget))
    return Layout(tuple(projections), draw(st.sampled_from(["projection", "network"])))


def within_limits(store):
    """Count row parts and fan-ins afresh, one synapse at a time."""
    for p, layout in zip(store.projections, store.layout.projections, strict=True):
        row_start, target, weight, _ = p.slots
        parts, fan_in = Counter(), Counter()
        for row in range(p.n_pre):
            for slot in range(row_start[row], row_start[row + 1]):
                parts[row, target[slot] // p.width, np.signbit(weight[slot])] += 1
                fan_in[target[slot]] += 1
        assert max(parts.values(), default=0) <= (layout.max_row_length or p.width)
        assert max(fan_in.values(), default=0) <= (layout.max_fan_in or p.n_pre)
