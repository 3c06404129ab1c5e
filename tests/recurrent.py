"""Networks of spiking layers with random connections, as many as asked for, inside the slots and limits of a plan."""

import numpy as np
from scipy.sparse import csr_array

from neurosparse.architecture.architecture import planned
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.most import graph_within
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.run.job import LIMITS, layout_of
from neurosparse.store.store import SynapseStore


def plan_of(layers, connectivity=0.05, **limits):
    """Return the architecture of some layers and its plan on spinnaker."""
    architecture, profile = planned(layers), load_profile("spinnaker")
    graph, limits = graph_within(architecture, profile, connectivity, None, dict.fromkeys(LIMITS) | limits)
    return architecture, make_plan(graph, profile, **limits)


def drawn(architecture, plan, seed=1):
    """Return a network that fills a plan, its weights between 0.1 and 1 of either sign."""
    store = SynapseStore(layout_of(plan, "projection"))
    store.fill(seed)
    projections = []
    for p, known in zip(store.projections, plan.graph.projections, strict=True):
        row_start, target, weight, _ = p.slots
        own = slice(row_start[0], row_start[-1])
        size = np.random.default_rng(seed).uniform(0.1, 1, target[own].size).astype(np.float32)
        matrix = csr_array(
            (np.copysign(size, weight[own]), target[own], row_start - row_start[0]), shape=(p.n_pre, p.n_post)
        )
        bias = np.zeros(p.n_post, np.float32)
        projections.append(TrainedProjection(known.name, known.pre, known.post, matrix, bias))
    return TrainedNetwork(tuple(projections), architecture)
