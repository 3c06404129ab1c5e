"""A folder that appears whole or not at all, and takes the place of nothing that it does not know."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from neurosparse.archive import replacing_folder
from neurosparse.errors import BadInput


def check_target(folder: Path, own: Collection[str], overwrite: bool) -> None:
    """Raise unless a folder with the files `own` may be made at `folder`.

    Raises
    ------
    BadInput
        Something is there and `overwrite` is false, or it is not a folder that holds nothing but files named in `own`.
    """
    if not os.path.lexists(folder):
        return
    if not overwrite:
        raise BadInput(
            f"an export is there already: {folder.name}",
            where=str(folder),
            help="replace it with overwrite (--overwrite), or name another folder",
        )
    if not folder.is_dir() or folder.is_symlink():
        raise BadInput(f"{folder.name} is not a folder", where=str(folder), help="move it away, or name another folder")
    strangers = sorted({entry.name for entry in folder.iterdir()} - set(own) - {"__pycache__"})
    if strangers:
        raise BadInput(
            f"{folder.name} holds more than an export: {strangers[0]!r}",
            numbers={"not ours": f"{len(strangers):,}"},
            where=str(folder),
            help="move what is yours out of it, or name another folder",
        )


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
