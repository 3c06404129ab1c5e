"""What a memory model is: how the cores of one kind of machine hold a network. One file a kind, one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from neurosparse.graph import Graph, Population
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.core import Core, LaidOut, PlanOptions
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.registry import Registry

#: Loads the class of a kind, which is made from a profile of that kind.
MODELS = Registry(
    "memory model",
    {
        "compressed-rows": "neurosparse.mapping.compressed_rows:CompressedRows",
        "axon-lists": "neurosparse.mapping.axon_lists:AxonLists",
        "crossbar": "neurosparse.mapping.crossbar:Crossbar",
        "fan-in-memory": "neurosparse.mapping.fan_in_memory:FanInMemory",
        "dense": "neurosparse.mapping.dense:Dense",
        "stated": "neurosparse.mapping.stated:Stated",
    },
    "neurosparse.memory_models",
)


class MemoryModel(Protocol):
    """How the cores of a machine hold a network.

    Attributes
    ----------
    synapses : str
        The region of a core's first memory that its synapses fill.
    convolutions : str
        How the machine holds weights that are shared over positions: ``"shared"``, ``"unrolled"``, every synapse by
        itself, or ``"none"``.
    """

    synapses: str
    convolutions: str

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice of a population; 0 where it takes no core.

        Raises
        ------
        BadInput
            The machine has no figures for the population's cell type.
        """
        ...

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network and their slots, whether or not these suffice for its budgets.

        Whatever lies within the slots and limits fits in every memory.

        Raises
        ------
        OverBudget
            Cores or memory do not suffice even for what every core holds without synapses.
        BadInput
            The machine cannot hold such a network at all.
        """
        ...

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return what a trained network takes of the first memory of each core, region by region, synapses included.

        Parameters
        ----------
        found : mapping of str to Occupancy
            Of every projection.
        """
        ...


def model_of(profile: Profile) -> MemoryModel:
    """Return the memory model of a machine."""
    model: MemoryModel = MODELS.load(profile.kind)(profile)
    return model
