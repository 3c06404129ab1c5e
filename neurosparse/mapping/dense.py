"""The memory model of dense matrices: whole ones at input and output, and lists of weights between hidden neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurosparse.errors import BadInput, OverBudget, shortage
from neurosparse.graph import Graph, Population, Projection
from neurosparse.hardware.dense import DenseProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.numbered import FROM_OUTSIDE, inputs_of, neurons_of
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.slots import most_slots, slots_in
from neurosparse.shares import share_out

MATRIX, LISTS = "dense_matrix", "lists"


@dataclass(frozen=True)
class Dense:
    """How dense matrices hold a network.

    A connection from the input or to the output takes its weight whether it is there or not: sparsity saves nothing
    there. Between hidden neurons only those there are take room, and a neuron reaches only so many others.
    """

    profile: DenseProfile
    synapses = LISTS
    convolutions = "none"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a population, which is never cut; 0 for spikes from outside."""
        return 0 if population.model in FROM_OUTSIDE else population.size

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the one core of a network, an entry a population."""
        outputs = _outputs(graph)
        self._check_sizes(graph, outputs, options)
        lists = self._lists(graph, outputs)
        listed = {p.name for p in lists}
        limits = {p.name: self._limits(graph, p, lists, options) for p in graph.projections}

        def listed_only(name: str, slots: int) -> int:
            return slots if name in listed else 0

        cores = []
        for population in graph.populations:
            name, neurons = population.name, self.width(population, options)
            if not neurons:
                continue
            incoming = graph.incoming(name)
            matrix = sum(graph.population(p.pre).size * neurons for p in incoming if p not in lists)
            share = sum(lists[p] for p in incoming if p in lists)
            bounds = {p.name: limits[p.name] for p in incoming}
            limit = options.synapses_per_core
            part = None if limit is None else limit * neurons // neurons_of(graph)
            most = most_slots(graph, name, neurons, bounds, part)
            slots = slots_in(graph, name, most, options.room(share), listed_only)
            used = matrix + sum(n for p, n in slots.items() if p in listed)
            memories = {"weights": Usage(used, matrix + share, "weights")}
            cores.append(Core(name, 0, neurons, 0, 0, 0, {MATRIX: matrix} if matrix else {}, memories, slots))
        return LaidOut(tuple(cores), limits)

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the weights that each core holds: whole matrices whatever lives in them, and the lists."""
        lists = self._lists(graph, _outputs(graph))
        filled = []
        for core in cores:
            live = sum(found[p.name].live[0] for p in graph.incoming(core.population) if p in lists)
            filled.append({**core.regions, **({LISTS: live} if live or not core.regions else {})})
        return tuple(filled)

    def _check_sizes(self, graph: Graph, outputs: set[str], options: PlanOptions) -> None:
        """Raise OverBudget where there are too many inputs, hidden neurons or outputs."""
        sizes = {p.name: p.size for p in graph.populations}
        n_out = sum(sizes[name] for name in outputs)
        hidden = sum(sizes.values()) - inputs_of(graph) - n_out
        figures = self.profile.matrices
        for noun, needs, there_is in (
            ("inputs", inputs_of(graph), figures.inputs),
            ("hidden neurons", hidden, self.profile.cores.neurons),
            ("output neurons", n_out, figures.outputs),
            ("neurons", neurons_of(graph), options.neurons_per_core or neurons_of(graph)),
        ):
            if needs > there_is:
                raise OverBudget(
                    f"the network does not fit on {self.profile.name}: too many {noun}",
                    numbers=shortage(needs, there_is, noun),
                    help=f"at most {there_is:,} {noun} fit",
                )

    def _lists(self, graph: Graph, outputs: set[str]) -> dict[Projection, int]:
        """Return the weights that each projection between hidden neurons may have, of those there are.

        Raises
        ------
        BadInput
            A projection goes from the input to the output, or starts at the output: there is no memory for it.
        """
        outside = {p.name for p in graph.populations if p.model in FROM_OUTSIDE}
        for p in graph.projections:
            if (p.pre in outside and p.post in outputs) or p.pre in outputs:
                raise BadInput(
                    f"{self.profile.name} has no weights for projection {p.name!r}: its inputs reach hidden neurons,"
                    " and only these reach the output",
                    help="put a hidden layer in between",
                )
        between = [p for p in graph.projections if p.pre not in outside and p.post not in outputs]
        sizes = [graph.pairs(p) for p in between]
        parts = share_out(self.profile.between.weights, [p.synapses for p in between], sizes)
        return dict(zip(between, parts, strict=True))

    def _limits(
        self, graph: Graph, projection: Projection, lists: Mapping[Projection, int], options: PlanOptions
    ) -> Limits:
        """Return the limits of a projection: between hidden neurons a part of the fan-out, half for each sign.

        Raises
        ------
        OverBudget
            A source has more target populations than that leaves a part for.
        """
        user, fan_out = options.limits(graph, projection.name), self.profile.between.fan_out
        targets = [graph.population(p.post).size for p in lists if p.pre == projection.pre]
        if projection not in lists or sum(targets) <= fan_out:
            return user
        row = fan_out // (2 * len(targets))
        if not row:
            raise OverBudget(
                f"population {projection.pre!r} has too many targets on {self.profile.name}",
                numbers={"needs": f"{2 * len(targets)} synapses a neuron", "there is": f"{fan_out}"},
            )
        return user.within(Limits(max_row_length=row))


def _outputs(graph: Graph) -> set[str]:
    """Return the populations that reach no other: those that the machine reads out."""
    return {p.name for p in graph.populations if not any(other.pre == p.name for other in graph.projections)}
