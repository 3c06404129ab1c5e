"""What training made of the connections: weights and degrees before the first step and after the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosparse.nn.trained import TrainedNetwork, TrainedProjection

_BINS = 40


@dataclass(frozen=True)
class Counts:
    """A histogram.

    Attributes
    ----------
    edges : ndarray of float64, shape (n + 1,)
    end : ndarray of int64, shape (n,)
        Connections or neurons in each bin after the last step.
    start : ndarray of int64, shape (n,), or None
        The same before the first step; None where a run left no such network.
    """

    edges: np.ndarray
    end: np.ndarray
    start: np.ndarray | None


@dataclass(frozen=True)
class State:
    """A projection at one time: its connections, its mean magnitude of weights, its degrees and what has none.

    Attributes
    ----------
    synapses : int
    inhibitory : int
        Of them with a negative weight (a weight of 0 has the sign of its sign bit).
    magnitude, largest : float
        Mean and greatest absolute weight.
    out_degree, in_degree : (float, int)
        Mean and greatest number of synapses of a source, and of a target.
    sources, targets : int
        Neurons without a synapse on either side.
    """

    synapses: int
    inhibitory: int
    magnitude: float
    largest: float
    out_degree: tuple[float, int]
    in_degree: tuple[float, int]
    sources: int
    targets: int


@dataclass(frozen=True)
class Connections:
    """One projection: histograms of weights, out-degrees and in-degrees, and its state at the start and at the end."""

    name: str
    pre: str
    post: str
    weights: Counts
    out_degrees: Counts
    in_degrees: Counts
    start: State | None
    end: State


def connections(network: TrainedNetwork, initial: TrainedNetwork | None) -> tuple[Connections, ...]:
    """Return what there is to say of each projection.

    Parameters
    ----------
    network, initial : TrainedNetwork
        After the last step, and before the first; of another network than the trained one nothing is said.
    """
    if initial is not None and [p.weight.shape for p in initial.projections] != [
        p.weight.shape for p in network.projections
    ]:
        initial = None
    matrices = network.architecture.matrices if network.architecture is not None else None
    found = []
    for k, p in enumerate(network.projections):
        delays = 1 if matrices is None else matrices[k].delays
        before = None if initial is None else initial.projections[k]
        both = [p] if before is None else [p, before]
        found.append(
            Connections(
                p.name, p.pre, p.post,
                _weights([q.weight.data for q in both]),
                _degrees([_out_degrees(q, delays) for q in both]),
                _degrees([_in_degrees(q) for q in both]),
                None if before is None else _state(before, delays),
                _state(p, delays),
            )
        )  # fmt: skip
    return tuple(found)


def _out_degrees(projection: TrainedProjection, delays: int) -> np.ndarray:
    """Return the synapses of each source, which has a row for each of its delays: int64 (n_pre,)."""
    return np.diff(projection.weight.indptr[::delays]).astype(np.int64)


def _in_degrees(projection: TrainedProjection) -> np.ndarray:
    """Return the synapses of each target: int64 (n_post,)."""
    return np.bincount(projection.weight.indices, minlength=projection.weight.shape[1]).astype(np.int64)


def _weights(values: list[np.ndarray]) -> Counts:
    """Count weights in bins around 0 that hold them all."""
    largest = max((float(np.abs(v).max()) for v in values if v.size), default=0.0) or 1.0
    edges = np.linspace(-largest, largest, _BINS + 1)
    return _counts(edges, values)


def _degrees(values: list[np.ndarray]) -> Counts:
    """Count degrees in bins of equally many whole numbers, from 0."""
    largest = max(int(v.max(initial=0)) for v in values)
    width = -(-(largest + 1) // _BINS)
    edges = np.arange(0, largest + 1 + width, width) - 0.5
    return _counts(edges, values)


def _counts(edges: np.ndarray, values: list[np.ndarray]) -> Counts:
    """Count the values after the last step, and those before the first if they are there."""
    found = [np.histogram(v.astype(np.float64), edges)[0] for v in values]
    return Counts(edges, found[0], found[1] if len(found) > 1 else None)


def _state(projection: TrainedProjection, delays: int) -> State:
    """Return the figures of a projection."""
    weight = projection.weight.data
    outgoing, incoming = _out_degrees(projection, delays), _in_degrees(projection)
    magnitude = np.abs(weight.astype(np.float64))
    return State(
        synapses=int(weight.size),
        inhibitory=int(np.signbit(weight).sum()),
        magnitude=float(magnitude.mean()) if weight.size else 0.0,
        largest=float(magnitude.max(initial=0.0)),
        out_degree=(float(outgoing.mean()), int(outgoing.max(initial=0))),
        in_degree=(float(incoming.mean()), int(incoming.max(initial=0))),
        sources=int((outgoing == 0).sum()),
        targets=int((incoming == 0).sum()),
    )
