"""From a configuration to everything a run needs: data, profile, graph, plan, store and network."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurosparse.config import WITHOUT_EFFECT, Config
from neurosparse.data.dataset import Dataset
from neurosparse.data.library import load_dataset
from neurosparse.errors import BadInput
from neurosparse.graph import Graph, feedforward, split_budget, synapses_of
from neurosparse.hardware.library import load_profile
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.plan import make_plan
from neurosparse.store.layout import Layout, ProjectionLayout


@dataclass(frozen=True)
class Job:
    """A run before its first step: what is asked, on what data, and the plan that says it fits.

    Attributes
    ----------
    config : Config
    data : Dataset
    profile : Profile
    graph : Graph
    plan : Plan
    """

    config: Config
    data: Dataset
    profile: Profile
    graph: Graph
    plan: Plan

    @property
    def fingerprint(self) -> str:
        """Return the sha256 over everything the result depends on: configuration, data and profile."""
        parts = (self.config.fingerprint(), self.data.fingerprint, self.profile.fingerprint)
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def told(self) -> dict[str, dict[str, Any]]:
        """Return the configuration as a report tells it: data set and profile by name, never by path."""
        told = self.config.to_json()
        told["data"]["value"], told["profile"]["value"] = self.data.name, self.profile.name
        # Threads change neither the result nor its report.
        return {name: entry for name, entry in told.items() if name not in WITHOUT_EFFECT}

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the neurons of each layer, input to output."""
        return tuple(population.size for population in self.graph.populations)


def prepare(config: Config) -> Job:
    """Load and check everything a run needs, and plan it; nothing is written and nothing is trained.

    Raises
    ------
    BadInput, FileFault, Unavailable
        The profile or the data set is unknown or faulty, or layers and data do not match.
    OverBudget
        The network does not fit the machine.
    """
    settings = config.settings
    profile = load_profile(settings.profile)
    data = load_dataset(settings.data, validation=settings.validation)
    sizes = (data.n_features, *settings.layers, data.n_classes)
    _refuse_whole_network(settings.layers, data)
    graph = feedforward(sizes, split_budget(sizes, budget_of(sizes, settings.connectivity, settings.synapses)))
    plan = make_plan(
        graph,
        profile,
        neurons_per_core=settings.neurons_per_core,
        synapses_per_core=settings.synapses_per_core,
    )
    return Job(config, data, profile, graph, plan)


def budget_of(sizes: Sequence[int], connectivity: float | None, synapses: int | None) -> int:
    """Return the budget K of a chain of layers, given as a fraction of all pairs or as a number.

    Raises
    ------
    BadInput
        There are fewer synapses than projections.
    """
    budget = synapses if synapses is not None else synapses_of(connectivity or 0.0, sizes)
    if budget < len(sizes) - 1:
        raise BadInput(
            f"a budget of {budget} leaves a projection of {'-'.join(map(str, sizes))} without a synapse",
            help=f"at least {len(sizes) - 1}",
        )
    return budget


def layout_of(job: Job) -> Layout:
    """Return the layout of the synapse store that the plan of `job` allows."""
    projections = tuple(
        ProjectionLayout(
            p.name,
            job.graph.population(p.pre).size,
            job.graph.population(p.post).size,
            p.synapses,
            job.plan.width(p.post),
            job.plan.capacity(p.name),
        )
        for p in job.graph.projections
    )
    return Layout(projections, job.config.settings.scope)


def _refuse_whole_network(layers: Sequence[int], data: Dataset) -> None:
    """Refuse hidden layers that look like the whole network with its input and output."""
    if len(layers) > 2 and layers[0] == data.n_features and layers[-1] == data.n_classes:
        inner = ",".join(map(str, layers[1:-1]))
        raise BadInput(
            f"layers {','.join(map(str, layers))} name input and output of {data.name}, which are known",
            help=f"name the hidden layers alone: --layers {inner}",
        )
