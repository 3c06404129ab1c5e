"""A network as names and sizes: populations and the projections between them, no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.errors import BadInput


@dataclass(frozen=True)
class Population:
    """A group of neurons of one model.

    Attributes
    ----------
    name : str
    size : int
        Number of neurons, at least 1.
    model : str
        The PyNN cell type it becomes on a machine: ``"SpikeSourceArray"`` for the input, else ``"IF_curr_exp"``.
    records : tuple of str
        The PyNN variables recorded from it, for example ``("v",)``.
    """

    name: str
    size: int
    model: str = "IF_curr_exp"
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class Projection:
    """The connections from one population to another.

    Attributes
    ----------
    name, pre, post : str
        Its own name and those of its populations.
    synapses : int
        How many connections it has or may have: its budget.
    """

    name: str
    pre: str
    post: str
    synapses: int


@dataclass(frozen=True)
class Graph:
    """Populations and projections, checked for sense when made.

    Raises
    ------
    BadInput
        A name is used twice or unknown, a size is not positive, or a projection asks for more synapses than it
        has pairs of neurons.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]

    def __post_init__(self) -> None:
        """Check names, sizes and budgets."""
        for kind, items in (("population", self.populations), ("projection", self.projections)):
            names = [item.name for item in items]
            for name in names:
                if names.count(name) > 1:
                    raise BadInput(f"two {kind}s are called {name!r}")
        for population in self.populations:
            if population.size < 1:
                raise BadInput(f"population {population.name!r} has {population.size} neurons", help="at least 1")
        for projection in self.projections:
            pairs = self.pairs(projection)
            if projection.synapses < 0:
                raise BadInput(f"projection {projection.name!r} has {projection.synapses} synapses")
            if projection.synapses > pairs:
                raise BadInput(
                    f"projection {projection.name!r} asks for more synapses than there are pairs of neurons",
                    numbers={
                        "asked": f"{projection.synapses:,}",
                        "pairs": f"{pairs:,}",
                        "too much": f"{projection.synapses - pairs:,}",
                    },
                    help=f"at most {pairs:,} synapses fit between {projection.pre!r} and {projection.post!r}",
                )

    def population(self, name: str) -> Population:
        """Return the population called `name`."""
        for population in self.populations:
            if population.name == name:
                return population
        raise BadInput(f"there is no population called {name!r}")

    def pairs(self, projection: Projection) -> int:
        """Return how many (pre, post) pairs a projection could connect."""
        return self.population(projection.pre).size * self.population(projection.post).size

    def incoming(self, name: str) -> tuple[Projection, ...]:
        """Return the projections that end in the population called `name`."""
        return tuple(projection for projection in self.projections if projection.post == name)


def feedforward(sizes: Sequence[int], synapses: Sequence[int]) -> Graph:
    """Return the graph of a chain of fully connectable layers.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, input to output, at least two.
    synapses : sequence of int
        The budget of each projection, one fewer than `sizes`.

    Returns
    -------
    Graph
        Populations ``input``, ``hidden1`` ..., ``output``; the output is read as a membrane potential, so ``v``
        is recorded from it. Projections are called ``pre-post``.
    """
    if len(sizes) < 2:
        raise BadInput(f"a network needs an input and an output layer, {len(sizes)} given")
    names = ["input", *(f"hidden{k}" for k in range(1, len(sizes) - 1)), "output"]
    populations = [Population(names[0], sizes[0], model="SpikeSourceArray")]
    populations += [Population(name, size) for name, size in zip(names[1:-1], sizes[1:-1], strict=True)]
    populations.append(Population(names[-1], sizes[-1], records=("v",)))
    projections = [
        Projection(f"{pre}-{post}", pre, post, count)
        for pre, post, count in zip(names[:-1], names[1:], synapses, strict=True)
    ]
    return Graph(tuple(populations), tuple(projections))
