"""The networks of mapping/booked.toml, read into the memory model's own terms."""

import tomllib
from pathlib import Path

from neurosparse.hardware.library import load_profile
from neurosparse.mapping.cost import Incoming
from neurosparse.mapping.occupancy import Occupancy

PROFILE = load_profile("spinnaker")
NETWORKS = tomllib.loads((Path(__file__).parent / "mapping" / "booked.toml").read_text(encoding="utf-8"))


def width(network, name):
    """Return the neurons of a full slice."""
    size, model = next((size, model) for other, size, model, _ in network["populations"] if other == name)
    return size if model == "SpikeSourceArray" else min(size, network.get("neurons_per_core", 256))


def incoming(network, name):
    """Return the projections into a population, grouped by source in first-seen order."""
    sizes = {other: size for other, size, _, _ in network["populations"]}
    found = [
        Incoming(pre, sizes[pre], width(network, pre), row, stages, delayed)
        for pre, post, row, stages, delayed in network["projections"]
        if post == name
    ]
    order = list(dict.fromkeys(source.pre for source in found))
    return sorted(found, key=lambda source: order.index(source.pre))


def with_rows(pair):
    """Return the occupancy of a projection with such longest rows, on which alone the bytes of rows depend."""
    return Occupancy(
        live=(), rows=pair, delayed=(0, 0), longest=max(pair), longest_delay=1, lengths=(), fan_in=0
    )  # fmt: skip
