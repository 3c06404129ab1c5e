"""Exports with a script of their own: the script, and its arrays under the hash that the manifest states."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neurosparse.archive import write_arrays, write_text
from neurosparse.export.script import render
from neurosparse.export.selfcheck import HeldOut
from neurosparse.export.spiking import SpikingExporter
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.twin import Twin
from neurosparse.units import format_count

SCRIPT, ARRAYS = "network.py", "network.npz"


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
        write_arrays(new / ARRAYS, {"schema": self.schema}, self.arrays(twin.spiking) | shown.arrays)
        write_text(new / SCRIPT, self._script(twin.network))
        return {"arrays": {"file": ARRAYS, "sha256": hashlib.sha256((new / ARRAYS).read_bytes()).hexdigest()}}

    def next_step(self, folder: Path, twin: Twin) -> tuple[str, ...]:
        """Return how to run the script."""
        return (f"run it: python {shlex.quote(str(folder / SCRIPT))} {self.flags}".rstrip(),)

    def _script(self, network: TrainedNetwork) -> str:
        """Return the script."""
        sizes = "-".join(str(int(size)) for size in network.sizes)
        return render(self.template, schema=self.schema, sizes=sizes, synapses=format_count(network.synapses))
