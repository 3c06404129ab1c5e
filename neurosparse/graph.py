"""A network as names and sizes: populations and the projections between them, no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


def total_pairs(sizes: Sequence[int]) -> int:
    """Return how many pairs of neurons the neighbouring layers of a chain have."""
    return sum(pre * post for pre, post in pairwise(sizes))


def synapses_of(connectivity: float, sizes: Sequence[int]) -> int:
    """Return how many synapses a connectivity comes to in a chain of layers: at least 1.

    Parameters
    ----------
    connectivity : float
        The fraction, 0 to 1, of all pairs of neurons of neighbouring layers that are connected.
    sizes : sequence of int
        Neurons of each layer, input to output.
    """
    return max(1, round(connectivity * total_pairs(sizes)))


def budget_of(sizes: Sequence[int], connectivity: float | None, synapses: int | None) -> int:
    """Return the budget K of a chain of layers, given one way or the other.

    Raises
    ------
    BadInput
        It is given twice or not at all, or leaves a projection without a synapse.
    """
    if (connectivity is None) == (synapses is None):
        raise BadInput("give either --connectivity or --synapses", help="for example --connectivity 1.33%")
    budget = synapses if synapses is not None else synapses_of(connectivity or 0.0, sizes)
    if budget < len(sizes) - 1:
        raise BadInput(
            f"a budget of {budget} leaves a projection of {'-'.join(map(str, sizes))} without a synapse",
            help=f"at least {len(sizes) - 1}",
        )
    return budget


def split_budget(sizes: Sequence[int], synapses: int) -> tuple[int, ...]:
    """Return how many of the synapses each projection of a chain of layers gets.

    The density of a projection is proportional to (n_pre + n_post) / (n_pre * n_post), so that small layers are
    dense and large ones sparse; what exceeds all pairs goes to the others. Source of the rule: Erdos-Renyi
    initialisation of Mocanu et al., Nature Communications 9:2383 (2018); on 784-300-100-10 it comes near
    the densities .75, 2.3 and 22.8 times p0 of Bellec et al., ICLR 2018, which it replaces for other sizes.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, input to output, at least two.
    synapses : int
        What to split.

    Returns
    -------
    tuple of int, one fewer than `sizes`
        They sum to `synapses` exactly; none is 0 where there are as many synapses as projections.

    Raises
    ------
    BadInput
        There are fewer than two layers, or more synapses than pairs of neurons, or fewer than none.
    """
    if len(sizes) < 2:
        raise BadInput(f"a network needs an input and an output layer, {len(sizes)} given")
    pairs = [pre * post for pre, post in pairwise(sizes)]
    if synapses < 0:
        raise BadInput(f"{synapses} synapses make no sense", help="at least 1")
    if synapses > sum(pairs):
        raise BadInput(
            f"the layers {'-'.join(map(str, sizes))} have fewer pairs of neurons than synapses are asked for",
            numbers={
                "asked": f"{synapses:,}",
                "pairs": f"{sum(pairs):,}",
                "too much": f"{synapses - sum(pairs):,}",
            },
            help=f"at most {sum(pairs):,} synapses fit",
        )
    parts = list(share_out(synapses, [pre + post for pre, post in pairwise(sizes)], pairs))
    if synapses >= len(parts):
        while 0 in parts:
            parts[parts.index(max(parts))] -= 1
            parts[parts.index(0)] += 1
    return tuple(parts)


def share_out(total: int, weights: Sequence[int], caps: Sequence[int]) -> tuple[int, ...]:
    """Return whole numbers in proportion to `weights`, none above its cap, that sum to `total`.

    What exceeds a cap goes to the others in proportion; the last units go to the largest remainders, the earlier
    first. Where the caps sum to less than `total`, the caps are returned. Weights of 0 get nothing, unless all are 0:
    then all count the same.
    """
    parts = [0] * len(weights)
    if not any(weights):
        weights = [1] * len(weights)
    open_ = [k for k, weight in enumerate(weights) if weight]
    left = total
    while open_:
        whole = sum(weights[k] for k in open_)
        full = [k for k in open_ if left * weights[k] >= caps[k] * whole]
        if not full:
            break
        for k in full:
            parts[k] = caps[k]
        left -= sum(caps[k] for k in full)
        open_ = [k for k in open_ if k not in full]
    if open_:
        whole = sum(weights[k] for k in open_)
        for k in open_:
            parts[k] = left * weights[k] // whole
        rest = left - sum(parts[k] for k in open_)
        for k in sorted(open_, key=lambda k: (-(left * weights[k] % whole), k))[:rest]:
            parts[k] += 1
    return tuple(parts)
