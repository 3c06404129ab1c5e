"""A network as names and sizes: populations and the projections between them, no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurosparse.errors import BadInput
from neurosparse.shares import split_over, too_many


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
class Kernel:
    """Weights that are not one for each pair of neurons: shared over positions, or of a part of the sources alone.

    Attributes
    ----------
    rows, columns : int
        What may be connected: of a convolution (channels in x height x width of the kernel) and channels out.
    positions : int
        In how many places each weight is used: neurons of each column.
    sources : int
        The most neurons that show a weight something at one place: those of a window where means of windows lie
        between.
    reach : int
        The most places of one column that one source has a synapse to.
    """

    rows: int
    columns: int
    positions: int = 1
    sources: int = 1
    reach: int = 1

    @property
    def synapses(self) -> int:
        """Return the most synapses that one weight becomes where every synapse is by itself."""
        return self.positions * self.sources

    def columns_of(self, start: int, stop: int) -> int:
        """Return how many columns have a neuron among those from `start` to `stop` - 1."""
        return -(-stop // self.positions) - start // self.positions

    def fan_in(self, n_pre: int) -> int:
        """Return the most synapses of one neuron, of so many sources."""
        return min(self.rows * self.sources, n_pre)

    def row_length(self, neurons: int) -> int:
        """Return the most synapses of one source onto so many neurons that lie one after the other."""
        columns = min((neurons - 2) // self.positions + 2, self.columns) if neurons > 1 else 1
        return min(columns * self.reach, neurons)


@dataclass(frozen=True)
class Projection:
    """The connections from one population to another.

    Attributes
    ----------
    name, pre, post : str
        Its own name and those of its populations.
    synapses : int
        How many connections it has or may have: its budget. Of a kernel, how many weights.
    kernel : Kernel, optional
        Where a connection is not one of a pair of neurons.
    delays : int
        A connection takes 1 to so many timesteps, and a pair of neurons has one of each at most.
    """

    name: str
    pre: str
    post: str
    synapses: int
    kernel: Kernel | None = None
    delays: int = 1


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
                    numbers=too_many(projection.synapses, pairs),
                    help=f"at most {pairs:,} synapses fit between {projection.pre!r} and {projection.post!r}",
                )

    def population(self, name: str) -> Population:
        """Return the population called `name`."""
        for population in self.populations:
            if population.name == name:
                return population
        raise BadInput(f"there is no population called {name!r}")

    def projection(self, name: str) -> Projection:
        """Return the projection called `name`."""
        return next(projection for projection in self.projections if projection.name == name)

    def pairs(self, projection: Projection) -> int:
        """Return how many connections a projection could have: pairs, each with every delay, or weights of a kernel."""
        rows, columns = self.matrix(projection)
        return rows * columns

    def matrix(self, projection: Projection) -> tuple[int, int]:
        """Return the rows and columns of a projection's weights: sources and targets, unless it has a kernel.

        With delays, row ``i * delays + d`` is of what source i sends d + 1 timesteps late.
        """
        if projection.kernel is not None:
            return projection.kernel.rows, projection.kernel.columns
        return self.population(projection.pre).size * projection.delays, self.population(projection.post).size

    def is_shared(self, projection: Projection) -> bool:
        """Return whether a weight may be other than of one pair of neurons: limits on rows and fan-ins do not bind it.

        It is used at several positions, reads a mean, or reads what lies beyond an image.
        """
        kernel, sources = projection.kernel, self.population(projection.pre).size * projection.delays
        return kernel is not None and (kernel.synapses > 1 or kernel.rows > sources)

    @property
    def all_pairs(self) -> int:
        """Return how many connections there could be."""
        return sum(self.pairs(projection) for projection in self.projections)

    def with_budget(self, synapses: int) -> Graph:
        """Return the network with so many synapses, split over its projections by the rule (see `split_over`)."""
        matrices = [self.matrix(projection) for projection in self.projections]
        parts = split_over(matrices, synapses, "-".join(str(population.size) for population in self.populations))
        projections = zip(self.projections, parts, strict=True)
        return replace(self, projections=tuple(replace(p, synapses=part) for p, part in projections))

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
