"""Data sets in the manner of MNIST: four IDX files of images and labels, gzipped or not."""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from neurosparse.data.checks import check_below, check_features, check_labels, check_pair, count_classes
from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.places import not_here, roots
from neurosparse.data.source import Card
from neurosparse.errors import FileFault

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_CHUNK = 2**20


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Return the array of unsigned bytes that an IDX file holds.

    The format (http://yann.lecun.com/exdb/mnist, "The IDX file format"): two zero bytes, a byte for the type (0x08
    for unsigned bytes), a byte for the number of dimensions, their sizes as big-endian 32-bit integers, the data.

    Parameters
    ----------
    path : Path
        Gzipped or not: the first two bytes tell, not the name.
    dimensions : int
        How many the array must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    FileFault
        The file cannot be read, its gzip is corrupt, its magic number is another, or it holds fewer or more bytes
        than its header says.
    """
    try:
        with path.open("rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if gzipped else raw as file:
                return _parse(file, path, dimensions)
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise FileFault(
            f"{path.name} is not whole: its gzip is corrupt ({fault})",
            where=str(path),
            help="fetch it again, or restore it from a copy",
        ) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault


def _parse(file: BinaryIO | gzip.GzipFile, path: Path, dimensions: int) -> np.ndarray:
    """Return the array in an open IDX file; reads no more than the header promises, and one byte."""
    header = _read(file, 4 + 4 * dimensions)
    magic = bytes((0, 0, 8, dimensions))
    if header[:4] != magic:
        raise FileFault(
            f"{path.name} is not an IDX file of unsigned bytes in {dimensions} dimension{'s' * (dimensions > 1)}",
            numbers={"magic number": header[:4].hex() or "none", "must be": magic.hex()},
            where=str(path),
        )
    if len(header) < 4 + 4 * dimensions:
        raise FileFault(
            f"{path.name} ends inside its header",
            numbers={"needs": f"{4 + 4 * dimensions} bytes", "there is": f"{len(header)} bytes"},
            where=str(path),
        )
    shape = tuple(int(size) for size in np.frombuffer(header, ">u4", offset=4))
    count = math.prod(shape)
    data = _read(file, count + 1)
    if len(data) != count:
        short = len(data) < count
        raise FileFault(
            f"{path.name} is {'truncated' if short else 'longer than its header says'}",
            numbers={
                "header": f"{' x '.join(map(str, shape))} = {count:,} bytes",
                "there is": f"{len(data):,} bytes" if short else f"more than {count:,} bytes",
            },
            where=str(path),
            help="fetch it again, or restore it from a copy",
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read(file: BinaryIO | gzip.GzipFile, size: int) -> bytearray:
    """Return up to `size` bytes, a piece at a time: a header may promise more than any memory holds."""
    data = bytearray()
    while len(data) < size and (piece := file.read(min(size - len(data), _CHUNK))):
        data += piece
    return data


def find_files(folder: Path) -> dict[str, Path]:
    """Return the IDX files of a folder by their official names: ``NAME.gz`` before ``NAME``; absent ones left out."""
    candidates = ((name, folder / f"{name}{ending}") for name in reversed(FILES) for ending in ("", ".gz"))
    return {name: path for name, path in candidates if path.is_file()}


def load_folder(
    folder: Path,
    validation: float,
    *,
    name: str | None = None,
    n_classes: int | None = None,
    licence: str = "not stated",
) -> Dataset:
    """Return the data set of a folder with the four IDX files of MNIST's names, ungzipped ones without ``.gz``.

    Parameters
    ----------
    folder : Path
    validation : float
        Fraction of the training samples to hold out for validation.
    name : str, optional
        Of the data set; the folder's name if not given.
    n_classes : int, optional
        The highest training label and one if not given.
    licence : str

    Returns
    -------
    Dataset
        Pixels as uint8 with the scale 1/255.

    Raises
    ------
    FileFault
        One of the four files is missing, or not what it should be (see `read_idx`).
    BadInput
        Images and labels differ in number, or a label is out of range.
    """
    files = find_files(folder)
    if missing := [file for file in FILES if file not in files]:
        raise FileFault(
            f"folder {folder.resolve().name} lacks {', '.join(f'{file}.gz' for file in missing)}",
            numbers={"needs": f"{len(FILES)} files", "there are": str(len(files))},
            where=str(folder),
            help="put it there, with or without .gz; `neurosparse data fetch mnist` fetches all four of MNIST",
        )
    x, y, size = _read_pair(files[FILES[0]], files[FILES[1]])
    x_test, y_test, _ = _read_pair(files[FILES[2]], files[FILES[3]])
    where = str(folder)
    n_classes = n_classes or count_classes(y, files[FILES[1]].name, where)
    check_below(y, n_classes, files[FILES[1]].name, where)
    check_below(y_test, n_classes, files[FILES[3]].name, where)
    train, held_out = split_validation(x, y, validation)
    name = name or folder.resolve().name
    return Dataset(name, train, held_out, Split(x_test, y_test), 1 / 255, n_classes, licence, (1, *size))


def _read_pair(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Return flattened images, their labels, and the height and width of an image."""
    pixels = read_idx(images, 3)
    x = check_features(pixels, images.name, str(images))
    y = check_labels(read_idx(labels, 1), labels.name, str(labels))
    check_pair(x, y, (images.name, labels.name), str(images.parent))
    return x, y, pixels.shape[1:]


@dataclass(frozen=True)
class IdxSource:
    """A published data set of 28x28 images in ten classes, 60,000 to train on and 10,000 to test with.

    Attributes
    ----------
    name : str
    licence : str
    """

    name: str
    licence: str

    def places(self) -> list[Path]:
        """Return the folders where it may be, best first: those of NEUROSPARSE_DATA, then the cache."""
        *given, cache = roots()
        spellings = dict.fromkeys((self.name.replace("-", "_"), self.name))
        return [*(root / spelling for root in given for spelling in spellings), cache / self.name]

    def find(self) -> Path | None:
        """Return the folder that holds it, or None; a cache that a broken download left half full does not count."""
        *given, cache = self.places()
        for folder in given:
            if folder.is_dir():
                return folder
        return cache if len(find_files(cache)) == len(FILES) else None

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""
        found = self.find()
        return Card(self.name, 70_000, 784, 10, self.licence, None if found is None else str(found), (1, 28, 28))

    def load(self, validation: float) -> Dataset:
        """Return the data set.

        Raises
        ------
        Unavailable
            It is not on this machine.
        FileFault, BadInput
            See `load_folder`.
        """
        folder = self.find()
        if folder is None:
            raise not_here(
                self.name,
                self.places(),
                f"`neurosparse data fetch {self.name}` fetches it; or name a folder that holds its four IDX files "
                f"with --data PATH, or set NEUROSPARSE_DATA to the folder above {self.places()[-1].name}/",
            )
        return load_folder(folder, validation, name=self.name, n_classes=10, licence=self.licence)


MNIST = IdxSource("mnist", "as published by Y. LeCun, C. Cortes and C. J. C. Burges")
FASHION_MNIST = IdxSource("fashion-mnist", "MIT: Zalando SE, Fashion-MNIST, 2017")
