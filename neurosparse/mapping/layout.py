"""The plan as a value: which core holds what, and how many synapses it is sure to hold; no arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from neurosparse.errors import BadInput, FileFault, NeurosparseError
from neurosparse.graph import Graph, Kernel
from neurosparse.hardware.kinds import PROFILES
from neurosparse.hardware.profile import Profile
from neurosparse.limits import guaranteed_on_core
from neurosparse.mapping.core import Core, Limits, PlanOptions
from neurosparse.mapping.delays import extension_of
from neurosparse.mapping.model import model_of
from neurosparse.mapping.occupancy import Occupancy

__all__ = ["SCHEMA", "Core", "Limits", "Plan", "PlanOptions"]

SCHEMA = "neurosparse.plan/2"


@dataclass(frozen=True)
class Plan:
    """A network laid out on a machine.

    Attributes
    ----------
    profile : Profile
    graph : Graph
    options : PlanOptions
    cores : tuple of Core
        In the order of the populations, then of their slices; a population that takes no core has none. Last those that
        hold spikes of a population back, without slots.
    limits : mapping of str to Limits
        What binds each projection beside its slots, the machine's and the user's together.

    Raises
    ------
    BadInput
        The cores do not cover the populations, their slots are not those of the projections, or a size is negative.
    """

    profile: Profile
    graph: Graph
    options: PlanOptions
    cores: tuple[Core, ...]
    limits: Mapping[str, Limits]

    def __post_init__(self) -> None:
        """Check that the slices are those of the graph, in order."""
        expected, late = [], []
        for population in self.graph.populations:
            width = self.width(population.name)
            names = {projection.name for projection in self.graph.incoming(population.name)}
            for start in range(0, population.size, width) if width else ():
                stop = min(start + width, population.size)
                expected.append((population.name, start, stop, names))
                late.append((extension_of(population.name), start, stop, set[str]()))
        found = [(core.population, core.start, core.stop, set(core.slots)) for core in self.cores]
        held_back = {name for name, *_ in found[len(expected) :]}
        if found != [*expected, *(core for core in late if core[0] in held_back)]:
            raise BadInput("the cores of the plan do not hold the populations of its network")
        if set(self.limits) != {projection.name for projection in self.graph.projections}:
            raise BadInput("the limits of the plan are not those of the projections of its network")
        for core in self.cores:
            if not core.memories:
                raise BadInput(f"a core of {core.population!r} has no memory")
            pairs = [size for usage in core.memories.values() for size in (usage.used, usage.available)]
            if min([*pairs, *core.regions.values(), *core.slots.values()]) < 0:
                raise BadInput(f"a core of {core.population!r} holds fewer than no bytes or synapses")

    @property
    def chips(self) -> tuple[tuple[int, int], ...]:
        """Return the chips that hold a core of the network, in the order of the cores."""
        return tuple(dict.fromkeys((core.x, core.y) for core in self.cores))

    @property
    def places(self) -> tuple[tuple[int, int, int], ...]:
        """Return the places (x, y, p) of the cores that hold a part of the network, each once."""
        return tuple(dict.fromkeys((core.x, core.y, core.p) for core in self.cores))

    def width(self, population: str) -> int:
        """Return the neurons of a full slice of a population; 0 where it takes no core."""
        return model_of(self.profile).width(self.graph.population(population), self.options)

    def capacity(self, projection: str) -> tuple[int, ...]:
        """Return the slots of a projection on each core of its target, in slice order."""
        for known in self.graph.projections:
            if known.name == projection:
                return tuple(core.slots[projection] for core in self.cores if core.population == known.post)
        raise BadInput(f"there is no projection called {projection!r}")

    def max_row_length(self, projection: str) -> int | None:
        """Return the most synapses of one sign from one source of a projection onto one core; None where free."""
        return self.limits[projection].max_row_length

    def max_fan_in(self, projection: str) -> int | None:
        """Return the most synapses that a projection may give to one neuron; None where free."""
        return self.limits[projection].max_fan_in

    def guaranteed(self, projection: str) -> int:
        """Return how many synapses of a projection are sure to find a slot within the limits, wherever others lie.

        Of weights that are shared: how many of them, of which each is many synapses, or is on many cores.
        """
        cores = [core for core in self.cores if projection in core.slots]
        known = self.graph.projection(projection)
        if known.kernel is not None and self.graph.is_shared(known):
            if self.convolutions == "unrolled":
                n_pre = self.graph.population(known.pre).size
                return min(_weights_unrolled(core, core.slots[projection], n_pre, known.kernel) for core in cores)
            return min(_weights_held(core, core.slots[projection], known.kernel) for core in cores)
        n_pre, _ = self.graph.matrix(known)
        limits = self.max_row_length(projection), self.max_fan_in(projection)
        return sum(guaranteed_on_core(n_pre, core.neurons, core.slots[projection], *limits) for core in cores)

    @property
    def synapses(self) -> str:
        """Return the name of the region of a core's first memory that its synapses fill."""
        return model_of(self.profile).synapses

    @property
    def convolutions(self) -> str:
        """Return how the machine holds weights that are shared over positions (see `MemoryModel`)."""
        return model_of(self.profile).convolutions

    def filled(self, found: Mapping[str, Occupancy]) -> tuple[dict[str, int], ...]:
        """Return what a trained network takes of each core's first memory, region by region, synapses included.

        Parameters
        ----------
        found : mapping of str to Occupancy
            Where the synapses of each projection lie.

        Returns
        -------
        tuple of dict of str to int
            One for each core, in the order of `cores`; in the unit of the memory.
        """
        return model_of(self.profile).filled(self.graph, self.options, self.cores, found)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain values, schema ``neurosparse.plan/2``; equal plans give equal documents."""
        return {
            "schema": SCHEMA,
            "profile": {
                "name": self.profile.name,
                "fingerprint": self.profile.fingerprint,
                "figures": self.profile.model_dump(mode="json", by_alias=True),
            },
            "graph": _plain(self.graph),
            "options": asdict(self.options),
            "cores": [_plain(core) for core in self.cores],
            "limits": {name: _plain(limits) for name, limits in self.limits.items()},
        }

    @classmethod
    def from_json(cls, document: Any) -> Plan:
        """Return the plan that `to_json` made.

        Raises
        ------
        FileFault
            The document is not such a plan; every fault is named.
        """
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            found = document.get("schema") if isinstance(document, dict) else type(document).__name__
            raise FileFault(f"this is not a plan: it holds {found!r}, not {SCHEMA!r}")
        try:
            profile = document["profile"]
            machine = PROFILES.validate_json(json.dumps(profile["figures"]), strict=True)
            if machine.fingerprint != profile["fingerprint"]:
                raise FileFault("the plan's profile is not the one whose fingerprint it carries")
            fields = {name: document[name] for name in ("graph", "options", "cores", "limits")}
            stored = TypeAdapter(_Stored).validate_json(json.dumps(fields), strict=True)
            plan = cls(machine, stored.graph, stored.options, stored.cores, stored.limits)
        except (KeyError, TypeError, ValueError, BadInput) as fault:
            raise FileFault(f"the plan is damaged: {_faults(fault)}") from fault
        return plan


@dataclass(frozen=True)
class _Stored:
    """A plan in a file, beside its profile."""

    graph: Graph
    options: PlanOptions
    cores: tuple[Core, ...]
    limits: Mapping[str, Limits]


def _weights_unrolled(core: Core, slots: int, n_pre: int, kernel: Kernel) -> int:
    """Return how many weights of a kernel a core is sure to hold the synapses of, whichever they are."""
    pairs = kernel.rows * kernel.columns
    if slots >= core.neurons * kernel.fan_in(n_pre):
        return pairs
    return min(slots // (min(core.neurons, kernel.positions) * kernel.sources), pairs)


def _weights_held(core: Core, slots: int, kernel: Kernel) -> int:
    """Return how many weights of a kernel may be, so that a core is sure to hold those of its neurons."""
    pairs = kernel.rows * kernel.columns
    return pairs if slots >= kernel.rows * kernel.columns_of(core.start, core.stop) else min(slots, pairs)


def _plain(value: Any) -> Any:
    """Return a frozen value as plain dictionaries and lists; of projections, kernel and delays only where there are."""
    plain = json.loads(json.dumps(asdict(value)))
    for projection in plain.get("projections", ()):
        if projection["kernel"] is None:
            del projection["kernel"]
        if projection["delays"] == 1:
            del projection["delays"]
    return plain


def _faults(fault: Exception) -> str:
    """Return what is wrong in a user's words."""
    if isinstance(fault, ValidationError):
        return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
    if isinstance(fault, KeyError):
        return f"{fault.args[0]!r} is missing"
    return fault.what if isinstance(fault, NeurosparseError) else str(fault)
