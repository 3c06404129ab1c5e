"""A folder appears whole or not at all, and nothing of the user's is ever replaced."""

import errno

import pytest

from neurosparse.errors import BadInput, FileFault
from neurosparse.export.folder import whole_folder

OWN = ("a", "b")


def write(folder, text, overwrite=False):
    with whole_folder(folder, OWN, overwrite) as new:
        for name in OWN:
            (new / name).write_text(text)


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
    assert sorted((p.name, p.read_text()) for p in (tmp_path / "y").iterdir()) == [("a", "3"), ("b", "3")]


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
