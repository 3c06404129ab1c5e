"""From an architecture to the graph of a machine: populations, projections, and the budget of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.images import AveragePool, Centre, Conv, Crop, Mirror, Norm, Pad
from neurosparse.architecture.layer import Dense, layer_text
from neurosparse.architecture.layers import HOLDS_WEIGHTS_ONCE, no_synapses
from neurosparse.architecture.sequences import Last, Leaky, Lif, Lstm, Max
from neurosparse.each import one_each
from neurosparse.errors import BadInput
from neurosparse.graph import Graph, Kernel, Population, Projection
from neurosparse.shares import split_over

#: What neurons are called that compute no spikes: PyNN has no cell for them.
GATES, UNITS, ADAPTIVE = "LSTM gates", "LSTM", "adaptive LIF"


def budgets_of(
    architecture: Architecture,
    connectivity: float | tuple[float, ...] | None = None,
    synapses: int | tuple[int, ...] | None = None,
) -> tuple[int, ...]:
    """Return the budget of each projection, given as a number or as a fraction of all pairs, in all or one each.

    A number for all is split over the projections (see `split_over`).

    Raises
    ------
    BadInput
        It is given twice or not at all, does not fit the projections, or leaves one without a connection.
    """
    if (connectivity is None) == (synapses is None):
        raise BadInput(
            "say once how many connections there may be: --connectivity or --synapses, or --budget alone",
            help="for example --connectivity 1.33%",
        )
    matrices = [(m.rows, m.columns) for m in architecture.matrices]
    given = synapses if connectivity is None else connectivity
    if isinstance(given, tuple):
        given = one_each("synapses" if connectivity is None else "connectivity", given, len(matrices))
        if connectivity is None:
            return tuple(int(count) for count in given)
        return tuple(
            max(1, round(part * rows * columns)) for part, (rows, columns) in zip(given, matrices, strict=True)
        )
    pairs = sum(rows * columns for rows, columns in matrices)
    total = synapses if isinstance(synapses, int) else max(1, round(float(given or 0.0) * pairs))
    if total < len(matrices):
        raise BadInput(
            f"a budget of {total} leaves a projection of {architecture} without a synapse",
            help=f"at least {len(matrices)}",
        )
    return split_over(matrices, total, str(architecture))


def graph_of(architecture: Architecture, budgets: Sequence[int], unrolled: bool) -> Graph:
    """Return the populations of a network and the projections between them, one for each matrix of weights.

    The output is read as a membrane potential, so ``v`` is recorded from it. The gates of an LSTM are a population of
    their own, to which input and units project.

    Parameters
    ----------
    unrolled : bool
        Whether the machine holds every synapse by itself: then only what fires is a population, and what is linear
        between (a part of an image, means of windows) is in the synapses.

    Raises
    ------
    BadInput
        `unrolled` is asked for, and a layer is no sum of inputs or has thresholds that adapt.
    """
    if not unrolled:
        return _shared(architecture, budgets)
    return _spiking(architecture, budgets) if architecture.is_spiking else _unrolled(architecture, budgets)


def _shared(architecture: Architecture, budgets: Sequence[int]) -> Graph:
    """Return the graph of a machine that holds each weight once."""
    left = iter(budgets)
    populations = {"input": Population("input", math.prod(architecture.input), "SpikeSourceArray")}
    projections = []
    for k, layer in enumerate(architecture.layers):
        before, after = architecture.signals[k], architecture.signals[k + 1]
        for matrix in architecture.matrices_of(k):
            pre = after if matrix.recurrent else before
            populations.setdefault(pre.population, Population(pre.population, pre.neurons))
            post = after.population
            if isinstance(layer, Lif):
                populations[post] = Population(post, after.neurons, _cell(layer))
            if isinstance(layer, Lstm):
                populations[after.population] = Population(after.population, after.neurons, UNITS)
                post = f"{after.population}-{'backward-' if matrix.backward else ''}gates"
                populations[post] = Population(post, matrix.columns, GATES)
            name = f"{pre.population}-{post}"
            plain = matrix.positions == 1 and matrix.rows == populations[pre.population].size * matrix.delays
            kernel = None if plain else Kernel(matrix.rows, matrix.columns, matrix.positions)
            projections.append(Projection(name, pre.population, post, next(left), kernel, matrix.delays))
        records = ("v",) if after.population == "output" else ()
        if architecture.matrices_of(k):
            populations.setdefault(after.population, Population(after.population, after.neurons, records=records))
    return Graph(tuple(populations.values()), tuple(projections))


def _cell(layer: Lif) -> str:
    """Return what the neurons of a spiking layer are called: by PyNN's name, unless a threshold adapts."""
    if layer.adaptive:
        return ADAPTIVE
    return "IF_curr_exp" if layer.tau_syn else "IF_curr_delta"


