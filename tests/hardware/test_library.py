"""Profiles by name and by path."""

import pytest

from neurosparse.errors import BadInput, FileFault
from neurosparse.hardware.library import load_profile, profile_names


def test_the_package_brings_spinnaker():
    assert "spinnaker" in profile_names()
    assert all(load_profile(name).name == name for name in profile_names())


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(BadInput, match="no profile called 'spinaker'") as caught:
        load_profile("spinaker")
    assert "did you mean 'spinnaker'?" in str(caught.value)


def test_a_profile_is_read_from_a_file(tmp_path):
    from importlib import resources

    text = resources.files("neurosparse.hardware_profiles").joinpath("spinnaker.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('name = "spinnaker"', 'name = "mine"', 1), encoding="utf-8")
    assert load_profile(str(path)).name == "mine"


def test_a_missing_file_and_one_that_is_no_text_are_told(tmp_path):
    with pytest.raises(FileFault, match=r"cannot read none\.toml"):
        load_profile(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not text in UTF-8"):
        load_profile(str(tmp_path / "bytes.toml"))
