"""A folder that appears whole or not at all, and takes the place of nothing that it does not know."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from neurosparse.archive import read_json, replacing_folder
from neurosparse.errors import BadInput, FileFault

MANIFEST = "manifest.json"


def check_target(folder: Path, own: Collection[str], overwrite: bool) -> None:
    """Raise unless a folder with the files `own` may be made at `folder`.

    Raises
    ------
    BadInput
        Something is there, not an empty folder, and `overwrite` is false, or it is not an export of ours: a folder with
        a manifest that says so and nothing but files named in `own` or in that manifest.
    """
    if not os.path.lexists(folder) or (folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())):
        return
    if not folder.is_dir() or folder.is_symlink():
        raise BadInput(f"{folder.name} is not a folder", where=str(folder), help="move it away, or name another folder")
    manifest = _manifest_in(folder)
    known = {*own, *_files_of(manifest or {})}
    strangers = sorted(entry.name for entry in folder.iterdir() if not _is_ours(entry, known))
    if strangers:
        raise BadInput(
            f"{folder.name} holds more than an export: {strangers[0]!r}",
            numbers={"not ours": f"{len(strangers):,}"},
            where=str(folder),
            help="move what is yours out of it, or name another folder",
        )
    if manifest is None:
        raise BadInput(
            f"{folder.name} is no export: it holds no manifest of one",
            where=str(folder),
            help="move it away, or name another folder",
        )
    if not overwrite:
        raise BadInput(
            f"an export is there already: {folder.resolve().name}",
            where=str(folder),
            help="replace it with overwrite (--overwrite), or name another folder",
        )


def _is_ours(entry: Path, own: Collection[str]) -> bool:
    """Return whether an entry of a folder is one of the files that an export has, or what running it left."""
    if entry.name == "__pycache__":
        return all(left.suffix == ".pyc" for left in entry.iterdir())
    return entry.name in own and entry.is_file()


def _manifest_in(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of ours that a folder holds; None where it holds none."""
    try:
        manifest = read_json(folder / MANIFEST)
    except FileFault:
        return None
    ours = isinstance(manifest, dict) and str(manifest.get("schema")).startswith("neurosparse.")
    return manifest if ours else None


def _files_of(manifest: Mapping[str, Any]) -> set[str]:
    """Return the files that an export told of, those of its cores too: another network may have fewer."""
    cores = manifest.get("cores")
    parts = [manifest, *(cores if isinstance(cores, list) else ())]
    told = [part.get("files") for part in parts if isinstance(part, dict)]
    return {name for files in told if isinstance(files, dict) for name in files}


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
