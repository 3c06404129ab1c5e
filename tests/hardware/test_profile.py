"""Profiles: every figure has a source, every fault of a file is shown at once."""

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.hardware.library import load_profile, profile_names
from neurosparse.hardware.parse import parse_profile

_TEXT = resources.files("neurosparse.hardware_profiles").joinpath("spinnaker.toml").read_text(encoding="utf-8")


def _numbers(value, key=""):
    """Yield the key of every table that holds a figure, and of every number that stands outside one."""
    if isinstance(value, dict) and "value" in value:
        yield key, value.get("source", "")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, f"{key}.{name}")
    elif not isinstance(value, str):
        yield key, ""


@pytest.mark.parametrize("name", profile_names())
def test_every_figure_names_a_public_source(name):
    text = resources.files("neurosparse.hardware_profiles").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    words = {key: document.pop(key) for key in ("covers", "does_not_cover") if key in document}
    assert all(isinstance(line, str) and line for lines in words.values() for line in lines)
    found = dict(_numbers(document))
    assert len(found) > 4
    for key, source in found.items():
        assert len(source) > 10, f"{key} names no source"
        assert not any(part.startswith("/") for part in source.split()), f"{key} names a path of one machine"


@pytest.mark.parametrize("name", profile_names())
def test_unverified_figures_say_so(name):
    profile = load_profile(name)
    dtcm = {key: source for key, source in profile.sources.items() if ".dtcm." in key}
    assert bool(dtcm) == (profile.kind == "compressed-rows")
    assert all("not verified on hardware" in source for source in dtcm.values())


def test_spinnaker_is_a_board_of_48_chips():
    profile = load_profile("spinnaker")
    assert (profile.board.chips, profile.board.cores) == (48, 856)
    assert sorted({cores for _, _, cores in profile.board.map}) == [17, 18]
    assert profile.chip.sdram == 123_469_792
    assert (profile.core.dtcm, profile.core.itcm, profile.core.neurons) == (65_536, 32_768, 256)
    assert profile.sources["row.header_words"].startswith("spynnaker/")


def test_a_figure_without_a_source_is_refused():
    bare = _TEXT.replace('header_words = { value = 3, source = "', 'header_words = 3 # "')
    with pytest.raises(BadInput, match=r"row\.header_words: this figure names no source"):
        parse_profile(bare, "my.toml")
    empty = _TEXT.replace(
        'value = 3, source = "spynnaker/pyNN/models/neuron/synapse_io.py:48 _N_HEADER_WORDS"', 'value = 3, source = " "'
    )
    with pytest.raises(BadInput, match=r"row\.header_words: this figure names no source"):
        parse_profile(empty, "my.toml")


def test_all_faults_are_shown_at_once():
    text = (
        _TEXT.replace("[chip]", "[chyp]")
        .replace('dtcm = { value = "64 KiB"', 'dtcm = { value = "64 kilo"')
        .replace("longest = { value = 256", "longest = { value = -1")
        .replace("chips = { value = 48", "chips = { value = 47")
        .replace("system = { value = 412", "sistem = { value = 412", 1)
    )
    with pytest.raises(BadInput) as caught:
        parse_profile(text, "my.toml")
    message = str(caught.value)
    assert caught.value.where == "my.toml"
    for fault in (
        "chyp: not known here",
        "chip: missing",
        "core.dtcm: '64 kilo' is not a number of bytes",
        "row.longest: input should be greater than or equal to 1, not -1",
        "board: chips says 47, the map has 48",
        "regions.sistem: not known here",
        "regions.system: missing",
    ):
        assert fault in message


def test_a_syntax_fault_names_its_line():
    lines = _TEXT.splitlines()
    lines[11] = "name = "
    with pytest.raises(BadInput, match=r"not TOML.*line 12"):
        parse_profile("\n".join(lines), "my.toml")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[0, 0, 18], [0, 1, 18]", "[0, 0, 18], [0, 0, 18]", "the map names a chip twice"),
        ("cores = { value = 856", "cores = { value = 857", "cores says 857, the map adds up to 856"),
        ("ethernet_chip = { value = [0, 0]", "ethernet_chip = { value = [0, 7]", "not on the map"),
        ("cores = { value = 2,", "cores = { value = 20,", "monitors take 21 cores of a chip that has 17"),
        ("sdram = { value = 488476", "sdram = { value = 488476000", "monitors take all SDRAM"),
        ('schema = "neurosparse.profile/1"', 'schema = "neurosparse.profile/9"', "schema"),
        ('kind = "compressed-rows"', 'kind = "conveyor"', "kind: there is no kind of machine called 'conveyor'"),
        ("header_words = { value = 3", "header_words = { value = true", "row.header_words"),
        ("header_words = { value = 3", "header_words = { value = 3.0", "row.header_words"),
        ("header_words = { value = 3", "header_words = { unit = 4, value = 3", "row.header_words.unit: a figure has"),
    ],
)
def test_figures_that_make_no_sense_are_refused(old, new, fault):
    assert old in _TEXT
    with pytest.raises(BadInput) as caught:
        parse_profile(_TEXT.replace(old, new, 1), "my.toml")
    assert fault in str(caught.value)


def test_the_fingerprint_is_that_of_the_figures():
    whole = parse_profile(_TEXT, "a").fingerprint
    assert parse_profile(_TEXT.replace('"64 KiB"', "65536"), "b").fingerprint == whole
    assert parse_profile(_TEXT.replace("spynnaker/pyNN", "sPyNNaker/pyNN"), "c").fingerprint == whole
    assert (
        parse_profile(_TEXT.replace("header_words = { value = 3", "header_words = { value = 4"), "d").fingerprint
        != whole
    )
    assert len(whole) == 64


@given(st.integers(0, len(_TEXT)), st.integers(0, 60), st.text(max_size=12))
def test_a_damaged_file_is_read_or_refused_with_a_reason(start, length, patch):
    text = _TEXT[:start] + patch + _TEXT[start + length :]
    assert _parsed_or_refused(text)


@given(
    st.recursive(
        st.integers() | st.text(max_size=5) | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "source", "a"]), inner),
        max_leaves=8,
    )
)
def test_any_value_in_place_of_a_figure_is_read_or_refused(value):
    text = _TEXT.replace("header_words = { value = 3,", f"header_words = {{ value = {_toml(value)},", 1)
    found = _parsed_or_refused(text)
    assert "row.header_words" in found if isinstance(found, str) else found.row.header_words == value


def _parsed_or_refused(text):
    """Return the profile, or why there is none; any other exception fails the test."""
    try:
        return parse_profile(text, "my.toml")
    except BadInput as fault:
        return fault.what


def _toml(value):
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + " }"
