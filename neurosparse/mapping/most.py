"""The most synapses of a chain of layers that are sure to fit a machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurosparse.graph import feedforward, split_budget, total_pairs
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.layout import PlanOptions
from neurosparse.mapping.plan import fits, make_plan


def most_synapses(sizes: Sequence[int], profile: Profile, **options: Any) -> int:
    """Return the most synapses, split over a chain of layers by the rule, that are sure to fit.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, input to output.
    options
        Limits as `make_plan` takes them; their slots do not depend on how many synapses there are, as every layer has
        one projection.

    Raises
    ------
    OverBudget
        Not even one synapse a projection fits.
    """

    def hold(total: int) -> bool:
        return fits(feedforward(sizes, split_budget(sizes, total)), profile, PlanOptions(**options))

    low, high = len(sizes) - 1, total_pairs(sizes)
    make_plan(feedforward(sizes, split_budget(sizes, low)), profile, **options)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if hold(middle) else (low, middle - 1)
    return low
