"""A folder appears whole or not at all, and nothing of the user's is ever replaced."""

import errno

import pytest

from neurosparse.errors import BadInput, FileFault
from neurosparse.export.folder import whole_folder

OWN = ("a", "b", "manifest.json")
MANIFEST = '{"schema": "neurosparse.export.test/1"}'


def write(folder, text, overwrite=False):
    with whole_folder(folder, OWN, overwrite) as new:
        for name in OWN[:2]:
            (new / name).write_text(text)
        (new / "manifest.json").write_text(MANIFEST)


def test_makes_parents_and_leaves_nothing_beside(tmp_path):
    write(tmp_path / "x" / "y", "1")
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["y"]
    assert (tmp_path / "x" / "y" / "b").read_text() == "1"


def test_refuses_what_is_there_until_told(tmp_path):
    write(tmp_path / "y", "1")
    with pytest.raises(BadInput, match="an export is there already"):
        write(tmp_path / "y", "2")
    assert (tmp_path / "y" / "a").read_text() == "1"
    (tmp_path / "y" / "__pycache__").mkdir()
    write(tmp_path / "y", "3", overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["y"]
    found = sorted((p.name, p.read_text()) for p in (tmp_path / "y").iterdir())
    assert found == [("a", "3"), ("b", "3"), ("manifest.json", MANIFEST)]


def test_overwrite_never_replaces_what_it_does_not_know(tmp_path):
    write(tmp_path / "y", "1")
    (tmp_path / "y" / "thesis.tex").write_text("years")
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "y")
    with pytest.raises(BadInput, match=r"thesis\.tex"):
        write(tmp_path / "y", "2", overwrite=True)
    for name in ("file", "link"):
        with pytest.raises(BadInput, match="not a folder"):
            write(tmp_path / name, "2", overwrite=True)
    assert (tmp_path / "y" / "thesis.tex").read_text() == "years"
    assert (tmp_path / "y" / "a").read_text() == "1"


@pytest.mark.parametrize("manifest", [None, "my thesis", "[]", '{"schema": "other/1"}', '{"neurosparse.": 1}'])
def test_files_that_are_only_called_as_ours_are_not_replaced(manifest, tmp_path):
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "a").write_text("years")
    if manifest is not None:
        (tmp_path / "y" / "manifest.json").write_text(manifest)
    with pytest.raises(BadInput, match="no manifest"):
        write(tmp_path / "y", "2", overwrite=True)
    assert (tmp_path / "y" / "a").read_text() == "years"


@pytest.mark.parametrize("inner", ["a", "__pycache__"])
def test_folders_that_are_only_called_as_ours_are_not_replaced(inner, tmp_path):
    write(tmp_path / "y", "1")
    (tmp_path / "y" / "a").unlink()
    (tmp_path / "y" / inner).mkdir()
    (tmp_path / "y" / inner / "thesis.tex").write_text("years")
    with pytest.raises(BadInput, match=f"more than an export: '{inner}'"):
        write(tmp_path / "y", "2", overwrite=True)
    assert (tmp_path / "y" / inner / "thesis.tex").read_text() == "years"


def test_a_folder_that_is_no_export_is_not_offered_to_be_replaced(tmp_path):
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "notes.txt").write_text("years")
    with pytest.raises(BadInput, match=r"notes\.txt") as caught:
        write(tmp_path / "y", "1")
    assert "overwrite" not in str(caught.value)
    assert (tmp_path / "y" / "notes.txt").read_text() == "years"


@pytest.mark.parametrize("told", ['"files": {"c": 1}', '"cores": [{"files": {"c": 1}}]'])
def test_files_of_an_export_that_had_more_are_replaced_too(told, tmp_path):
    write(tmp_path / "y", "1")
    (tmp_path / "y" / "manifest.json").write_text(MANIFEST.replace("}", f", {told}}}"))
    (tmp_path / "y" / "c").write_text("1")
    write(tmp_path / "y", "2", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "y").iterdir()) == sorted(OWN)


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "y").mkdir()
    write(tmp_path / "y", "1")
    assert (tmp_path / "y" / "a").read_text() == "1"


def spoil(folder, fault):
    """Fail between the two files."""
    with whole_folder(folder, OWN, True) as new:
        (new / "a").write_text("half")
        raise fault


@pytest.mark.parametrize("there", [False, True])
def test_a_fault_half_way_changes_nothing(tmp_path, there):
    if there:
        write(tmp_path / "y", "1")
    with pytest.raises(FileFault, match="No space left"):
        spoil(tmp_path / "y", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(KeyboardInterrupt):
        spoil(tmp_path / "y", KeyboardInterrupt())
    assert [p.name for p in tmp_path.iterdir()] == (["y"] if there else [])
    if there:
        assert (tmp_path / "y" / "a").read_text() == "1"


def test_a_failed_rename_puts_the_old_folder_back(tmp_path, monkeypatch):
    write(tmp_path / "y", "1")
    rename = type(tmp_path).rename

    def failing(self, target):
        if self.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(tmp_path), "rename", failing)
    with pytest.raises(FileFault, match="Input/output error"):
        write(tmp_path / "y", "2", overwrite=True)
    assert (tmp_path / "y" / "a").read_text() == "1"


def test_a_place_that_cannot_be_written_is_a_file_fault(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileFault):
        write(tmp_path / "file" / "y", "1")
