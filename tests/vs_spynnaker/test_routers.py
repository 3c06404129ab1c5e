"""The entries of routers beside those of the real tool chain: which, in what order, and what compression leaves."""

from pathlib import Path

import numpy as np
import pytest
from vectors import Comparison, compare_routers, told
from vs_spynnaker.virtual_board import run_tool_chain
from vs_spynnaker.wide_networks import crowded_router, draw_wide

from neurosparse.description.files import read_network
from neurosparse.errors import OverBudget
from neurosparse.footprint.compress import compressed
from neurosparse.footprint.measure import measure
from neurosparse.footprint.router_tables import router_tables
from neurosparse.footprint.routers import router_entries
from neurosparse.hardware.library import load_profile

MAPPING = Path(__file__).with_name("mapping.py")
COUNT = 50
LARGE = 3  # networks of three boards, where the straight way may lead beside the boards
LIMIT = 1023


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("routers")


@pytest.fixture(scope="module")
def runs(folder):
    """The network files and what the tool chain says about each."""
    (folder / "large").mkdir()
    paths = draw_wide(folder, COUNT) + draw_wide(folder / "large", LARGE, cores=820, most=40)
    return list(zip(paths, run_tool_chain(paths, script=MAPPING), strict=True))


@pytest.fixture(scope="module")
def crowded(folder):
    """Networks with more entries on one router than there are: by kind, the file and what the tool chain says."""
    random = np.random.default_rng(5)
    patterns = random.integers(1, 2**16, 5000)
    networks = {
        "fits": np.repeat(random.choice(patterns[:40], 1300), random.choice((1, 1, 1, 2), 1300))[:1300],
        "does not fit": random.permutation(np.concatenate((patterns[:1000], random.choice(patterns[:1000], 300)))),
        "too many routes": random.choice(patterns, 1250),
    }
    paths = [crowded_router(folder, name.replace(" ", "_"), choice) for name, choice in networks.items()]
    return dict(zip(networks, zip(paths, run_tool_chain(paths, script=MAPPING), strict=True), strict=True))


def measured(path):
    return measure(read_network(path), load_profile("spinnaker"))


@pytest.mark.parametrize("number", range(COUNT + LARGE))
def test_the_entries_are_those_of_the_tool_chain(number, runs):
    path, theirs = runs[number]
    assert theirs["error"] is None
    comparison = Comparison()
    compare_routers(comparison, measured(path), theirs)
    assert not comparison.differences, path
    assert set(comparison.fields) == {
        "routing_uncompressed_counts",
        "routing_compressed_counts",
        "routing_uncompressed",
    }


def test_the_networks_reach_what_routing_has_rules_for(runs):
    """The draw is worth its time: many chips, several boards, entries joined and entries apart, spikes straight on."""
    tables = [table for _, theirs in runs for table in theirs["routing_uncompressed"].values()]
    rows = [row for table in tables for row in table]
    assert len(tables) > 6 * COUNT
    assert max(map(len, tables)) > 100
    assert sum(row["default"] for row in rows) > COUNT
    assert sum(not row["cores"] and not row["links"] for row in rows) > 0
    assert sum(len({row["mask"] for row in table}) > 2 for table in tables) > COUNT
    assert sum(len(theirs["routing_uncompressed"]) > 48 for _, theirs in runs) >= LARGE - 1


def test_a_table_that_does_not_fit_is_compressed_as_the_tool_chain_does(crowded):
    path, theirs = crowded["fits"]
    assert theirs["error"] is None
    footprint = measured(path)
    (chip,) = (xy for xy, use in router_entries(footprint).items() if use.before > LIMIT)
    ours = [told(entry) for entry in compressed(router_tables(footprint)[chip])]
    assert ours == theirs["routing_compressed"]["{},{}".format(*chip)]
    comparison = Comparison()
    compare_routers(comparison, footprint, theirs)
    assert not comparison.differences


def test_a_table_that_does_not_fit_even_then_is_refused_by_both_with_the_number(crowded):
    path, theirs = crowded["does not fit"]
    with pytest.raises(OverBudget) as caught:
        router_entries(measured(path))
    needs = caught.value.numbers["needs"].split()[0].replace(",", "")
    assert f"={needs} " in theirs["error"]["message"]
    assert theirs["error"]["cause"][-1][0] == "MinimisationFailedError"


def test_more_routes_than_entries_break_the_tool_chain_and_are_refused(crowded):
    path, theirs = crowded["too many routes"]
    assert theirs["error"]["cause"][-1] == ["IndexError", "list assignment index out of range"]
    with pytest.raises(OverBudget, match="too few entries"):
        router_entries(measured(path))
