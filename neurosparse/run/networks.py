"""From settings and an architecture to the network that learns."""

from __future__ import annotations

from neurosparse.architecture.architecture import Architecture
from neurosparse.each import one_each
from neurosparse.graph import Graph
from neurosparse.nn.activation import RELU, Activation
from neurosparse.nn.layered import AnyNetwork, Layered
from neurosparse.nn.network import Network
from neurosparse.nn.snapshot import Ends
from neurosparse.nn.workers import Workers
from neurosparse.settings import Settings
from neurosparse.store.store import SynapseStore


def network_of(settings: Settings, architecture: Architecture, store: SynapseStore) -> AnyNetwork:
    """Return the network that is asked for: a chain, whose steps are one call, or any layers.

    Raises
    ------
    BadInput
        There are as many rates or factors neither as projections nor one, or dropout makes no sense somewhere.
    """
    count, batch, workers = len(store.projections), settings.batch, Workers(settings.threads)
    activation = activation_of(settings)
    dropout = one_each("dropout", settings.dropout, count)
    preconditioner = one_each("preconditioner", settings.preconditioner, count)
    smoothing = settings.label_smoothing
    if architecture.is_chain:
        return Network(
            store, batch, workers, activation,
            dropout=dropout, preconditioner=preconditioner, smoothing=smoothing,
        )  # fmt: skip
    return Layered(
        architecture, store, batch, workers, activation,
        dropout=dropout, preconditioner=preconditioner, smoothing=smoothing,
    )  # fmt: skip


def activation_of(settings: Settings) -> Activation:
    """Return the activation of hidden neurons that is asked for."""
    return Activation("qcfs", settings.ceiling, settings.levels) if settings.activation == "qcfs" else RELU


def ends_of(graph: Graph) -> list[Ends]:
    """Return the names of the projections of a graph and of the populations that they join."""
    return [(p.name, p.pre, p.post) for p in graph.projections]
