"""The kinds of machine: each profile is of one, and figures that make no sense are refused."""

import pytest
from machines import text_of

from neurosparse.errors import BadInput
from neurosparse.hardware.library import load_profile, profile_names
from neurosparse.hardware.parse import parse_profile
from neurosparse.hardware.topology import board_chips

_KINDS = {
    "brainscales2": ("crossbar", 2, 256),
    "dynapse2": ("fan-in-memory", 16, 256),
    "loihi": ("axon-lists", 128, 1024),
    "odin": ("crossbar", 1, 256),
    "spinn3": ("compressed-rows", 72, 256),
    "spinnaker": ("compressed-rows", 856, 256),
    "spinnaker2": ("stated", 152, None),
    "xylo": ("dense", 1, 1000),
}


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_is_of_its_kind(name):
    profile = load_profile(name)
    kind, cores, neurons = _KINDS[name]
    assert profile.kind == kind
    chips = board_chips(profile)
    assert sum(chip.cores for chip in chips) == cores
    assert profile.numbering == (len(chips), max(chip.cores for chip in chips))
    assert neurons is None or profile.most_neurons == neurons
    assert kind == "compressed-rows" or profile.does_not_cover, "a model that is less than the tool chain's says so"


def test_cores_without_coordinates_stand_in_a_row():
    chips = board_chips(load_profile("dynapse2"))
    assert [(chip.x, chip.y) for chip in chips] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert {(chip.application_cores, chip.neighbours) for chip in chips} == {(range(4), ())}


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("loihi", "value = [0, 6, 7, 8, 9, 10, 11, 12]", "value = [0, 6]", "no index is wide enough for 1024 neurons"),
        ("loihi", "[axons]", "[taxons]", "taxons: not known here"),
        ("loihi", "shared = { value = false", "shared = { value = true", "those of one population"),
        ("odin", "shared = { value = true", "shared = { value = 1", "cores.shared: input should be a valid boolean"),
        ("odin", "per_chip = { value = 1", "per_chip = { value = 2", "one core"),
        ("dynapse2", "entries = { value = 64", "entries = { value = 0", "cam.entries: input should be greater"),
        ("dynapse2", "watching = { value = 1", "watching = { value = 4", "leaves a neuron no destination"),
        ("xylo", 'kind = "dense"', 'knd = "dense"', "kind: missing"),
        ("spinnaker2", 'value = "128 KiB"', 'value = "128 knots"', "not a number of bytes"),
    ],
)
def test_figures_of_a_kind_are_checked(name, old, new, fault):
    text = text_of(name)
    assert old in text
    with pytest.raises(BadInput) as caught:
        parse_profile(text.replace(old, new, 1), "my.toml")
    assert fault in str(caught.value)


def test_a_profile_may_be_like_another(tmp_path):
    board = """
schema = "neurosparse.profile/1"
like = "spinn3"
name = "mine"
title = "My board, which lacks a core"
kind = "compressed-rows"
[board]
chips = { value = 1, source = "counted on my desk" }
cores = { value = 17, source = "counted on my desk" }
ethernet_chip = { value = [0, 0], source = "counted on my desk" }
links = { value = [], source = "counted on my desk" }
map = { value = [[0, 0, 17]], source = "counted on my desk" }
"""
    path = tmp_path / "mine.toml"
    path.write_text(board)
    mine, other = load_profile(str(path)), load_profile("spinnaker")
    assert mine.row == other.row
    assert mine.sources["row.header_words"] == other.sources["row.header_words"]
    assert mine.sources["board.cores"] == "counted on my desk"
    assert [chip.cores for chip in board_chips(mine)] == [17]
    path.write_text(board.replace('like = "spinn3"', 'like = "spinn33"'))
    with pytest.raises(BadInput, match="no profile called 'spinn33'"):
        load_profile(str(path))
    with pytest.raises(BadInput, match="no profile called 'spinn3'"):
        parse_profile(board, "nowhere to look")
