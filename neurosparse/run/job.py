"""From a configuration to everything a run needs: data, profile, graph, plan, store and network."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.architecture.architecture import Architecture, architecture_of
from neurosparse.architecture.layer import layer_text
from neurosparse.architecture.sequences import Lif
from neurosparse.config import Config
from neurosparse.data.dataset import Dataset
from neurosparse.data.library import load_dataset
from neurosparse.errors import BadInput, shortage
from neurosparse.graph import Graph
from neurosparse.grid import most_of
from neurosparse.hardware.library import load_profile
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.most import graph_within
from neurosparse.mapping.plan import make_plan
from neurosparse.run.rules import refuse_signs_in_rows, refuse_unfit, refuse_unused, with_defaults
from neurosparse.settings import Settings
from neurosparse.store.layout import Layout, ProjectionLayout
from neurosparse.train.trainer import refuse_large_batch

#: The settings that limit what a core may hold; `make_plan` takes them by the same names.
LIMITS = ("neurons_per_core", "synapses_per_core", "max_row_length", "max_fan_in", "budget")


@dataclass(frozen=True)
class Job:
    """A run before its first step: what is asked, on what data, and the plan that says it fits.

    Attributes
    ----------
    config : Config
    data : Dataset
    architecture : Architecture
    profile : Profile
    graph : Graph
    plan : Plan
    """

    config: Config
    data: Dataset
    architecture: Architecture
    profile: Profile
    graph: Graph
    plan: Plan

    @property
    def fingerprint(self) -> str:
        """Return the sha256 over everything the result depends on."""
        return fingerprint_of(self.config, self.data.fingerprint, self.profile.fingerprint)


def prepare(config: Config, data: Dataset | None = None, *, is_new: bool = False) -> Job:
    """Load and check everything a run needs, and plan it; nothing is written and nothing is trained.

    Parameters
    ----------
    config : Config
    data : Dataset, optional
        The data set that `config` names, where it is loaded already.
    is_new : bool
        Whether what nobody named is what the rule says (see `with_defaults`): a run that goes on has it already.

    Raises
    ------
    BadInput, FileFault, Unavailable
        The profile, the data set or the rule is unknown or faulty, layers and data do not match, or a setting is named
        that the rule does not use.
    OverBudget
        The network does not fit the machine.
    """
    settings = config.settings
    refuse_unused(config)
    profile = load_profile(settings.profile)
    data = data or load_dataset(settings.data, validation=settings.validation)
    _refuse_whole_network(settings.layers, data)
    architecture = architecture_of(data.shape, settings.layers, data.n_classes)
    if is_new:
        config = with_defaults(config, architecture)
        settings = config.settings
        # A run that goes on was begun: what is refused since then is not taken from it.
        refuse_unfit(settings, architecture)
        _refuse_late_arrivals(architecture, data)
    refuse_large_batch(settings.batch, data)
    limits = {name: getattr(settings, name) for name in LIMITS}
    graph, limits = graph_within(architecture, profile, settings.connectivity, settings.synapses, limits)
    if settings.max_row_length is not None and not all(map(graph.is_shared, graph.projections)):
        refuse_signs_in_rows(settings, {"--max-row-length": f"{settings.max_row_length}"})
    plan = make_plan(graph, profile, **limits)
    return Job(config, data, architecture, profile, graph, plan)


def dataset_of(config: Config, fingerprint: str) -> Dataset:
    """Return the data set a run was trained on.

    Raises
    ------
    BadInput
        The data set of that name has another content by now.
    """
    data = load_dataset(config.settings.data, validation=config.settings.validation)
    refuse_other_content("data", config.settings.data, fingerprint, data.fingerprint)
    return data


def refuse_other_content(kind: str, name: str, before: str, now: str) -> None:
    """Raise BadInput where the fingerprint of data or profile is another than when the run was started."""
    if before != now:
        raise BadInput(
            f"the {kind} {name!r} is not what the run was started with: its content differs",
            numbers={"at the start": before[:12], "now": now[:12]},
            help=f"bring the old {kind} back, or train a new run",
        )


def layout_of(plan: Plan, scope: str) -> Layout:
    """Return the layout of the synapse store that `plan` allows."""
    projections = []
    for p in plan.graph.projections:
        rows, columns = plan.graph.matrix(p)
        if plan.graph.is_shared(p):
            # Its weights are on every core that has a neuron of their column: the plan is sure of them all.
            projections.append(ProjectionLayout(p.name, rows, columns, p.synapses, columns, (p.synapses,)))
            continue
        limits = plan.max_row_length(p.name), plan.max_fan_in(p.name)
        width, capacity = plan.width(p.post), plan.capacity(p.name)
        projections.append(ProjectionLayout(p.name, rows, columns, p.synapses, width, capacity, *limits))
    return Layout(tuple(projections), scope)


def most_of_weights(settings: Settings) -> int | None:
    """Return the largest whole number of steps that a weight may be in training; None where weights are not rounded."""
    return None if settings.weights == "float32" else most_of(int(settings.weights.removeprefix("int")))


def fingerprint_of(config: Config, data: str, profile: str) -> str:
    """Return the sha256 over everything a result depends on: configuration, and fingerprints of data and profile."""
    return hashlib.sha256("".join((config.fingerprint(), data, profile)).encode()).hexdigest()


def _refuse_late_arrivals(architecture: Architecture, data: Dataset) -> None:
    """Refuse delays of which the longest end after the last step of every sample: such connections learn nothing."""
    for layer, signal in zip(architecture.layers, architecture.signals, strict=False):
        if not isinstance(layer, Lif):
            continue
        steps = signal.shape[1]
        # The fastest connections from the layer before take no step, recurrent ones take one.
        for name, most in (("delays", max(steps - 1, 1)), ("input_delays", steps)):
            if (asked := getattr(layer, name)) > most:
                raise BadInput(
                    f"{name} of {layer_text(layer)} reach beyond the {steps:,} steps of {data.name}",
                    numbers=shortage(asked, most, name),
                    help=f"at most {name}={most}: what is later than the last step never arrives",
                )


def _refuse_whole_network(layers: Sequence[int | str], data: Dataset) -> None:
    """Refuse hidden layers that look like the whole network with its input and output."""
    if len(layers) > 2 and layers[0] == data.n_features and layers[-1] == data.n_classes:
        inner = ",".join(map(str, layers[1:-1]))
        raise BadInput(
            f"layers {','.join(map(str, layers))} name input and output of {data.name}, which are known",
            help=f"name the hidden layers alone: --layers {inner}",
        )
