"""The part of a trained network that matters: without unconnected sources and without neurons that reach nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork, TrainedProjection


@dataclass(frozen=True)
class Compacted:
    """A smaller network that computes the same, and where its neurons come from.

    Attributes
    ----------
    network : TrainedNetwork
    kept : mapping of str to ndarray of int64
        By population, input to output, the neurons of the whole network that stayed, ascending.
    """

    network: TrainedNetwork
    kept: Mapping[str, np.ndarray]

    @property
    def inputs(self) -> np.ndarray:
        """Return the inputs that stayed: the columns that a sample keeps."""
        return next(iter(self.kept.values()))


def compact(network: TrainedNetwork, widths: Mapping[str, int] | None = None) -> Compacted:
    """Return the network without the neurons that no path of synapses joins to an output.

    Those are sources without a synapse and neurons that reach nothing; the synapses into them go with them. A hidden
    neuron without inputs stays if it reaches an output: its bias speaks. Outputs all stay, and one neuron of a
    population of which none would. A synapse of weight zero is a synapse. Every output stays the same to the last bit,
    as what is left out adds nothing to any sum and the order of the others is kept.

    Parameters
    ----------
    network : TrainedNetwork
    widths : mapping of str to int, optional
        Neurons of a full slice by population, for a network that is laid out on cores: a population on several cores
        loses neurons from the last one alone, so that none moves to another core and no row becomes longer than it was.
        A population that is not named lies on one core.

    Returns
    -------
    Compacted
    """
    widths = widths or {}
    reaches = np.ones(network.sizes[-1], bool)
    post = np.arange(reaches.size)
    kept, projections = {network.projections[-1].post: post}, []
    for projection in reversed(network.projections):
        n_pre, width = projection.weight.shape[0], widths.get(projection.pre, projection.weight.shape[0])
        stays = reaches[projection.weight.indices]
        row = np.repeat(np.arange(n_pre), np.diff(projection.weight.indptr))[stays]
        reaches = np.zeros(n_pre, bool)
        reaches[row] = True
        pre = np.flatnonzero(reaches | (np.arange(n_pre) < (n_pre - 1) // width * width))
        pre = pre if pre.size else np.array([0])
        projections.append(_part(projection, stays, row, pre, post))
        kept[projection.pre] = post = pre
    return Compacted(TrainedNetwork(tuple(reversed(projections))), dict(reversed(kept.items())))


def effective(network: TrainedNetwork) -> tuple[int, ...]:
    """Return how many synapses of each projection lie on a path from an input to an output.

    "Effective connectivity" of Vysogorets and Kempe, "Connectivity Matters: Neural Network Pruning Through the Lens of
    Effective Sparsity", JMLR 24:99 (2023).
    """
    reached = [np.ones(network.sizes[0], bool)]
    for p in network.projections[:-1]:
        reached.append(_targets(p, reached[-1]))
    reaches = np.ones(network.sizes[-1], bool)
    counts = []
    for p, rows in zip(reversed(network.projections), reversed(reached), strict=True):
        row = np.repeat(np.arange(rows.size), np.diff(p.weight.indptr))
        on_path = rows[row] & reaches[p.weight.indices]
        counts.append(int(on_path.sum()))
        stays = reaches[p.weight.indices]
        reaches = np.zeros(rows.size, bool)
        reaches[row[stays]] = True
    return tuple(reversed(counts))


def _targets(projection: TrainedProjection, rows: np.ndarray) -> np.ndarray:
    """Return which post neurons have a synapse from one of the rows."""
    row = np.repeat(rows, np.diff(projection.weight.indptr))
    found = np.zeros(projection.weight.shape[1], bool)
    found[projection.weight.indices[row]] = True
    return found


def _part(
    projection: TrainedProjection, stays: np.ndarray, row: np.ndarray, pre: np.ndarray, post: np.ndarray
) -> TrainedProjection:
    """Return a projection between the neurons `pre` and `post` with the synapses that stay, whose rows are `row`."""
    weight = projection.weight
    row_start = np.zeros(pre.size + 1, np.int64)
    np.cumsum(np.bincount(np.searchsorted(pre, row), minlength=pre.size), out=row_start[1:])
    target = np.searchsorted(post, weight.indices[stays]).astype(np.int32)
    matrix = csr_array((weight.data[stays], target, row_start), shape=(pre.size, post.size))
    return replace(projection, weight=matrix, bias=projection.bias[post])
