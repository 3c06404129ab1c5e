"""A network as others describe it: populations, projections and their connections, checked when made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from neurosparse.description.connectors import Connector, FromList, OneToOne, check_connector
from neurosparse.errors import BadInput
from neurosparse.registry import unknown_name

# Of a rate (Hz) or an interval (ms).
_MOST = 1e9
# ms; no machine steps so slowly.
_LONGEST_STEP = 1e6

Receptor = Literal["excitatory", "inhibitory"]
RECEPTORS: tuple[Receptor, Receptor] = ("excitatory", "inhibitory")


@dataclass(frozen=True)
class Population:
    """A group of neurons of one cell type.

    Attributes
    ----------
    name : str
    size : int
        Neurons.
    model : str
        The PyNN cell type.
    records : tuple of str
        The PyNN variables recorded from every neuron.
    sampling : float or None
        Interval of recording (ms); every timestep where None.
    neurons_per_core : int or None
        The most neurons the user allows on a core.
    synapse_cores : int
        Cores that the user asks for to hold synapses apart from neurons (split cores).
    rate : float or None
        Of a Poisson source: mean rate of each neuron (Hz).
    spikes_per_step : int or None
        Of a source of given spikes: the most of its neurons that fire in one timestep; all where None.
    """

    name: str
    size: int
    model: str = "IF_curr_exp"
    records: tuple[str, ...] = ()
    sampling: float | None = None
    neurons_per_core: int | None = None
    synapse_cores: int = 0
    rate: float | None = None
    spikes_per_step: int | None = None


@dataclass(frozen=True)
class Projection:
    """Connections from one population to one receptor of another.

    Attributes
    ----------
    pre, post : str
        Names of populations.
    receptor : str
        ``"excitatory"`` or ``"inhibitory"``.
    connector : Connector
    plasticity : str or None
        What makes its weights change while it runs, in words; None for static synapses.
    """

    pre: str
    post: str
    receptor: Receptor
    connector: Connector
    plasticity: str | None = None

    @property
    def name(self) -> str:
        """Return how messages call it; several projections may share a name."""
        return f"{self.pre}-{self.post} {self.receptor}"


@dataclass(frozen=True)
class NetworkDescription:
    """A whole network.

    Attributes
    ----------
    populations : tuple of Population
    projections : tuple of Projection
        In the order in which they are made, which the tool chain keeps.
    timestep : float
        ms.
    board_version : int or None
        The kind of board it was described for (3 or 5), where it says so.

    Raises
    ------
    BadInput
        A name is used twice or unknown, or a value out of its range: with the entry.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    timestep: float = 1.0
    board_version: int | None = None

    def __post_init__(self) -> None:
        """Check everything that does not need a machine."""
        if not 0 < self.timestep <= _LONGEST_STEP:
            raise BadInput(f"a timestep of {self.timestep} ms makes no sense", where="timestep")
        if not self.populations:
            raise BadInput("the network has no population", where="populations")
        first: dict[str, int] = {}
        for k, population in enumerate(self.populations):
            where = f"populations[{k}]"
            if population.name in first:
                raise BadInput(
                    f"two populations are called {population.name!r}",
                    where=f"populations[{first[population.name]}] and [{k}]",
                )
            first[population.name] = k
            _check_population(population, where)
        for k, projection in enumerate(self.projections):
            self._check_projection(projection, f"projections[{k}]")

    @cached_property
    def _by_name(self) -> dict[str, Population]:
        """Return the populations by name."""
        return {population.name: population for population in self.populations}

    def population(self, name: str) -> Population:
        """Return the population called `name`."""
        if name not in self._by_name:
            raise BadInput(f"there is no population called {name!r}")
        return self._by_name[name]

    def _check_projection(self, projection: Projection, where: str) -> None:
        """Raise BadInput where a projection makes no sense between its populations."""
        for role in ("pre", "post"):
            if getattr(projection, role) not in self._by_name:
                fault = unknown_name("population", getattr(projection, role), list(self._by_name))
                fault.where = f"{where}.{role}"
                raise fault
        if projection.receptor not in RECEPTORS:
            raise BadInput(
                f"there is no receptor {projection.receptor!r}", where=where, help=f"known: {', '.join(RECEPTORS)}"
            )
        n_pre, n_post = self.population(projection.pre).size, self.population(projection.post).size
        if isinstance(projection.connector, OneToOne) and n_pre != n_post:
            raise BadInput(
                "OneToOne needs populations of one size",
                numbers={projection.pre: f"{n_pre:,}", projection.post: f"{n_post:,}"},
                where=where,
            )
        check_connector(projection.connector, n_pre, n_post, where)

    @property
    def synapses(self) -> int:
        """Return the number of synapses of all lists."""
        return sum(len(p.connector) for p in self.projections if isinstance(p.connector, FromList))


def _check_population(population: Population, where: str) -> None:
    """Raise BadInput where a number of a population makes no sense."""
    for name, value, least in (
        ("n", population.size, 1),
        ("max_neurons_per_core", population.neurons_per_core, 1),
        ("n_synapse_cores", population.synapse_cores, 0),
        ("spikes_per_step", population.spikes_per_step, 0),
    ):
        if value is not None and value < least:
            raise BadInput(f"{name} = {value} makes no sense", where=f"{where}.{name}", help=f"at least {least}")
    for name, number in (("sampling", population.sampling), ("rate", population.rate)):
        if number is not None and not 0 <= number <= _MOST:
            raise BadInput(f"{name} = {number} makes no sense", where=f"{where}.{name}")
    if population.sampling == 0:
        raise BadInput("a sampling interval of 0 ms makes no sense", where=f"{where}.sampling")
    if len(set(population.records)) < len(population.records):
        raise BadInput("a variable is recorded twice", where=f"{where}.record")
