"""Data sets by name or by path: the one door through which samples come in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from neurosparse.data import cifar, fsdd, nmnist, shd, timit
from neurosparse.data.arrays import load_npz
from neurosparse.data.dataset import Dataset
from neurosparse.data.idx import load_folder
from neurosparse.data.recordings import is_recordings
from neurosparse.data.source import Card, Source
from neurosparse.errors import FileFault
from neurosparse.registry import Registry, unknown_name

_BUILTIN = {
    "digits": "neurosparse.data.digits:DIGITS",
    "mnist": "neurosparse.data.idx:MNIST",
    "fashion-mnist": "neurosparse.data.idx:FASHION_MNIST",
    "cifar10": "neurosparse.data.cifar:CIFAR10",
    "fsdd": "neurosparse.data.fsdd:FSDD",
    "fsdd-speaker": "neurosparse.data.fsdd:FSDD_SPEAKER",
    "fsdd-spikes": "neurosparse.data.fsdd:FSDD_SPIKES",
    "digits-rows": "neurosparse.data.scanned:DIGITS_ROWS",
    "mnist-rows": "neurosparse.data.scanned:MNIST_ROWS",
    "mnist-pixels": "neurosparse.data.scanned:MNIST_PIXELS",
    "fashion-mnist-rows": "neurosparse.data.scanned:FASHION_MNIST_ROWS",
}

_LAYOUTS: tuple[tuple[Callable[[Path], bool], Callable[[Path, float], Dataset]], ...] = (
    (is_recordings, fsdd.load_recordings),
    (cifar.is_cifar, cifar.load_folder),
    (shd.is_shd, shd.load_folder),
    (nmnist.is_nmnist, nmnist.load_folder),
    (timit.is_timit, timit.load_folder),
)
"""How a path is recognised, and how it is read then; another folder is taken for one of IDX files."""


def dataset_names() -> list[str]:
    """Return the names that `load_dataset` knows, those of other packages included."""
    return _registry().names()


def dataset_cards() -> list[Card]:
    """Return what is known of every named data set without reading it."""
    sources: list[Source] = [_registry().load(name) for name in dataset_names()]
    return [source.card() for source in sources]


def load_dataset(name_or_path: str | os.PathLike[str], *, validation: float = 0.1) -> Dataset:
    """Return a data set, split and checked.

    Parameters
    ----------
    name_or_path : str or path
        A name of `dataset_names`; a folder with the four IDX files of a data set in the manner of MNIST, with the six
        of the binary version of CIFAR-10, the recordings of Free Spoken Digits, the two HDF5 files of the Spiking
        Heidelberg Digits, or the folders Train/ and Test/ of N-MNIST or of TIMIT; or an npz with ``x`` and ``y`` (see
        `neurosparse.data.arrays.load_npz`).
        A name goes before a folder of that name: write ``./mnist`` for the folder.
    validation : float
        Fraction of the training samples that is held out for validation, above 0 and below 1; always the same samples.

    Raises
    ------
    BadInput
        The name is unknown, or what the files hold has no meaning: NaN, labels out of range, lengths that differ.
    FileFault
        A file is missing, truncated or damaged.
    Unavailable
        The named data set is not on this machine.
    """
    name, registry = os.fspath(name_or_path), _registry()
    if name in registry.names():
        source: Source = registry.load(name)
        return source.load(validation)
    path = Path(name)
    for fits, load in _LAYOUTS:
        if fits(path):
            return load(path, validation)
    if path.is_dir():
        return load_folder(path, validation)
    if path.is_file():
        return load_npz(path, validation)
    if path.suffix or len(path.parts) > 1:
        raise FileFault(
            f"there is no file or folder {path.name}",
            where=name,
            help=f"name an npz with x and y, a folder of IDX files, or one of {', '.join(registry.names())}",
        )
    raise unknown_name("data set", name, registry.names())


def _registry() -> Registry:
    """Return the table of named data sets."""
    return Registry("data set", _BUILTIN, "neurosparse.datasets")
