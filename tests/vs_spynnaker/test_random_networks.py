"""Random networks: our footprint beside what the real tool chain books and writes, or the reason why both refuse."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from vectors import compare
from vs_spynnaker.virtual_board import run_tool_chain

from neurosparse.description.files import read_network
from neurosparse.errors import NeurosparseError
from neurosparse.export import packing
from neurosparse.footprint.measure import measure
from neurosparse.footprint.routers import router_entries
from neurosparse.hardware.library import load_profile
from neurosparse.units import format_bytes

DRAW = Path(__file__).with_name("networks.py")
COUNT = int(os.environ.get("NEUROSPARSE_RANDOM_NETWORKS", "200"))
BOARDS = {3: "spinn3", 5: "spinnaker"}
# What the tool chain says, with its numbers; what we say of the same, with the same numbers.
REASONS = {
    r"has more synapses \((\d+)\)": ("is too long for", lambda n: f"{n} synapses"),
    r"has a max delay of (\d+\.\d+)": ("is beyond what", lambda ms: f"{float(ms):g} ms"),
    r"stage is already set to (\d+), and therefore (\d+)": ("of two lengths", lambda a, b: f"{a} and {b} timesteps"),
    r"will not fit on any possible Chip requires (\d+)": ("does not fit on a chip", lambda n: format_bytes(int(n))),
    r"does not support multiple (boards)": ("does not fit on 1 board", lambda _: "too much"),
    r"(No more chips) to start with": ("finds no room", lambda _: "cores"),
    r"number of neurons per core is less than or equal to (\d+)": ("asks for more neurons on a core", str),
    r"blocked as the current limit for the model is (\d+)": ("asks for more neurons on a core", str),
    r"The parameter n_neurons of (\d+)": ("cannot be told apart", lambda n: f"{int(n):,}"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The network files and what the tool chain says about each; the files stay for whoever looks into a failure."""
    folder = tmp_path_factory.mktemp("networks")
    # In a process of its own: hypothesis takes an interest in the constants of all the code that it finds loaded.
    subprocess.run([sys.executable, DRAW, folder, str(COUNT)], check=True)
    paths = sorted(folder.glob("*.json"))
    assert len(paths) == COUNT
    return list(zip(paths, run_tool_chain(paths), strict=True))


@pytest.mark.parametrize("number", range(COUNT))
def test_the_footprint_is_what_the_tool_chain_books_and_writes(number, runs):
    path, theirs = runs[number]
    try:
        network = read_network(path)
        ours = measure(network, load_profile(BOARDS[network.board_version]))
        router_entries(ours)
    except NeurosparseError as refusal:
        assert theirs["error"], f"{path}: we refuse what the tool chain takes: {refusal}"
        assert is_same_reason(theirs["error"]["message"], str(refusal)), f"{path}: {theirs['error']['message']}"
        return
    assert not theirs["error"], f"{path}: we take what the tool chain refuses: {theirs['error']['message']}"
    comparison = compare(ours, theirs)
    differences = [line for line in comparison.differences if not is_of_cut_rows(line, ours, path)]
    assert not differences, f"{path}:\n" + "\n".join(differences)
    assert {"slices", "placement", "sdram_fixed", "ds_regions.size"} <= set(comparison.fields)


def is_of_cut_rows(line, ours, path):
    """Return whether a difference is only which synapses are left in rows that the tool chain cuts off.

    It brings the synapses of a core together by an unstable sort, so which of them come last, and are lost where a row
    is booked too short, is up to numpy's sort. How many are lost is compared, and every row that is not cut.
    """
    core = next(
        (core for core in ours.cores if f"of core {core.population} {core.start}-{core.stop - 1}:" in line), None
    )
    if core is None or not line.startswith("synblocks_canonical_sha256"):
        return False
    with np.load(path.with_suffix(".tool.npz")) as matrices:
        theirs = matrices[f"synblocks_{core.x}_{core.y}_{core.p}"]
    mine = packing.synaptic_matrix(ours, core)
    assert mine.shape == theirs.shape
    for block in packing.blocks(ours, core.population):
        if block.offset is None:
            continue
        place, size = block.offset // 4, block.synapses + 3
        one, other = (words[place : place + block.rows * size].reshape(block.rows, size) for words in (mine, theirs))
        cut = (one[:, 1] == block.synapses) & (block.projection.lost > 0)
        assert (one[:, :3] == other[:, :3]).all()
        assert (np.sort(one[~cut], axis=1) == np.sort(other[~cut], axis=1)).all()
    return True


def test_the_networks_reach_what_the_model_has_rules_for(runs):
    """The draw is worth its time: lost synapses, delay extensions, several chips, and every reason to refuse."""
    said = [theirs for _, theirs in runs]
    taken = [theirs for theirs in said if not theirs["error"]]
    rows = [row for theirs in taken for row in theirs["projections"]]
    assert len(taken) > COUNT // 2
    assert sum(theirs.get("silently_dropped_synapses", 0) > 0 for theirs in taken) >= COUNT // 40
    assert sum(row["n_delay_stages"] > 1 for row in rows) >= COUNT // 10
    assert sum(len(theirs["chips_used_by_application"]) > 1 for theirs in taken) >= COUNT // 40
    messages = [theirs["error"]["message"] for theirs in said if theirs["error"]]
    assert sum(any(re.search(pattern, message) for message in messages) for pattern in REASONS) > len(REASONS) // 2


def is_same_reason(theirs, ours):
    """Return whether two messages refuse a network for one reason, with the same numbers."""
    found = [(re.search(pattern, theirs), *said) for pattern, said in REASONS.items()]
    return any(match and words in ours and numbers(*match.groups()) in ours for match, words, numbers in found)