def _spiking(architecture: Architecture, budgets: Sequence[int]) -> Graph:
    """Return the graph of spiking layers, whose every weight is a synapse, and of the integrators that read them.

    What lies between the last spikes and the output (a leaky integrator, the last step, the mean) is linear and the
    same for all sources, so the cells of the output do it: their potential is moved at once by every weighted spike.
    """
    left = iter(budgets)
    populations = [Population("input", architecture.signals[0].neurons, "SpikeSourceArray")]
    projections = []
    for k, layer in enumerate(architecture.layers):
        pre, post = populations[-1].name, architecture.signals[k + 1].population
        of_spikes = all(isinstance(before, Lif) for before in architecture.layers[:k])
        integrates = isinstance(layer, Leaky) and of_spikes and k > 0
        if isinstance(layer, Lif) and of_spikes:
            if layer.adaptive:
                raise BadInput(
                    f"the layer {layer_text(layer)} has thresholds that adapt, and no cell that has them is known"
                    " here on a machine that holds every synapse by itself",
                    help=f"leave adaptive={layer.adaptive} out, or {HOLDS_WEIGHTS_ONCE}",
                )
            populations.append(Population(post, layer.neurons, _cell(layer)))
        elif isinstance(layer, Dense) and k == len(architecture.layers) - 1:
            populations.append(Population(post, layer.neurons, "IF_curr_delta", ("v",)))
        elif isinstance(layer, Max) or not (integrates or isinstance(layer, Last)):
            raise no_synapses(layer)
        for matrix in architecture.matrices_of(k):
            source = post if matrix.recurrent else pre
            projections.append(Projection(f"{source}-{post}", source, post, next(left), None, matrix.delays))
    return Graph(tuple(populations), tuple(projections))


def _unrolled(architecture: Architecture, budgets: Sequence[int]) -> Graph:
    """Return the graph of a machine that holds every synapse by itself."""
    left = iter(budgets)
    populations = [Population("input", math.prod(architecture.input), "SpikeSourceArray")]
    projections = []
    sources = spread = 1
    for k, layer in enumerate(architecture.layers):
        after = architecture.signals[k + 1]
        if isinstance(layer, AveragePool):
            sources *= layer.size**2
            spread *= (-(-layer.size // (layer.stride or layer.size))) ** 2
        elif isinstance(layer, Dense | Conv) and len(architecture.signals[k].shape) != 2:
            (matrix,), pre = layer.matrices(architecture.signals[k].shape), populations[-1]
            records = ("v",) if after.population == "output" else ()
            populations.append(Population(after.population, after.neurons, records=records))
            kernel = None
            if matrix.positions > 1 or matrix.rows != pre.size or sources > 1:
                seen = (-(-layer.kernel // layer.stride)) ** 2 if isinstance(layer, Conv) else 1
                reach = min(spread * seen, matrix.positions)
                kernel = Kernel(matrix.rows, matrix.columns, matrix.positions, sources, reach)
            name = f"{pre.name}-{after.population}"
            projections.append(Projection(name, pre.name, after.population, next(left), kernel))
            sources = spread = 1
        elif not isinstance(layer, Pad | Crop | Mirror | Centre | Norm):
            raise no_synapses(layer)
    return Graph(tuple(populations), tuple(projections))
