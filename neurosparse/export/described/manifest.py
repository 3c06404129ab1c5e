"""What a manifest says of a described network, and what its user is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosparse.description.connectors import FixedProbability, FromList
from neurosparse.description.network import NetworkDescription, Population
from neurosparse.export.described.cells import CELL_TYPES, SOURCES
from neurosparse.export.described.check import rate_of
from neurosparse.export.described.synapses import Listed, count, on_grid, signed
from neurosparse.export.described.values import Asked

NEURON_STEP = 0.1
"""Longest time step for NEURON, ms, which sees spikes late in long steps."""


def manifest_of(network: NetworkDescription, lists: Mapping[int, Listed], asked: Asked) -> dict[str, Any]:
    """Return what all exports of a described network say: units, time, input, populations and projections.

    Names are data here, and enter no script: projections name their populations by number.
    """
    step = network.timestep
    projections = [_projection(network, k, lists.get(k)) for k in range(len(network.projections))]
    longest = [float(one.delay.max()) for one in lists.values() if one.delay.size]
    longest += [entry["delay"] for entry in projections if "delay" in entry]
    return {
        "units": {"time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "rate": "Hz"},
        "time": {
            "step": step,
            "step_neuron": step / math.ceil(step / NEURON_STEP - 1e-9),
            "delay": step,
            "longest_delay": max([10 * step, *longest]),
            # NEST cannot send a spike before the second step.
            "start": 2 * step,
            "steps": asked.steps,
        },
        "input": {"seed": asked.seed},
        "populations": [_population(population, network, asked) for population in network.populations],
        "projections": projections,
    }


def _population(population: Population, network: NetworkDescription, asked: Asked) -> dict[str, Any]:
    """Return what the manifest says of a population."""
    sampling = population.sampling
    entry: dict[str, Any] = {
        "name": population.name,
        "size": population.size,
        "cell_type": population.model,
        "records": list(population.records),
        "sampling": None if sampling is None else float(on_grid(np.array(sampling), network.timestep)),
        "neurons_per_core": population.neurons_per_core,
    }
    if population.model in SOURCES:
        most = population.size if population.spikes_per_step is None else population.spikes_per_step
        return entry | {"rate": rate_of(population, asked), "most_at_once": min(most, population.size)}
    return entry | {"parameters": parameters(population.model, network.timestep)}


def parameters(model: str, timestep: float) -> dict[str, float]:
    """Return the parameters of a cell type, its refractory time in whole timesteps, as SpiNNaker counts it."""
    found = dict(CELL_TYPES[model].parameters)
    if "tau_refrac" in found:
        found["tau_refrac"] = math.ceil(found["tau_refrac"] / timestep - 1e-9) * timestep
    return found


def _projection(network: NetworkDescription, k: int, synapses: Listed | None) -> dict[str, Any]:
    """Return what the manifest says of projection number `k`, whose synapses are listed unless a rule makes them."""
    projection, names = network.projections[k], [p.name for p in network.populations]
    connector, cell = projection.connector, CELL_TYPES[network.population(projection.post).model]
    entry: dict[str, Any] = {
        "name": projection.name,
        "pre": names.index(projection.pre),
        "post": names.index(projection.post),
        "receptor": projection.receptor,
        "connector": type(connector).__name__,
        "synapses": count(network, projection) if synapses is None else len(synapses.pre),
        "weight_unit": cell.weight_unit,
    }
    if isinstance(connector, FixedProbability):
        entry["p"] = connector.p
    if not isinstance(connector, FromList):
        entry["weight"] = float(signed(np.array(connector.weight), projection, cell))
        entry["delay"] = float(on_grid(np.array(connector.delay), network.timestep))
    return entry


def notes(network: NetworkDescription, asked: Asked) -> tuple[str, ...]:
    """Return what is not as the description has it, or not in it, a line each."""
    told = []
    cells = {p.model for p in network.populations if p.model not in SOURCES}
    if cells:
        told.append("cells have PyNN's default parameters, for a file says none; manifest.json can be edited")
    for name, number in _refractory(network, sorted(cells)):
        told.append(f"tau_refrac of {name} is {number:g} ms: a whole number of timesteps, as SpiNNaker counts it")
    given = [p.name for p in network.populations if p.model == "SpikeSourceArray"]
    if given:
        told.append(f"input: no spikes are given for {_names(given)}: random ones of {asked.input_rate:g} Hz instead")
    unknown = [p.name for p in network.populations if p.model == "SpikeSourcePoisson" and p.rate is None]
    if unknown:
        told.append(f"no rate is given for {_names(unknown)}: PyNN's default of 1 Hz")
    for projection in network.projections:
        connector = projection.connector
        delay = np.asarray(connector.delay, np.float64)
        moved = int(np.count_nonzero(~np.isclose(on_grid(delay, network.timestep), delay, rtol=1e-9, atol=0.0)))
        if moved:
            many = f"{moved:,} of {delay.size:,} delays"
            told.append(f"{projection.name}: {many} rounded to timesteps of {network.timestep:g} ms")
        if isinstance(connector, FixedProbability):
            told.append(f"{projection.name}: drawn once, with seed {asked.seed}, so that all have the same synapses")
        if projection.plasticity:
            told.append(f"{projection.name}: plastic in the description ({projection.plasticity}), static here")
    split = [p.name for p in network.populations if p.synapse_cores]
    if split:
        told.append(f"synapses on cores of their own are not asked for: {_names(split)}")
    return tuple(told)


def _refractory(network: NetworkDescription, cells: list[str]) -> list[tuple[str, float]]:
    """Return the cell types whose refractory time is not PyNN's, and what it is (ms)."""
    found = [(model, parameters(model, network.timestep).get("tau_refrac")) for model in cells]
    return [(model, ms) for model, ms in found if ms is not None and ms != CELL_TYPES[model].parameters["tau_refrac"]]


def _names(names: list[str]) -> str:
    """Return some names as a line tells them."""
    told = ", ".join(repr(name) for name in names[:3])
    return told if len(names) <= 3 else f"{told} and {len(names) - 3} more"
