"""`neurosparse profiles`: list, show, check."""

import json
from importlib import resources

import pytest

from neurosparse.cli.main import main
from neurosparse.hardware.library import load_profile, profile_names

_TEXT = resources.files("neurosparse.hardware_profiles").joinpath("spinnaker.toml").read_text(encoding="utf-8")


def _run(capsys, *arguments):
    """Run the command; return exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as leave:
        main(["profiles", *arguments])
    captured = capsys.readouterr()
    return leave.value.code, captured.out, captured.err


def test_list_names_every_profile(capsys):
    code, out, _ = _run(capsys, "list")
    assert code == 0
    lines = {name: (kind, title) for name, kind, title in (line.split(None, 2) for line in out.splitlines())}
    assert list(lines) == profile_names()
    assert lines["spinnaker"] == ("compressed-rows", load_profile("spinnaker").title)
    assert lines["loihi"][0] == "axon-lists"


def test_show_prints_every_figure_with_its_source(capsys):
    code, out, _ = _run(capsys, "show", "spinnaker")
    assert code == 0
    profile = load_profile("spinnaker")
    assert profile.fingerprint in out
    for key, source in profile.sources.items():
        assert key in out
        assert source in out
    assert "123,469,792" in out


def test_show_json_is_one_document(capsys):
    code, out, _ = _run(capsys, "show", "spinnaker", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["board"]["cores"] == 856
    assert document["sources"]["board.cores"]
    assert document["fingerprint"] == load_profile("spinnaker").fingerprint


def test_check_says_that_a_good_file_is_good(capsys, tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(_TEXT, encoding="utf-8")
    code, out, err = _run(capsys, "check", str(path))
    assert (code, err) == (0, "")
    count = len(load_profile("spinnaker").sources)
    assert out.startswith(f"spinnaker: {count} figures, each with its source")


def test_check_shows_all_faults_and_exits_2(capsys, tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(_TEXT.replace("[row]", "[raw]").replace("value = 856", "value = 855"), encoding="utf-8")
    code, out, err = _run(capsys, "check", str(path))
    assert (code, out) == (2, "")
    assert "the profile has 3 faults" in err
    for fault in ("board: cores says 855", "raw: not known here", "row: missing", str(path)):
        assert fault in err


def test_a_missing_file_exits_3_and_an_unknown_name_2(capsys, tmp_path):
    assert _run(capsys, "check", str(tmp_path / "none.toml"))[0] == 3
    code, _, err = _run(capsys, "show", "spinaker")
    assert code == 2
    assert "did you mean 'spinnaker'?" in err
