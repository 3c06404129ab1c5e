"""Reading the named arrays of an npz that someone else wrote: no pickle, no surprise."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurosparse.errors import BadInput, FileFault

# What zipfile and numpy raise on damaged bytes, found by flipping them one by one: RuntimeError is an encryption flag,
# NotImplementedError a compression method, MemoryError a shape that the data could not have.
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
        if not zipfile.is_zipfile(path):
            # is_zipfile says False for a file that cannot be opened, too: opening it says why.
            with path.open("rb") as file:
                size = len(file.read(1)) and path.stat().st_size
            raise FileFault(
                f"{path.name} is not an npz, or its end is missing",
                numbers={"bytes": f"{size:,}"},
                where=str(path),
                help="write it with np.savez_compressed(path, x=x, y=y)",
            )
        with np.load(path, allow_pickle=False) as archive:
            if missing := [name for name in names if name not in archive.files]:
                raise BadInput(
                    f"{path.name} has no array called {missing[0]!r}",
                    numbers={"there is": ", ".join(archive.files) or "nothing"},
                    where=str(path),
                    help="np.savez_compressed(path, x=x, y=y) names them; x_test and y_test may be there too",
                )
            return {name: _member(archive, name, path) for name in (*names, *optional) if name in archive.files}
    except FileNotFoundError as fault:
        raise FileFault(f"there is no file {path.name}", where=str(path)) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    except _DAMAGE as fault:
        raise _damaged(path, fault) from fault


def _member(archive: np.lib.npyio.NpzFile, name: str, path: Path) -> np.ndarray:
    """Return one array of an open archive."""
    try:
        array = archive[name]
    except ValueError as fault:
        if "Object arrays" not in str(fault):
            raise
        raise BadInput(
            f"array {name!r} holds Python objects, which are not read",
            where=str(path),
            help=f"store plain numbers, {name}=np.asarray({name}, np.float32); rows of unequal length do not stack",
        ) from fault
    if not isinstance(array, np.ndarray):
        raise ValueError(f"member {name!r} is not an array")
    return array


def _damaged(path: Path, fault: Exception) -> FileFault:
    """Return the fault of a file whose bytes make no sense."""
    return FileFault(
        f"{path.name} is truncated or damaged: {fault}",
        where=str(path),
        help="restore it from a copy, or make it again",
    )
