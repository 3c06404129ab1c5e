"""Exports with a script of their own: the script, and its arrays under the hash that the manifest states."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neurosparse.export.script import ARRAYS, SCRIPT, how_to_run, render, write_script
from neurosparse.export.selfcheck import HeldOut
from neurosparse.export.spiking import SpikingExporter
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.twin import Twin
from neurosparse.units import format_count


class ScriptedExporter(SpikingExporter):
    """Writes ``network.py``, ``network.npz`` and ``manifest.json``: self-contained, and able to check themselves.

    Attributes
    ----------
    template : str
        The script, in this folder.
    flags : str
        What to run it with.
    """

    template: ClassVar[str]
    flags: ClassVar[str]

    def arrays(self, spiking: SpikingNetwork) -> dict[str, np.ndarray]:
        """Return the arrays that the script builds the network from."""
        raise NotImplementedError

    def files(self, network: TrainedNetwork) -> tuple[str, ...]:
        """Return the script and its arrays."""
        return SCRIPT, ARRAYS

    def write(self, new: Path, twin: Twin, shown: HeldOut, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write script and arrays; the manifest holds the hash of these."""
        return write_script(new, self._script(twin.network), self.schema, self.arrays(twin.spiking) | shown.arrays)

    def next_step(self, folder: Path, twin: Twin) -> tuple[str, ...]:
        """Return how to run the script."""
        return (how_to_run(folder, self.flags),)

    def _script(self, network: TrainedNetwork) -> str:
        """Return the script."""
        sizes = "-".join(str(int(size)) for size in network.sizes)
        return render(self.template, schema=self.schema, sizes=sizes, synapses=format_count(network.synapses))
