"""The plan as a value: which core holds what, and how many synapses it is sure to hold; no arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from neurosparse.errors import BadInput, FileFault, NeurosparseError
from neurosparse.graph import Graph
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.demand import population_regions
from neurosparse.mapping.partition import slice_width

SCHEMA = "neurosparse.plan/2"


@dataclass(frozen=True)
class PlanOptions:
    """What the user asked for: limits on a core, and the timesteps that the machine books before it pauses."""

    neurons_per_core: int | None = None
    synapses_per_core: int | None = None
    timesteps: int = 1000


@dataclass(frozen=True)
class Core:
    """A core and what it is to hold.

    Attributes
    ----------
    population : str
    start, stop : int
        Its slice: neurons start to stop - 1.
    x, y, p : int
        Chip and core.
    regions : mapping of str to int
        What is booked in the first of the memories, region by region, without the synapses.
    memories : mapping of str to Usage
        The memories of the core in the order of their weight, with all the synapses that the slots may come to. On
        SpiNNaker ``sdram`` (bytes of the core's share of its chip) and, where the profile has figures for the cell
        type, ``dtcm`` (bytes, not verified on hardware).
    slots : mapping of str to int
        Synapses that the core is sure to hold, by projection.
    """

    population: str
    start: int
    stop: int
    x: int
    y: int
    p: int
    regions: Mapping[str, int]
    memories: Mapping[str, Usage]
    slots: Mapping[str, int]

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start

    @property
    def main(self) -> Usage:
        """Return the first of the memories: the one that `regions` divide and that the synapses fill."""
        return next(iter(self.memories.values()))


@dataclass(frozen=True)
class Plan:
    """A network laid out on a machine.

    Attributes
    ----------
    profile : Profile
    graph : Graph
    options : PlanOptions
    cores : tuple of Core
        In the order of the populations, then of their slices.

    Raises
    ------
    BadInput
        The cores do not cover the populations, their slots are not those of the projections, or a size is negative.
    """

    profile: Profile
    graph: Graph
    options: PlanOptions
    cores: tuple[Core, ...]

    def __post_init__(self) -> None:
        """Check that the slices are those of the graph, in order."""
        expected = []
        for population in self.graph.populations:
            width = self.width(population.name)
            names = {projection.name for projection in self.graph.incoming(population.name)}
            for start in range(0, population.size, width):
                expected.append((population.name, start, min(start + width, population.size), names))
        found = [(core.population, core.start, core.stop, set(core.slots)) for core in self.cores]
        if found != expected:
            raise BadInput("the cores of the plan do not hold the populations of its network")
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

    def width(self, population: str) -> int:
        """Return the neurons of a full slice of a population."""
        return slice_width(self.graph.population(population), self.profile, self.options.neurons_per_core)

    def capacity(self, projection: str) -> tuple[int, ...]:
        """Return the slots of a projection on each core of its target, in slice order."""
        for known in self.graph.projections:
            if known.name == projection:
                return tuple(core.slots[projection] for core in self.cores if core.population == known.post)
        raise BadInput(f"there is no projection called {projection!r}")

    def filled(self, row_lengths: Mapping[str, tuple[int, int]]) -> tuple[dict[str, int], ...]:
        """Return the bytes that a trained network books in each region of each core, the synaptic matrix included.

        Parameters
        ----------
        row_lengths : mapping of str to (int, int)
            Of each projection, the longest excitatory and the longest inhibitory row: the most synapses of one sign
            from one source onto one core, anywhere in the projection. A projection without synapses of a sign is not
            built for that sign.

        Returns
        -------
        tuple of dict of str to int
            One for each core, in the order of `cores`; sizes in bytes.
        """
        regions = {
            population.name: population_regions(
                population,
                self.graph,
                self.profile,
                self.options.neurons_per_core,
                self.options.timesteps,
                {**dict.fromkeys(self._names(), (0, 0)), **row_lengths},
            )
            for population in self.graph.populations
        }
        return tuple(dict(regions[core.population]) for core in self.cores)

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
            "cores": [{**_plain(core), "slots": dict(core.slots)} for core in self.cores],
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
            fields = {
                "profile": profile["figures"],
                **{name: document[name] for name in ("graph", "options", "cores")},
            }
            plan = TypeAdapter(cls).validate_json(json.dumps(fields), strict=True)
            if plan.profile.fingerprint != profile["fingerprint"]:
                raise FileFault("the plan's profile is not the one whose fingerprint it carries")
        except (KeyError, TypeError, ValueError, BadInput) as fault:
            raise FileFault(f"the plan is damaged: {_faults(fault)}") from fault
        return plan

    def _names(self) -> list[str]:
        """Return the names of the projections."""
        return [projection.name for projection in self.graph.projections]


def _plain(value: Any) -> Any:
    """Return a frozen value as plain dictionaries and lists."""
    return json.loads(json.dumps(asdict(value)))


def _faults(fault: Exception) -> str:
    """Return what is wrong in a user's words."""
    if isinstance(fault, ValidationError):
        return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
    if isinstance(fault, KeyError):
        return f"{fault.args[0]!r} is missing"
    return fault.what if isinstance(fault, NeurosparseError) else str(fault)
