"""Compressing the entries of a router until they fit: pairs that go the same way become one, where it misleads none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from neurosparse.footprint.router_tables import Entry


def compressed(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return fewer entries that send all spikes the same ways; of two that a key agrees with, the first counts.

    The routes are taken from the rarest to the most frequent; among equally frequent ones, those that come first in the
    table are taken last. Two entries of one route are joined where what both leave open meets no entry of a route that
    is still to come. An entry that found no partner is kept as it is.

    This is what the tool chain does on the host, as on a virtual board. On a real board a program on the machine does
    it, which sorts equally frequent routes in its own way, so that its result may differ by a few entries.

    Source: pacman/operations/router_compressors/pair_compressor.py with ``ordered=True``, SpiNNaker_PACMAN 1!7.4.1.
    """
    often = Counter(entry.route for entry in entries)
    routes = sorted(often, key=lambda route: -often[route])[::-1]
    rank = {route: k for k, route in enumerate(routes)}
    ordered = sorted(entries, key=lambda entry: rank[entry.route])
    keys = np.array([entry.key for entry in ordered], dtype=np.int64)
    masks = np.array([entry.mask for entry in ordered], dtype=np.int64)
    kept: list[Entry] = []
    start = 0
    for route in routes:
        stop = start + often[route]
        kept += _joined(ordered[start:stop], keys[stop:], masks[stop:])
        start = stop
    return tuple(kept)


def _joined(alike: list[Entry], keys: np.ndarray, masks: np.ndarray) -> list[Entry]:
    """Return the entries of one route, joined where they meet none of the later `keys` and `masks` (int64)."""
    kept = []
    while alike:
        first = alike[0]
        for k in range(1, len(alike)):
            both = _join(first, alike[k])
            if not np.any((keys & both.mask) == (both.key & masks)):
                alike[0] = both
                alike[k] = alike[-1]
                alike.pop()
                break
        else:
            kept.append(first)
            alike.pop(0)
    return kept


def _join(one: Entry, other: Entry) -> Entry:
    """Return the entry that agrees with all that either agrees with: only bits that both hold to stay."""
    mask = one.mask & other.mask & ~(one.key ^ other.key)
    return Entry(one.key & mask, mask, one.route, one.default and other.default)
