"""A folder that appears whole or not at all, and takes the place of nothing that it does not know."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from neurosparse.archive import read_json, replacing_folder
from neurosparse.errors import BadInput, FileFault

MANIFEST = "manifest.json"


def check_target(folder: Path, own: Collection[str], overwrite: bool) -> None:
    """Raise unless a folder with the files `own` may be made at `folder`.

    Raises
    ------
    BadInput
        Something is there, not an empty folder, and `overwrite` is false, or it is not an export of ours: a folder with
        a manifest that says so and nothing but files named in `own`.
    """
    if not os.path.lexists(folder) or (folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise BadInput(
            f"an export is there already: {folder.resolve().name}",
            where=str(folder),
            help="replace it with overwrite (--overwrite), or name another folder",
        )
    if not folder.is_dir() or folder.is_symlink():
        raise BadInput(f"{folder.name} is not a folder", where=str(folder), help="move it away, or name another folder")
    strangers = sorted(entry.name for entry in folder.iterdir() if not _is_ours(entry, own))
    if strangers:
        raise BadInput(
            f"{folder.name} holds more than an export: {strangers[0]!r}",
            numbers={"not ours": f"{len(strangers):,}"},
            where=str(folder),
            help="move what is yours out of it, or name another folder",
        )
    if not _is_export(folder):
        raise BadInput(
            f"{folder.name} is no export: it holds no manifest of one",
            where=str(folder),
            help="move it away, or name another folder",
        )


def _is_ours(entry: Path, own: Collection[str]) -> bool:
    """Return whether an entry of a folder is one of the files that an export has, or what running it left."""
    if entry.name == "__pycache__":
        return all(left.suffix == ".pyc" for left in entry.iterdir())
    return entry.name in own and entry.is_file()


def _is_export(folder: Path) -> bool:
    """Return whether a folder holds a manifest of ours."""
    try:
        manifest = read_json(folder / MANIFEST)
    except FileFault:
        return False
    return isinstance(manifest, dict) and str(manifest.get("schema")).startswith("neurosparse.")


@contextlib.contextmanager
def whole_folder(folder: Path, own: Collection[str], overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder that becomes `folder` when the block ends well, and vanishes when not.

    Raises
    ------
    BadInput
        See `check_target`, which is asked again at the end.
    FileFault
        The place cannot be written; what stood there before still stands.
    """
    with replacing_folder(folder, overwrite) as new:
        yield new
        check_target(folder, own, overwrite)
