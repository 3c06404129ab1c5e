"""Described networks as connection lists that PyNN's FromFileConnector reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurosparse.archive import write_text
from neurosparse.description.connectors import FixedProbability, FromList
from neurosparse.description.network import NetworkDescription
from neurosparse.export.csv import connection_list
from neurosparse.export.described.exporter import DescribedExporter
from neurosparse.export.described.synapses import Listed


class DescribedCsv(DescribedExporter):
    """Writes a list for each projection that has one, and ``manifest.json``, which holds populations and rules.

    Files are numbered: names may hold anything, and are in the manifest alone. Numbers have all their digits.
    """

    name, schema = "csv", "neurosparse.export.described.csv/1"

    def files(self, network: NetworkDescription) -> tuple[str, ...]:
        """Return the connection lists; rules need none."""
        listed = FromList | FixedProbability
        return tuple(_file(k) for k, p in enumerate(network.projections) if isinstance(p.connector, listed))

    def write(self, new: Path, network: NetworkDescription, lists: Mapping[int, Listed]) -> dict[str, Any]:
        """Write the lists; the manifest holds their hashes."""
        for k, one in lists.items():
            write_text(new / _file(k), connection_list(one.pre, one.post, one.weight, one.delay))
        written = {k: (new / _file(k)).read_bytes() for k in lists}
        return {
            "columns": {
                "i, j": "neurons of the pre and post population, from 0; rows are sorted by (i, j)",
                "weight": "in the weight_unit of the projection; currents and steps that inhibit are negative",
                "delay": "ms",
            },
            "files": {
                _file(k): {"projection": k, "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
                for k, text in written.items()
            },
        }

    def next_step(self, folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
        """Return which lists PyNN fails on, and how it loads the others."""
        numbers = {k: entry["synapses"] for k, entry in enumerate(manifest["projections"])}
        listed = {k: n for k, n in numbers.items() if (folder / _file(k)).is_file()}
        return (
            *(f"PyNN 0.13 cannot load {_file(k)}: it fails on files of one row" for k, n in listed.items() if n == 1),
            *(f'load a list: FromFileConnector("{folder / _file(k)}")' for k, n in list(listed.items())[:1] if n > 1),
        )


def _file(k: int) -> str:
    """Return the name of the list of projection number `k`."""
    return f"projection{k}.csv"
