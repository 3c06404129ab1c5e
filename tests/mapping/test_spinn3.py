"""A plan for the small SpiNNaker board equals what the real tool chain booked there."""

import json
from pathlib import Path

from booked import with_rows

from neurosparse.graph import Graph, Population, Projection
from neurosparse.hardware.library import load_profile
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping.plan import make_plan

_VECTOR = json.loads((Path(__file__).parents[1] / "footprint" / "vectors" / "spinn3_small.json").read_text())


def _planned():
    """Return the plan of the vector's network, and the longest rows that it really had."""
    network, rows, synapses = _VECTOR["network"], {}, {}
    for described, booked in zip(network["projections"], _VECTOR["projections"], strict=True):
        name = f"{described['pre']}-{described['post']}"
        pair = rows.setdefault(name, [0, 0])
        pair[booked["synapse_type"]] = booked["undelayed_max_n_synapses"]
        synapses[name] = synapses.get(name, 0) + described["n_synapses"]
    graph = Graph(
        tuple(Population(p["name"], p["n"], p["model"], tuple(p.get("record", ()))) for p in network["populations"]),
        tuple(Projection(name, *name.split("-"), count) for name, count in synapses.items()),
    )
    found = {name: with_rows(tuple(pair)) for name, pair in rows.items()}
    return make_plan(graph, load_profile("spinn3"), timesteps=_VECTOR["plan_n_timesteps"]), found


def test_cores_lie_where_the_tool_chain_put_them():
    plan, _ = _planned()
    assert [(core.start, core.stop - 1, core.x, core.y, core.p) for core in plan.cores] == [
        (*core["slice"], core["x"], core["y"], core["p"]) for core in _VECTOR["machine_vertices"]
    ]


def test_every_core_books_what_the_tool_chain_booked():
    plan, found = _planned()
    steps = _VECTOR["plan_n_timesteps"]
    for regions, core in zip(plan.filled(found), _VECTOR["machine_vertices"], strict=True):
        assert sum(regions.values()) == core["sdram_fixed"] + steps * core["sdram_per_timestep"]


def test_the_board_is_that_of_the_tool_chain():
    chips = board_chips(load_profile("spinn3"))
    assert len(chips) == _VECTOR["machine"]["n_chips"]
    # Four chips in a square whose sides are joined: each is linked to all the others.
    assert all(set(chip.neighbours) == {(c.x, c.y) for c in chips} - {(chip.x, chip.y)} for chip in chips)
