"""Described networks in Brian2 itself: a script with the equations of their cells."""

from __future__ import annotations

from typing import Any

from neurosparse.description.network import NetworkDescription
from neurosparse.export.described.check import check_native
from neurosparse.export.described.exporter import DescribedScript


class DescribedBrian2(DescribedScript):
    """Writes a script with native equations: readable, and open to change."""

    name, schema, template = "brian2", "neurosparse.export.described.brian2/1", "described_brian2.py.jinja"

    def check(self, network: NetworkDescription) -> dict[str, Any]:
        """Raise BadInput where a cell type has no equations here."""
        check_native(network)
        return {}
