"""Files that are whole or not there: written to a temporary name, then renamed; npz with a JSON header, no pickle."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurosparse.errors import BadInput, FileFault

_HEADER = "header"

# What zipfile, numpy and json raise on damaged bytes: RuntimeError is a flag for encryption, NotImplementedError (one
# of it) a compression method, MemoryError a shape that the data could not have.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` that takes its place when the block ends well, and is removed when not.

    Raises
    ------
    FileFault
        The folder cannot be written or the disk is full; what stood at `path` before still stands.
    """
    path = Path(path)
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = None
    except OSError as fault:
        raise _unwritten(path.name, path, fault) from fault
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


@contextlib.contextmanager
def replacing_folder(folder: Path, replace: bool) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `folder` when the block ends well, and vanishes when not.

    Parameters
    ----------
    replace : bool
        Whether what stands there may be replaced; if not, the first of two that make it wins.

    Raises
    ------
    BadInput
        Something stands there and may not be replaced.
    FileFault
        The place cannot be written; what stood there before still stands.
    """
    folder = Path(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            new, old = Path(scratch) / "new", Path(scratch) / "old"
            new.mkdir()
            yield new
            if replace and folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError as fault:
                if old.exists():
                    old.rename(folder)
                if fault.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise BadInput(f"{folder.name} exists already", where=str(folder), help="name another") from fault
                raise
    except OSError as fault:
        raise _unwritten(f"the folder {folder.name}", folder, fault) from fault


def _unwritten(what: str, path: Path, fault: OSError) -> FileFault:
    """Return the error for what could not be written."""
    return FileFault(
        f"cannot write {what}: {fault.strerror or fault}",
        where=str(path),
        help="free some disk space or name another folder; nothing that was there before is lost",
    )


def sweep(folder: Path) -> None:
    """Remove the temporary files that a killed process left in `folder`; nobody may be writing there."""
    for left in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            left.unlink()


def _umask() -> int:
    """Return the permissions that new files lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8) to `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(data)


def write_json(path: Path, document: Any) -> None:
    """Write `document` as indented JSON to `path`, whole or not at all."""
    write_text(path, json.dumps(document, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Return the JSON document at `path`.

    Raises
    ------
    FileFault
        The file is missing, cannot be read, or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        raise FileFault(f"cannot read {Path(path).name}: {fault.strerror or fault}", where=str(path)) from fault
    except (ValueError, RecursionError) as fault:
        raise FileFault(f"{Path(path).name} is not JSON: {fault}", where=str(path)) from fault


def write_arrays(path: Path, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write `arrays` with a JSON `header` as an npz to `path`, whole or not at all; equal input gives equal bytes.

    Parameters
    ----------
    header : mapping
        Anything JSON can say; by custom with a ``"schema"`` key that names kind and version.
    arrays : mapping of str to ndarray
        Plain dtypes only; object arrays are refused.
    """
    text = np.frombuffer(json.dumps(header, allow_nan=False).encode(), dtype=np.uint8)
    write_npz(path, {_HEADER: text, **arrays})


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write `arrays` as an npz to `path`, whole or not at all; equal input gives equal bytes, objects are refused."""
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            # A fixed date keeps equal runs byte for byte equal.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


@contextlib.contextmanager
def reading_zip(path: Path, help: str) -> Iterator[zipfile.ZipFile]:
    """Open an npz for reading; whatever its bytes make fail in the block becomes a FileFault.

    Parameters
    ----------
    help : str
        What to do about a damaged file.

    Raises
    ------
    FileFault
        The file is missing, cannot be read, is no npz, or is truncated or damaged.
    """
    try:
        # np.load leaves the file open where it is damaged.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError as fault:
        raise FileFault(f"there is no file {path.name}", where=str(path)) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    except _DAMAGE as fault:
        raise FileFault(
            f"{path.name} is truncated or damaged, or not an npz: {fault}", where=str(path), help=help
        ) from fault


def read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Return the array called `name` (with its ``.npy``) of an open npz; objects raise ValueError."""
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def read_arrays(path: Path, schema: str, *older: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of an npz that `write_arrays` wrote.

    Parameters
    ----------
    schema, *older : str
        What the header's ``"schema"`` must say, one of them.

    Raises
    ------
    FileFault
        The file is missing, truncated, damaged, holds objects, or is of another schema.
    """
    path = Path(path)
    with reading_zip(path, "restore it from a copy, or make it again") as archive:
        arrays = {name.removesuffix(".npy"): read_member(archive, name) for name in archive.namelist()}
        header = json.loads(arrays.pop(_HEADER).tobytes())
        found = header["schema"]
    if found not in (schema, *older):
        raise FileFault(f"{path.name} holds {found!r}, not {schema!r}", where=str(path))
    return header, arrays
