"""Who listens to whom: for every sender of spikes, which of its cores each core of a target wants to hear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurosparse.description.connectors import Connector, FromList, OneToOne
from neurosparse.footprint.values import CoreFootprint, Footprint
from neurosparse.mapping.delays import extension_of

# Stands for all cores of a sender at once, which the tool chain keeps apart from naming each of them.
WHOLE = -1


@dataclass(frozen=True)
class Edge:
    """All spikes from a sender to one target.

    Attributes
    ----------
    target : str
        A population, or a delay extension.
    heard : tuple of (CoreFootprint, tuple of int)
        Each core of the target, and the cores of the sender that it hears, by number, or `WHOLE`; maybe none.
    """

    target: str
    heard: tuple[tuple[CoreFootprint, tuple[int, ...]], ...]


def edges_from(footprint: Footprint, sender: str) -> Iterator[Edge]:
    """Yield the edges of a sender in the order in which the tool chain makes and routes them.

    Parameters
    ----------
    sender : str
        A population or delay extension that has keys.

    Sources: spynnaker/pyNN/extra_algorithms/delay_support_adder.py:60-190 (order),
    splitter_components/splitter_population_vertex_fixed.py:117-139 and splitter_delay_vertex_slice.py:70-80 (who hears
    whom), sPyNNaker 1!7.4.1.
    """
    is_population = any(population.name == sender for population in footprint.populations)
    pre = sender if is_population else sender.removesuffix("_delayed")
    projections = [projection for projection in footprint.projections if projection.pre == pre]
    held_back = [projection for projection in projections if projection.stages]
    for post in dict.fromkeys(projection.post for projection in (projections if is_population else held_back)):
        yield Edge(post, _heard(footprint, pre, post))
    if is_population and held_back:
        extension = extension_of(pre)
        yield Edge(extension, tuple((core, (k,)) for k, core in enumerate(footprint.cores_of(extension))))


def _heard(footprint: Footprint, pre: str, post: str) -> tuple[tuple[CoreFootprint, tuple[int, ...]], ...]:
    """Return which cores of a population each core of another hears, over all projections between them.

    A delay extension hears and sends for the same neurons as its population: all delays of a projection count for both.
    """
    cores = footprint.cores_of(post)
    heard: list[dict[int, None]] = [{} for _ in cores]  # dictionaries for their order
    for projection in footprint.network.projections:
        if (projection.pre, projection.post) == (pre, post):
            for k, sources in enumerate(_sources(projection.connector, footprint, pre, post)):
                heard[k].update(dict.fromkeys(sources))
    return tuple((core, tuple(sources)) for core, sources in zip(cores, heard, strict=True))


def _sources(connector: Connector, footprint: Footprint, pre: str, post: str) -> list[list[int]]:
    """Return, for each core of the target, the cores of the source with a synapse to it.

    Source: ``get_connected_vertices`` of the connectors in spynnaker/pyNN/models/neural_projections/connectors/,
    sPyNNaker 1!7.4.1: those of a list and of one to one look closer, any other takes all.
    """
    source, target = footprint.population(pre), footprint.population(post)
    n_pre, n_post = -(-source.neurons // source.width), -(-target.neurons // target.width)
    if isinstance(connector, FromList):
        met = np.zeros((n_post, n_pre), dtype=bool)
        # One core needs no division, and lists are long.
        rows = connector.target // np.int32(target.width) if n_post > 1 else 0
        columns = connector.source // np.int32(source.width) if n_pre > 1 else 0
        if len(connector):
            met[rows, columns] = True
        return [np.flatnonzero(row).tolist() for row in met]
    if isinstance(connector, OneToOne):
        a, b, both = source.width, target.width, min(source.neurons, target.neurons)
        return [
            [k for k in range(n_pre) if max(k * a, core * b) < min(k * a + a, core * b + b, both)]
            for core in range(n_post)
        ]
    return [[WHOLE] for _ in range(n_post)]
