"""Synapses as simulators take them: sorted, on the grid of timesteps, with the sign that their receptor asks for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurosparse.description.connectors import AllToAll, FixedProbability, FromList
from neurosparse.description.network import NetworkDescription, Projection
from neurosparse.errors import BadInput, shortage
from neurosparse.export.described.cells import CellType

MOST_DRAWN = 100_000_000
"""Synapses that a connector which draws may come to: 2.4 GB in the export."""


class Listed(NamedTuple):
    """The synapses of one projection, sorted by (pre, post); those of one pair keep their order.

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n,)
    weight : ndarray of float64, shape (n,)
        In the cell's unit. Currents and steps that inhibit are negative, conductances never.
    delay : ndarray of float64, shape (n,)
        ms, whole timesteps.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


def listed(network: NetworkDescription, k: int, cell: CellType, seed: int) -> Listed | None:
    """Return the synapses of projection number `k`; None for a rule that a script can follow by itself.

    A connector that draws is drawn here, so that every simulator has the same synapses: what it draws depends on the
    seed and on `k` alone.
    """
    projection = network.projections[k]
    connector = projection.connector
    if isinstance(connector, FixedProbability):
        # Not [seed, k]: scripts draw the input of population k from that.
        rng = np.random.default_rng([seed, k, 1])
        pre, post = _drawn(connector.p, *sizes(network, projection), rng)
        weight, delay = np.full(len(pre), connector.weight), np.full(len(pre), connector.delay)
    elif isinstance(connector, FromList):
        order = np.lexsort((connector.target, connector.source))
        pre, post = connector.source[order], connector.target[order]
        weight, delay = connector.weight[order].astype(np.float64), connector.delay[order]
    else:
        return None
    weight = signed(weight, projection, cell)
    return Listed(pre.astype(np.int32), post.astype(np.int32), weight, on_grid(delay, network.timestep))


def count(network: NetworkDescription, projection: Projection) -> int:
    """Return the number of synapses of a rule, the mean where it draws."""
    n_pre, n_post = sizes(network, projection)
    connector = projection.connector
    if isinstance(connector, FixedProbability):
        return round(connector.p * n_pre * n_post)
    return n_pre * n_post if isinstance(connector, AllToAll) else n_pre


def sizes(network: NetworkDescription, projection: Projection) -> tuple[int, int]:
    """Return the neurons of the two populations that a projection joins."""
    return network.population(projection.pre).size, network.population(projection.post).size


def signed(weight: np.ndarray, projection: Projection, cell: CellType) -> np.ndarray:
    """Return weights with the sign that simulators expect at the receptor of a projection.

    Current-based weights that inhibit are negative in NEST, NEURON and Brian2, which take the sign from the weight, and
    may be on SpiNNaker, which takes it from the receptor; conductances are positive everywhere.
    """
    size = np.abs(weight)
    return -size if projection.receptor == "inhibitory" and not cell.conducting else size


def on_grid(time: np.ndarray, timestep: float) -> np.ndarray:
    """Return times (ms) rounded to whole timesteps, one at least."""
    return np.maximum(1.0, np.rint(np.asarray(time, np.float64) / timestep)) * timestep


def check_synapses(network: NetworkDescription, k: int) -> None:
    """Raise BadInput where it is not certain what projection number `k` does, or it would draw too many synapses."""
    projection = network.projections[k]
    connector, where = projection.connector, f"projections[{k}]"
    weight = np.asarray(connector.weight)
    if projection.receptor == "excitatory" and weight.size and weight.min() < 0:
        raise BadInput(
            f"the weights of {projection.name!r} are negative, and its receptor excites",
            where=where,
            help="simulators would inhibit, SpiNNaker would excite: name it inhibitory, or make them positive",
        )
    if isinstance(connector, FixedProbability) and count(network, projection) > MOST_DRAWN:
        raise BadInput(
            f"{projection.name!r} draws more synapses than an export holds",
            numbers=shortage(count(network, projection), MOST_DRAWN),
            where=where,
        )


def _drawn(p: float, n_pre: int, n_post: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs, sorted, that a probability `p` for each of them chooses: the gaps between are geometric."""
    pairs = n_pre * n_post
    if p == 0.0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at_once = int(p * pairs + 6 * np.sqrt(p * pairs)) + 10
    parts, last = [], -1
    while last < pairs:
        # Gaps past the end are all alike, and must not overflow the sum.
        parts.append(last + np.cumsum(np.minimum(rng.geometric(p, at_once), pairs + 1)))
        last = int(parts[-1][-1])
    chosen = np.concatenate(parts)
    pre, post = np.divmod(chosen[chosen < pairs], n_post)
    return pre, post
