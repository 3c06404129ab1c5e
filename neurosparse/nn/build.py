"""From the layers of an architecture to layers that compute: one line a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from neurosparse.architecture import images, sequences
from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.layer import Dense, LayerSpec, Shape
from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.centre import Centre
from neurosparse.nn.conv import Conv
from neurosparse.nn.layer import Layer
from neurosparse.nn.leaky import Leaky
from neurosparse.nn.lif import Lif
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.lif_checkpoints import CheckpointedLif
from neurosparse.nn.linear import Linear
from neurosparse.nn.lstm import LSTM
from neurosparse.nn.norm import Norm
from neurosparse.nn.over_time import Last, Max, Mean
from neurosparse.nn.pool import AveragePool, MaxPool
from neurosparse.nn.views import Crop, Mirror, Pad
from neurosparse.nn.workers import Workers
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


@dataclass(frozen=True)
class Place:
    """Where a layer stands.

    Attributes
    ----------
    index : int
        The place in the network, from 0.
    before, after : tuple of int
        The shapes of what goes in and comes out.
    store : SynapseStore
    projections : tuple of Projection
    batch : int
    workers : Workers
    below, own : Activation
        What made the input, and what the layer makes of its sums.
    lengths : ndarray of int64, shape (batch,)
        The steps of each sample of a batch, whatever is being read.
    """

    index: int
    before: Shape
    after: Shape
    store: SynapseStore
    projections: tuple[Projection, ...]
    batch: int
    workers: Workers
    below: Activation
    own: Activation
    lengths: np.ndarray

    def biases(self) -> tuple[np.ndarray, np.ndarray]:
        """Return new biases of zero for the first projection, and their velocities where there is momentum."""
        count = self.projections[0].n_post
        return np.zeros(count, np.float32), np.zeros(count if self.store.velocity.size else 0, np.float32)


def _dense(spec: Dense, at: Place) -> Layer:
    """Return a fully connectable layer."""
    rectify = at.own.kind != "identity"
    return Linear(at.store, at.projections[0], at.biases(), rectify, at.own, at.workers, at.below)


def _conv(spec: images.Conv, at: Place) -> Layer:
    """Return a convolution."""
    return Conv(spec, at.before, at.store, at.projections[0], at.biases(), at.batch, at.own, at.below, at.workers)


def _lstm(spec: sequences.Lstm, at: Place) -> Layer:
    """Return an LSTM of one direction of time or both."""
    return LSTM(
        at.store, at.projections, (at.before[0], at.before[1]), spec.units, spec.directions == 2, at.workers, at.batch,
        at.below, at.lengths, spec.checkpoint_every or None, spec.clip,
    )  # fmt: skip


def _lif(spec: sequences.Lif, at: Place) -> Layer:
    """Return spiking neurons."""
    kind = partial(CheckpointedLif, spec.checkpoint_every) if spec.checkpoint_every else Lif
    return kind(
        at.store, at.projections, (at.before[0], at.before[1]), spec.neurons, spec.adaptive, LifCell.of(spec),
        at.workers, at.batch, at.below, at.lengths, input_delays=spec.input_delays, delays=spec.delays,
        learning=spec.learning, rate_strength=spec.rate_cost, rate_target=spec.rate, clip=spec.clip,
    )  # fmt: skip


def _norm(spec: images.Norm, at: Place) -> Layer:
    """Return the normalisation of the sums before it."""
    return Norm(at.after[0], at.own, bool(at.store.velocity.size), at.lengths, at.workers, at.store.parts)


_KINDS: dict[type[LayerSpec], Callable[[Any, Place], Layer]] = {
    Dense: _dense,
    images.Conv: _conv,
    images.Norm: _norm,
    images.MaxPool: lambda spec, at: MaxPool(spec, at.before, at.below, at.workers, at.store.parts),
    images.AveragePool: lambda spec, at: AveragePool(spec, at.before, at.below, at.workers, at.store.parts),
    images.Pad: lambda spec, at: Pad(spec.width, at.before, at.batch),
    images.Crop: lambda spec, at: Crop(spec.size, at.before, at.batch, at.index),
    images.Mirror: lambda spec, at: Mirror(at.before, at.batch, at.index),
    images.Centre: lambda spec, at: Centre(spec.value, at.below),
    sequences.Lstm: _lstm,
    sequences.BiLstm: _lstm,
    sequences.Lif: _lif,
    sequences.Leaky: lambda spec, at: Leaky(
        (at.before[0], at.before[1]), spec.tau, 1.0, at.batch, at.below, at.lengths
    ),
    sequences.Last: lambda spec, at: Last((at.before[0], at.before[1]), at.batch, at.below, at.lengths),
    sequences.Mean: lambda spec, at: Mean((at.before[0], at.before[1]), at.batch, at.below, at.lengths),
    sequences.Max: lambda spec, at: Max((at.before[0], at.before[1]), at.batch, at.below, at.lengths),
}


def build(
    architecture: Architecture,
    store: SynapseStore,
    batch: int,
    workers: Workers,
    rectified: Sequence[Activation],
    lengths: np.ndarray,
) -> tuple[Layer, ...]:
    """Return the layers of an architecture.

    Parameters
    ----------
    store : SynapseStore
        Its projections are the matrices of the architecture, in order.
    batch : int
        The largest number of samples at a time.
    rectified : sequence of Activation
        As `rectifiers` tells it.
    lengths : ndarray of int64, shape (batch,)
        The steps of each sample; kept up to date by whoever reads samples.

    Raises
    ------
    BadInput
        The store has other projections.
    """
    needed = [(m.rows, m.columns) for m in architecture.matrices]
    found = [(p.n_pre, p.n_post) for p in store.projections]
    if needed != found:
        raise BadInput(f"the store is for {found}, not for {architecture}", numbers={"needed": str(needed)})
    layers, first = [], 0
    for k, (spec, (before, after)) in enumerate(zip(architecture.layers, pairwise(architecture.signals), strict=True)):
        last = first + len(architecture.matrices_of(k))
        own = store.projections[first:last]
        at = Place(
            k, before.shape, after.shape, store, own, batch, workers, rectified[k], rectified[k + 1], lengths
        )  # fmt: skip
        layers.append(_KINDS[type(spec)](spec, at))
        first = last
    return tuple(layers)


def rectifiers(architecture: Architecture, activation: Activation) -> list[Activation]:
    """Return what made each signal, the input first: the activation of what is rectified, and of what is taken of it.

    Maxima and parts of an image hold its numbers; where zeros are around it, gates are closed.
    """
    made = [IDENTITY]
    for spec, following in zip(architecture.layers, [*architecture.layers[1:], None], strict=True):
        keeps = isinstance(spec, images.Pad | images.Crop | images.Mirror | images.MaxPool)
        keeps = keeps and (made[-1] == RELU or not isinstance(spec, images.AveragePool))
        if isinstance(following, images.Norm):
            made.append(IDENTITY)
        elif isinstance(spec, Dense | images.Conv | images.Norm):
            made.append(activation)
        else:
            made.append(made[-1] if keeps else IDENTITY)
    made[-1] = IDENTITY
    return made
