"""Reading the named arrays of an npz that someone else wrote: no pickle, no surprise."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurosparse.archive import read_member, reading_zip
from neurosparse.errors import BadInput, did_you_mean

_HOW = "np.savez_compressed(path, x=x, y=y) names them; x_test and y_test may be there too"


def read_npz(path: Path, names: Sequence[str], optional: Sequence[str] = (), how: str = _HOW) -> dict[str, np.ndarray]:
    """Return the arrays called `names`, and those of `optional` that are there; `how` helps where one is not.

    Raises
    ------
    FileFault
        The file is missing, cannot be read, is no npz, or is truncated or damaged.
    BadInput
        An array is missing or holds Python objects, or the name of another is nearly that of an optional one.
    """
    help = "restore it from a copy, or write it again with np.savez_compressed(path, x=x, y=y)"
    with reading_zip(path, help) as archive:
        there = [member.removesuffix(".npy") for member in archive.namelist()]
        if missing := [name for name in names if name not in there]:
            raise BadInput(
                f"{path.name} has no array called {missing[0]!r}",
                numbers={"there is": ", ".join(there) or "nothing"},
                where=str(path),
                help=how,
            )
        absent = [name for name in optional if name not in there]
        for name in there:
            # An array that is not asked for is none of our business, unless its name is one that is, misspelt.
            if name not in (*names, *optional) and (question := did_you_mean(name, absent)):
                raise BadInput(
                    f"{path.name} has an array called {name!r}, which nothing reads",
                    numbers={"read": ", ".join((*names, *optional))},
                    where=str(path),
                    help=f"{question}If not, leave it out",
                )
        return {name: _read_member(archive, name, path) for name in (*names, *optional) if name in there}


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """Return one array of an open archive."""
    try:
        return read_member(archive, f"{name}.npy")
    except ValueError as fault:
        if "Object arrays" not in str(fault):
            raise
        raise BadInput(
            f"array {name!r} holds Python objects, which are not read",
            where=str(path),
            help=f"store plain numbers, {name}=np.asarray({name}, np.float32); rows of unequal length do not stack",
        ) from fault
