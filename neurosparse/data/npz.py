"""Reading the named arrays of an npz that someone else wrote: no pickle, no surprise."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurosparse.errors import BadInput, FileFault

# What zipfile and numpy raise on damaged bytes, found by changing them one by one: RuntimeError is a flag for
# encryption, NotImplementedError (one of it) a compression method, MemoryError a shape that the data could not have.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Return the arrays called `names`, and those of `optional` that are there.

    Raises
    ------
    FileFault
        The file is missing, cannot be read, is no npz, or is truncated or damaged.
    BadInput
        An array is missing, or holds Python objects.
    """
    try:
        # Opened here, not by np.load: that leaves the file open where it is damaged.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            there = [member.removesuffix(".npy") for member in archive.namelist()]
            if missing := [name for name in names if name not in there]:
                raise BadInput(
                    f"{path.name} has no array called {missing[0]!r}",
                    numbers={"there is": ", ".join(there) or "nothing"},
                    where=str(path),
                    help="np.savez_compressed(path, x=x, y=y) names them; x_test and y_test may be there too",
                )
            return {name: _read_member(archive, name, path) for name in (*names, *optional) if name in there}
    except FileNotFoundError as fault:
        raise FileFault(f"there is no file {path.name}", where=str(path)) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    except _DAMAGE as fault:
        raise FileFault(
            f"{path.name} is truncated or damaged, or not an npz: {fault}",
            where=str(path),
            help="restore it from a copy, or write it again with np.savez_compressed(path, x=x, y=y)",
        ) from fault


def _read_member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """Return one array of an open archive."""
    try:
        with archive.open(f"{name}.npy") as member:
            return np.lib.format.read_array(member, allow_pickle=False)
    except ValueError as fault:
        if "Object arrays" not in str(fault):
            raise
        raise BadInput(
            f"array {name!r} holds Python objects, which are not read",
            where=str(path),
            help=f"store plain numbers, {name}=np.asarray({name}, np.float32); rows of unequal length do not stack",
        ) from fault
