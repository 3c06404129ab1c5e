"""The scale of weights on a core: what the sum of inputs of a step may come to decides how fine a weight can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurosparse.description.connectors import Connector, FromList
from neurosparse.hardware.figures import NeuronModel, RingBuffer


@dataclass(frozen=True)
class Input:
    """What the scale of one receptor is reckoned from, for one projection.

    Attributes
    ----------
    receptor : int
        Index of the synapse type.
    fan_in : int
        The most synapses onto one neuron.
    mean, variance, biggest : float
        Of the sizes of its weights (before any scaling).
    delay_variance : float
        ms**2.
    """

    receptor: int
    fan_in: int
    mean: float
    variance: float
    biggest: float
    delay_variance: float


def input_of(connector: Connector, receptor: int, fan_in: int, timestep: float) -> Input:
    """Return what one projection adds to the scale of its receptor; delays are rounded to whole timesteps."""
    if not isinstance(connector, FromList):
        size = abs(connector.weight)
        return Input(receptor, fan_in, size, 0.0, size, 0.0)
    if not len(connector):
        return Input(receptor, 0, 0.0, 0.0, 0.0, 0.0)
    sizes = np.abs(connector.weight)
    delays = np.rint(connector.delay / timestep) * timestep
    return Input(
        receptor,
        fan_in,
        float(sizes.mean()),
        float(sizes.var()),
        float(sizes.max()),
        float(delays.var()) if delays.min() < delays.max() else 0.0,
    )


def spikes_of_poisson(rate: float, timestep: float) -> float:
    """Return the most spikes that the tool chain expects of a Poisson source in a timestep.

    Parameters
    ----------
    rate : float
        Hz.
    timestep : float
        ms.

    Source: spynnaker/pyNN/models/spike_source/spike_source_poisson_vertex.py:497-512, sPyNNaker 1!7.4.1.
    """
    expected = rate * timestep / 1000.0
    if expected < 0.01:
        return 1.0
    from scipy.stats import poisson

    return math.ceil(poisson.ppf(0.999, expected)) + 1.0


def shifts(inputs: Sequence[Input], model: NeuronModel, buffer: RingBuffer, timestep: float) -> tuple[int, ...]:
    """Return how far the sums of each receptor are shifted left: 2**shift is more than they may come to.

    Source: spynnaker/pyNN/models/neuron/population_vertex.py:1365-1400, 1830-2041, sPyNNaker 1!7.4.1.
    """
    return tuple(
        _shift(_largest_sum([i for i in inputs if i.receptor == receptor], model.weight_scale, buffer, timestep))
        for receptor in range(model.synapse_types)
    )


def weight_scale(shift: int, model: NeuronModel, buffer: RingBuffer) -> float:
    """Return what a weight is multiplied by to become a whole number of `buffer.bits` bits (:1400-1420)."""
    return 2.0 ** (buffer.bits - (shift + 1)) * model.weight_scale


def _shift(largest: float) -> int:
    """Return the least power of two above `largest`, at least 0."""
    if largest <= 0:
        return 0
    power = math.ceil(max(0.0, math.log2(largest)))
    return power + 1 if 2**power <= largest else power


def _largest_sum(inputs: Sequence[Input], scale: float, buffer: RingBuffer, timestep: float) -> float:
    """Return the largest sum of inputs to one neuron in a timestep that one receptor is made for.

    Every source is taken to fire at the rate of `buffer`, one of random spikes too, whatever its own rate is: what
    the tool chain knows of that rate it does not ask here.
    """
    spikes = max(1.0, buffer.rate * timestep / 1000.0)
    total = sum(spikes * (i.biggest * i.fan_in) for i in inputs)
    # The biggest weight is scaled and the sum is not: for conductances one synapse decides. That is what it does.
    biggest = max((i.biggest * scale for i in inputs), default=0.0)
    delays = _Pooled()
    weights = _Pooled()
    for i in inputs:
        weights.add(i.mean * scale, i.variance * scale**2, i.fan_in)
        delays.add(0.0, i.delay_variance, i.fan_in)
    if delays.variance == 0.0:
        return max(total, biggest)
    return max(min(_expected_bound(weights, buffer, timestep), total), biggest)


class _Pooled:
    """Mean and variance of groups of values put together (spynnaker/pyNN/utilities/running_stats.py)."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, mean: float, variance: float, count: int) -> None:
        """Add `count` values of a mean and a variance."""
        if count <= 0:
            return
        together = self.count + count
        difference = mean - self.mean
        pooled = (self.count * self.mean + count * mean) / together
        self._squares = (
            self._squares + variance * (count - 1.0) + (difference * difference * self.count * count) / together
        )
        self.count, self.mean = together, pooled

    @property
    def variance(self) -> float:
        """Return the variance of all values."""
        return self._squares / (self.count - 1.0) if self.count > 1 else 0.0


def _expected_bound(weights: _Pooled, buffer: RingBuffer, timestep: float) -> float:
    """Return the mean sum of a step and `sigma` standard deviations, for Poisson inputs of varied weights.

    Source: ``_ring_buffer_expected_upper_bound``, population_vertex.py:1953-2026, sPyNNaker 1!7.4.1.
    """
    from scipy.special import gammaincc, gammaln

    spikes = weights.count * buffer.rate / (1000.0 / timestep)
    poisson = spikes * weights.mean**2
    upper = round(spikes + buffer.sum_sigma * math.sqrt(spikes))
    variance, spread = 0.0, math.sqrt(weights.variance)
    if spread > 0:
        ratio = math.log(spikes) * upper - gammaln(1 + upper)
        if -701.0 < ratio < 701.0 and ratio != 0.0:
            inner = math.exp(spikes) * gammaincc(1 + upper, spikes) - math.exp(ratio)
            variance = math.exp(-spikes + math.log(spikes) + 2.0 * math.log(spread) + math.log(inner))
    return spikes * weights.mean + buffer.sigma * math.sqrt(poisson + variance)
