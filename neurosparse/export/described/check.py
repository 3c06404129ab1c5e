"""What cannot be exported, said before any work: with the population or projection that it is about."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from neurosparse.description.network import NetworkDescription, Population
from neurosparse.errors import BadInput
from neurosparse.export.described.cells import BACKENDS, CELL_TYPES, POISSON_RATE, SOURCES
from neurosparse.export.described.synapses import check_synapses
from neurosparse.export.described.values import Asked
from neurosparse.registry import unknown_name

MOST_STEPS = 10_000_000
MOST_DELAY_STEPS = 10_000
LEAST_TIMESTEP = 0.001
"""ms; a tic of NEST, its finest resolution."""


def check_network(network: NetworkDescription, asked: Asked) -> None:
    """Raise BadInput where nobody could run a network, or nobody knows what it means.

    A cell type is unknown, a source has inputs, a rate is more than a spike a timestep, the weights of an excitatory
    projection are negative, timestep or delays are beyond what simulators hold, or what is asked has no meaning.
    """
    for name, value, least in (("steps", asked.steps, 1), ("seed", asked.seed, 0), ("input-rate", asked.input_rate, 0)):
        if not value >= least:
            raise BadInput(f"{value:g} makes no sense", where=f"--{name}", help=f"at least {least}")
    known = [*CELL_TYPES, *SOURCES]
    if asked.steps > MOST_STEPS:
        raise BadInput(
            f"{asked.steps:,} timesteps are more than a script runs",
            numbers={"at most": f"{MOST_STEPS:,}"},
            where="--steps",
        )
    if network.timestep < LEAST_TIMESTEP:
        raise BadInput(
            f"a timestep of {network.timestep:g} ms is shorter than simulators can take",
            numbers={"at least": f"{LEAST_TIMESTEP:g} ms"},
            where="timestep",
        )
    for k, population in enumerate(network.populations):
        where = f"populations[{k}]"
        if population.model not in known:
            fault = unknown_name("cell type", population.model, known)
            fault.where = f"{where}, {population.name!r}"
            raise fault
        rate, most = rate_of(population, asked), 1000.0 / network.timestep
        if rate is not None and rate > most:
            raise BadInput(
                f"source {population.name!r} cannot fire more than once a timestep",
                numbers={"asked for": f"{rate:g} Hz", "at most": f"{most:g} Hz"},
                where=where,
            )
    for k, projection in enumerate(network.projections):
        if network.population(projection.post).model in SOURCES:
            raise BadInput(
                f"{projection.name!r} ends in a source of spikes, which has no inputs", where=f"projections[{k}]"
            )
        longest = float(np.max(projection.connector.delay, initial=0.0))
        if longest > MOST_DELAY_STEPS * network.timestep:
            raise BadInput(
                f"a delay of {longest:g} ms in {projection.name!r} is longer than simulators keep spikes for",
                numbers={"timesteps at most": f"{MOST_DELAY_STEPS:,}"},
                where=f"projections[{k}]",
            )
        check_synapses(network, k)


def rate_of(population: Population, asked: Asked) -> float | None:
    """Return how often each neuron of a source fires (Hz); None for cells."""
    if population.model not in SOURCES:
        return None
    if population.model == "SpikeSourcePoisson":
        return POISSON_RATE if population.rate is None else population.rate
    return asked.input_rate


def refused_by_pynn(network: NetworkDescription) -> dict[str, str | None]:
    """Return for each back end of PyNN why it cannot run a network, None where it can.

    Raises
    ------
    BadInput
        None of them can.
    """
    found = {
        backend: _first(
            f"population {p.name!r} is of {p.model}: {CELL_TYPES[p.model].refused[backend]}"
            for p in network.populations
            if p.model not in SOURCES and backend in CELL_TYPES[p.model].refused
        )
        for backend in BACKENDS
    }
    if None not in found.values():
        raise BadInput("no back end of PyNN can run the network", numbers={k: v or "" for k, v in found.items()})
    return found


def check_native(network: NetworkDescription) -> None:
    """Raise BadInput where a cell type has no equations in the Brian2 exporter."""
    for k, population in enumerate(network.populations):
        if population.model not in SOURCES and not CELL_TYPES[population.model].native:
            raise BadInput(
                f"population {population.name!r} is of {population.model}, which the Brian2 exporter cannot express",
                where=f"populations[{k}]",
                help=f"it can express {', '.join(name for name, cell in CELL_TYPES.items() if cell.native)}",
            )


def _first(reasons: Iterable[str]) -> str | None:
    """Return the first of some reasons, None where there is none."""
    return next(iter(reasons), None)
