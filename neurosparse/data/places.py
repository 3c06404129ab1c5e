"""Where a published data set may lie on this machine, and the words for when it is in none of these places."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from neurosparse.data.fetch import cache_folder
from neurosparse.errors import Unavailable


def roots() -> list[Path]:
    """Return the folders that hold data sets, best first: NEUROSPARSE_DATA where it is set, then the cache."""
    given = os.environ.get("NEUROSPARSE_DATA")
    return [*((Path(given),) if given else ()), cache_folder()]


def not_here(name: str, places: Iterable[Path], help: str) -> Unavailable:
    """Return the error for a data set that lies in none of `places`.

    Parameters
    ----------
    name : str
    places : iterable of Path
        Where it was looked for.
    help : str
        How to get it.
    """
    root = os.environ.get("NEUROSPARSE_DATA")
    return Unavailable(
        f"data set {name!r} is not on this machine",
        numbers={
            "NEUROSPARSE_DATA": "is not set" if not root else f"= {root}",
            "looked in": ", ".join(map(str, places)),
        },
        help=help,
    )
