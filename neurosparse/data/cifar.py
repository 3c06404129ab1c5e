"""CIFAR-10 in the binary layout that its authors publish."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurosparse.data.checks import check_below
from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.places import not_here, roots
from neurosparse.data.source import Card
from neurosparse.errors import FileFault

TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
TEST = "test_batch.bin"
FOLDER = "cifar-10-batches-bin"
"""What the published archive unpacks to."""

CLASSES = 10
SHAPE = (3, 32, 32)
FEATURES = 3 * 32 * 32
_LICENCE = "as published by A. Krizhevsky, 2009"


def read_records(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels of one file.

    The format (https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"): records of a label byte and 3,072 bytes
    of pixels, red, green and blue one after the other, each row by row.

    Returns
    -------
    x : ndarray of uint8, shape (n_samples, 3072)
    y : ndarray of int64, shape (n_samples,)

    Raises
    ------
    FileFault
        The file cannot be read, or does not hold whole records.
    BadInput
        A label is not below ten.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    if data.size == 0 or data.size % (1 + FEATURES):
        raise FileFault(
            f"{path.name} does not hold whole records",
            numbers={"a record": f"{1 + FEATURES:,} bytes", "there is": f"{data.size:,} bytes"},
            where=str(path),
            help="unpack the published archive again",
        )
    records = data.reshape(-1, 1 + FEATURES)
    y = records[:, 0].astype(np.int64)
    check_below(y, CLASSES, path.name, str(path))
    return np.ascontiguousarray(records[:, 1:]), y


def is_cifar(folder: Path) -> bool:
    """Say whether a folder, or the published one in it, holds files of this layout."""
    folder = _inside(folder)
    return any((folder / name).is_file() for name in (*TRAIN, TEST))


def _inside(folder: Path) -> Path:
    """Return the published folder in another, or the folder itself."""
    below = folder / FOLDER
    return below if below.is_dir() else folder


def load_folder(folder: Path, validation: float, name: str = "cifar10") -> Dataset:
    """Return the data set of a folder with the five training files and that for tests.

    Parameters
    ----------
    folder : Path
    validation : float
        Fraction of the training samples to hold out for validation.
    name : str

    Returns
    -------
    Dataset
        Pixels as uint8 with the scale 1/255.

    Raises
    ------
    FileFault, BadInput
        A file is missing or not what it should be (see `read_records`).
    """
    folder = _inside(folder)
    if missing := [file for file in (*TRAIN, TEST) if not (folder / file).is_file()]:
        raise FileFault(
            f"folder {folder.resolve().name} lacks {', '.join(missing)}",
            numbers={"needs": f"{len(TRAIN) + 1} files", "there are": f"{len(TRAIN) + 1 - len(missing)}"},
            where=str(folder),
            help=f"unpack the archive of the binary version of CIFAR-10, which makes {FOLDER}/",
        )
    parts = [read_records(folder / file) for file in TRAIN]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    train, held_out = split_validation(x, y, validation)
    test = Split(*read_records(folder / TEST))
    return Dataset(name, train, held_out, test, 1 / 255, CLASSES, _LICENCE, SHAPE)


@dataclass(frozen=True)
class CifarSource:
    """CIFAR-10: colour images of 32x32 in ten classes, 50,000 to train on and 10,000 to test with."""

    def places(self) -> list[Path]:
        """Return the folders where it may be, best first: those of NEUROSPARSE_DATA, then the cache."""
        *given, cache = roots()
        return [*(folder for root in given for folder in (root / "cifar10", root)), cache / "cifar10"]

    def find(self) -> Path | None:
        """Return the folder that holds it, or None."""
        return next((_inside(folder) for folder in self.places() if is_cifar(folder)), None)

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""
        found = self.find()
        return Card("cifar10", 60_000, FEATURES, CLASSES, _LICENCE, None if found is None else str(found), SHAPE)

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
                "cifar10",
                self.places(),
                "unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html into one of these "
                f"folders, or name the folder {FOLDER} with --data PATH",
            )
        return load_folder(folder, validation)


CIFAR10 = CifarSource()
