"""Data sets from the network: known addresses, pinned checksums, whole files in the user's cache or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Remote:
    """Where the files of a data set are published.

    Attributes
    ----------
    bases : tuple of str
        Addresses of folders with the same files, tried in this order; each ends with a slash.
    files : mapping of str to str
        File name to its SHA-256, hexadecimal.
    """

    bases: tuple[str, ...]
    files: Mapping[str, str]


def published() -> dict[str, Remote]:
    """Return the data sets that can be fetched, by name.

    The SHA-256 are of files whose MD5 are the official ones (MNIST: torchvision ``datasets/mnist.py``; Fashion-MNIST:
    the table in the README of github.com/zalandoresearch/fashion-mnist).
    """
    return {
        "mnist": Remote(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            {
                "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            },
        ),
        "fashion-mnist": Remote(
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            {
                "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            },
        ),
    }


def cache_folder() -> Path:
    """Return the folder for fetched data: NEUROSPARSE_CACHE, or where this system keeps the caches of a user."""
    if given := os.environ.get("NEUROSPARSE_CACHE"):
        return Path(given)
    import pooch

    return Path(pooch.os_cache("neurosparse"))
