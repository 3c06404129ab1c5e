"""Every recorded network of the real tool chain: our footprint beside what it booked and wrote, field by field."""

import json
from collections import Counter
from pathlib import Path

import pytest
from vectors import compare

from neurosparse.description.files import read_network
from neurosparse.errors import BadInput, OverBudget
from neurosparse.footprint.measure import measure
from neurosparse.hardware.library import load_profile

FOLDER = Path(__file__).parent / "vectors"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
BOARDS = {3: "spinn3", 5: "spinnaker"}
# What the model says where the tool chain fails, and the figure of the tool chain's own message in it.
FAILURES = {
    "err_row_too_long": ("a synaptic row of projection 'a-b excitatory' is too long", "300 synapses"),
    "err_sdram_core": ("population 'b' does not fit on a chip", "123.8 MiB"),
    "err_source_array_sdram": ("population 'a' does not fit on a chip", "489.1 MiB"),
    "err_too_many_cores": ("the network does not fit on 1 board of spinn3", "80 cores"),
}
NOT_COVERED = {
    "split_cores_1": "does not cover synapses on cores of their own",
    "stdp": "does not cover plastic synapses",
}


def vector(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def footprint(name):
    network = read_network(FOLDER / f"{name}.json")
    return measure(network, load_profile(BOARDS[network.board_version]))


def test_all_recorded_networks_are_here():
    assert len(NAMES) == 28
    assert {name for name in NAMES if vector(name)["error"]} == set(FAILURES)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAILURES and name not in NOT_COVERED])
def test_the_footprint_is_what_the_tool_chain_booked_and_wrote(name):
    comparison = compare(footprint(name), vector(name))
    assert not comparison.differences
    assert {"slices", "placement", "sdram_fixed", "ds_regions.size", "app_keys"} <= set(comparison.fields)


@pytest.mark.parametrize("name", FAILURES)
def test_what_the_tool_chain_refuses_is_refused_with_the_cause(name):
    what, needs = FAILURES[name]
    with pytest.raises(OverBudget, match=r"does not fit|too long") as caught:
        footprint(name)
    assert what in caught.value.what
    assert caught.value.numbers["needs"] == needs
    assert {"needs", "there is", "too much"} <= set(caught.value.numbers)
    assert caught.value.help


@pytest.mark.parametrize("name", NOT_COVERED)
def test_what_is_not_covered_is_said_and_not_guessed(name):
    with pytest.raises(BadInput, match=NOT_COVERED[name]) as caught:
        footprint(name)
    assert "guess" in caught.value.help


def test_the_table_of_vectors_tells_what_is_compared():
    """The table beside the vectors: each with the fields compared, how often, and the result."""
    lines, every = [], Counter()
    for name in NAMES:
        if name in FAILURES:
            lines.append(f"{name}: refused by both, with the cause")
        elif name in NOT_COVERED:
            lines.append(f"{name}: not covered, and said so")
        else:
            fields = compare(footprint(name), vector(name)).fields
            every += Counter(dict.fromkeys(fields, 1))
            lines.append(f"{name}: {len(fields)} fields, {sum(fields.values()):,} values, equal")
    lines += ["", "field: vectors that have it"]
    lines += [f"{field}: {count}" for field, count in sorted(every.items())]
    assert "\n".join(lines) + "\n" == (FOLDER / "table.txt").read_text()
