"""A finished run made up without training: random connections as many as the plan allows."""

from dataclasses import dataclass, replace

import numpy as np
from booked import PROFILE
from scipy.sparse import csr_array

from neurosparse.graph import feedforward
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.facts import facts
from neurosparse.shares import split_budget

SETTINGS = {
    "data": {"value": "digits", "from": "default"},
    "layers": {"value": [300, 10], "from": "mine.toml:3"},
    "synapses": {"value": None, "from": "default"},
    "seed": {"value": 7, "from": "--seed"},
}


@dataclass(frozen=True)
class Finished:
    """What a page is made from."""

    document: dict
    plan: object
    history: list
    network: TrainedNetwork
    initial: TrainedNetwork | None

    @property
    def parts(self):
        """Return the arguments of `make_page`."""
        return self.document, self.plan, self.history, self.network, self.initial

    def without_start(self):
        """Return the same as an older run leaves it."""
        return replace(self, initial=None)


def finished(sizes, synapses, *, profile=PROFILE, epochs=3, seed=1, **limits):
    """Return a run of `sizes`, input to output."""
    graph = feedforward(sizes, split_budget(sizes, synapses))
    plan = make_plan(graph, profile, **limits)
    rng = np.random.default_rng(seed)
    initial, network = _network(graph, sizes, rng), _network(graph, sizes, rng)
    history = [
        {
            "epoch": k,
            "step": 10 * k,
            "rate": 0.1,
            "loss": 2.0 / k,
            "accuracy": 1.0 - 0.5 / k,
            "validation_loss": 2.1 / k,
            "validation_accuracy": 1.0 - 0.6 / k,
            "rewired": 100 * k,
            "live": synapses,
            "budget": synapses,
            "steps_over_budget": 0,
        }
        for k in range(1, epochs + 1)
    ]
    accuracy = {"train": 0.99, "validation": 0.95, "test": 0.9412}
    return Finished(facts(plan, network, SETTINGS, history, accuracy), plan, history, network, initial)


def _network(graph, sizes, rng):
    """Return random connections, as many as the budgets."""
    projections = []
    for planned, n_pre, n_post in zip(graph.projections, sizes[:-1], sizes[1:], strict=True):
        chosen = np.sort(rng.choice(n_pre * n_post, planned.synapses, replace=False))
        weight = csr_array(
            (rng.normal(size=chosen.size).astype(np.float32), (chosen // n_post, chosen % n_post)),
            shape=(n_pre, n_post),
        )
        projections.append(
            TrainedProjection(planned.name, planned.pre, planned.post, weight, np.zeros(n_post, np.float32))
        )
    return TrainedNetwork(tuple(projections))
