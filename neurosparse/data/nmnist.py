"""N-MNIST: digits seen by an event camera, one file of 40-bit events a sample, as its authors publish them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.data.events import bin_events, dataset_of_events
from neurosparse.errors import BadInput, FileFault

PARTS = ("Train", "Test")
SIDE = 34
CLASSES = 10
WIDTH = 10_000
"""Microseconds of a step."""

POOL = 2
"""Pixels along either side of a square that becomes one channel."""

LICENCE = "CC BY-SA 4.0: G. Orchard, A. Jayawant, G. Cohen and N. Thakor, N-MNIST, 2015"
_EVENT = 5
# The camera marks each turn of its clock, which has 13 bits, with an event in a row that it does not have.
_TURN_ROW, _TURN = 240, 2**13


def is_nmnist(folder: Path) -> bool:
    """Say whether a folder holds files of this layout."""
    return any(next((folder / part / "0").glob("*.bin"), None) is not None for part in PARTS)


def load_folder(folder: Path, validation: float, *, width: float = WIDTH, pool: int = POOL) -> Dataset:
    """Return the data set of a folder with Train/0 to Train/9 and Test/0 to Test/9, as counts of events.

    Dense counts take a byte each. Two polarities of 34 x 34 pixels, pooled by two, are 578 channels; 35 steps of 10 ms
    make them 20 KB a sample, 1.2 GB for the 60,000 to train on and 0.2 GB for the 10,000 to test with, and about three
    times that while loading. ``pool=1`` takes four times as much.

    Parameters
    ----------
    folder : Path
    validation : float
        Fraction of the training samples to hold out for validation.
    width : float
        Microseconds of a step.
    pool : int
        1, 2, 17 or 34.

    Returns
    -------
    Dataset
        Channels are (polarity, row, column) in C order, off before on.

    Raises
    ------
    FileFault
        A folder has no file, or a file cannot be read or ends inside an event.
    BadInput
        An event is out of range.
    """
    if pool < 1 or SIDE % pool or not width > 0:
        raise BadInput(
            "events cannot be counted so",
            numbers={"pixels": f"{SIDE} x {SIDE}", "pool": str(pool), "width of a step": f"{width} us"},
            help="a divisor of the side, like 2, and a width above 0, like 10000",
        )
    (train, y), (test, y_test) = (_read_part(folder / part, width, pool) for part in PARTS)
    return dataset_of_events("n-mnist", (train, test), (y, y_test), validation, CLASSES, LICENCE, str(folder))


def _read_part(folder: Path, width: float, pool: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the counts of every file of a part, and the labels: the names of the folders."""
    counts: list[np.ndarray] = []
    labels: list[int] = []
    side = SIDE // pool
    for digit in range(CLASSES):
        paths = sorted((folder / str(digit)).glob("*.bin"))
        if not paths:
            raise FileFault(
                f"folder {folder.name}/{digit} holds no .bin file",
                where=str(folder),
                help="unpack Train.zip and Test.zip of N-MNIST into one folder",
            )
        for path in paths:
            x, y, on, time = read_events(path)
            channel = (on * side + y // pool) * side + x // pool
            counts.append(bin_events(time, channel, 2 * side * side, width, str(path)))
        labels += [digit] * len(paths)
    return counts, np.array(labels, np.int64)


def read_events(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the events of one file.

    The format (https://www.garrickorchard.com/datasets/n-mnist): 40 bits an event, the highest first: 8 of the column,
    8 of the row, 1 of the polarity (1 for brighter), 23 of the time in microseconds. An event in row 240 says that the
    clock has turned over: 2**13 microseconds are added to all times after it.

    Returns
    -------
    x, y, on, time : ndarray of int64, shape (n_events,)

    Raises
    ------
    FileFault
        The file cannot be read or ends inside an event.
    BadInput
        A pixel is outside 34 x 34.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    if data.size % _EVENT:
        raise FileFault(
            f"{path.name} ends inside an event",
            numbers={"an event": f"{_EVENT} bytes", "there is": f"{data.size:,} bytes"},
            where=str(path),
            help="unpack the published archive again",
        )
    x, y, first, second, third = data.reshape(-1, _EVENT).T.astype(np.int64)
    turned = y == _TURN_ROW
    time = ((first & 127) << 16 | second << 8 | third) + _TURN * np.cumsum(turned)
    x, y, on, time = (array[~turned] for array in (x, y, first >> 7, time))
    if ((x >= SIDE) | (y >= SIDE)).any():
        bad = int(np.argmax((x >= SIDE) | (y >= SIDE)))
        raise BadInput(
            f"{path.name} holds an event outside {SIDE} x {SIDE} pixels",
            numbers={"first": f"event {bad} at column {x[bad]}, row {y[bad]}"},
            where=str(path),
        )
    return x, y, on, time
