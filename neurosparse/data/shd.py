"""Spiking Heidelberg Digits in the HDF5 files that its authors publish."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurosparse.data.checks import check_labels, check_pair
from neurosparse.data.dataset import Dataset
from neurosparse.data.events import bin_events, dataset_of_events
from neurosparse.errors import BadInput, FileFault, Unavailable

FILES = ("shd_train.h5", "shd_test.h5")
UNITS = 700
CLASSES = 20
WIDTH = 0.010
"""Seconds of a step."""

POOL = 5
"""Neighbouring units that become one channel."""

LICENCE = "CC BY 4.0: B. Cramer, Y. Stradmann, J. Schemmel and F. Zenke, Heidelberg Spiking Data Sets, 2020"


def is_shd(folder: Path) -> bool:
    """Say whether a folder holds files of this layout."""
    return any((folder / name).is_file() for name in FILES)


def load_folder(folder: Path, validation: float, *, width: float = WIDTH, pool: int = POOL) -> Dataset:
    """Return the data set of a folder with both files, as counts of spikes.

    Dense counts take a byte each. 700 units pooled by five and steps of 10 ms are 140 x about 140 bytes a sample, about
    160 MB for the 8,156 samples to train on and 45 MB for the 2,264 to test with, and twice that while loading;
    ``pool=1`` takes five times as much.

    Parameters
    ----------
    folder : Path
    validation : float
        Fraction of the training samples to hold out for validation.
    width : float
        Seconds of a step.
    pool : int
        Neighbouring units that become one channel; a divisor of 700.

    Raises
    ------
    FileFault
        A file is missing, truncated or damaged.
    BadInput
        A file is not laid out as published, or a spike or a label is out of range.
    Unavailable
        The package h5py is not installed.
    """
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise FileFault(
            f"folder {folder.resolve().name} lacks {', '.join(missing)}",
            numbers={"needs": f"{len(FILES)} files", "there are": f"{len(FILES) - len(missing)}"},
            where=str(folder),
            help="unpack shd_train.h5.gz and shd_test.h5.gz of https://zenkelab.org/datasets into one folder",
        )
    if pool < 1 or UNITS % pool or not width > 0:
        raise BadInput(
            "spikes cannot be counted so",
            numbers={"units": str(UNITS), "pool": str(pool), "width of a step": f"{width} s"},
            help="a divisor of the units, like 5, and a width above 0, like 0.01",
        )
    (train, y), (test, y_test) = (read_file(folder / name, width, pool) for name in FILES)
    return dataset_of_events("shd", (train, test), (y, y_test), validation, CLASSES, LICENCE, str(folder))


def read_file(path: Path, width: float, pool: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the counts of every sample of a file, and the labels.

    The layout: ``spikes/times`` (seconds) and ``spikes/units`` (0 to 699), a list of its own length a sample, and
    ``labels``.

    Returns
    -------
    counts : list of ndarray of uint8, each of shape (700 / pool, its steps)
    labels : ndarray of int64

    Raises
    ------
    FileFault, BadInput, Unavailable
        See `load_folder`.
    """
    try:
        import h5py
    except ImportError as fault:
        raise Unavailable(
            f"{path.name} cannot be read without the package h5py",
            where=str(path),
            help="pip install h5py; the extra neurosparse[nir] brings it along",
        ) from fault
    try:
        with h5py.File(path, "r") as file:
            times, units, labels = (file[name][:] for name in ("spikes/times", "spikes/units", "labels"))
    except KeyError as fault:
        raise BadInput(
            f"{path.name} is not laid out as the published files",
            numbers={"needs": "spikes/times, spikes/units, labels"},
            where=str(path),
        ) from fault
    except OSError as fault:
        raise FileFault(
            f"{path.name} is no HDF5 file, or is truncated or damaged",
            where=str(path),
            help="unpack it again: the published file ends in .gz",
        ) from fault
    labels = check_labels(labels, "labels", str(path))
    check_pair(times, labels, ("spikes/times", "labels"), str(path))
    check_pair(units, labels, ("spikes/units", "labels"), str(path))
    counts = []
    for k, (when, unit) in enumerate(zip(times, units, strict=True)):
        where = f"{path}, sample {k}"
        counts.append(bin_events(np.asarray(when), np.asarray(unit) // pool, UNITS // pool, width, where))
    return counts, labels
