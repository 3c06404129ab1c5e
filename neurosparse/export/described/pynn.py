"""Described networks in PyNN: a script for every back end that has their cell types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurosparse.description.network import NetworkDescription
from neurosparse.export.described.check import refused_by_pynn
from neurosparse.export.described.exporter import DescribedScript
from neurosparse.export.script import how_to_run


class DescribedPyNN(DescribedScript):
    """Writes a script that says by itself which back ends cannot run the network."""

    name, schema, template = "pynn", "neurosparse.export.described.pynn/1", "described_pynn.py.jinja"

    def check(self, network: NetworkDescription) -> dict[str, Any]:
        """Raise BadInput where no back end can run the network; return which cannot, and why."""
        return {"backends": refused_by_pynn(network)}

    def next_step(self, folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
        """Return who cannot run the script, and how to run it."""
        refused = {backend: why for backend, why in manifest["backends"].items() if why is not None}
        able = [backend for backend in manifest["backends"] if backend not in refused]
        return (
            *(f"not on {backend}: {why}" for backend, why in refused.items()),
            how_to_run(folder, f"--backend {'|'.join(able)}"),
        )
