"""How long `neurosparse plan --network` takes as a process, and its peak memory, for up to ten million synapses."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from neurosparse.description.connectors import FromList
from neurosparse.description.files import write_network
from neurosparse.description.network import NetworkDescription, Population, Projection

CASES = {"4000 x 4000 at 1 %": (4_000, 160_000), "20,000 x 20,000, 10,000,000 synapses": (20_000, 10_000_000)}
"""Name: neurons of source and target, synapses."""


def make(folder: Path, neurons: int, synapses: int) -> Path:
    """Write a random network of two populations, excitatory and inhibitory halves, sorted by source."""
    rng = np.random.default_rng(1)
    source = np.sort(rng.integers(0, neurons, synapses).astype(np.int32))
    target = rng.integers(0, neurons, synapses).astype(np.int32)
    weight, inhibitory = rng.random(synapses), rng.random(synapses) < 0.5
    projections = tuple(
        Projection("a", "b", receptor, FromList(source[part], target[part], weight[part], np.ones(int(part.sum()))))
        for receptor, part in (("excitatory", ~inhibitory), ("inhibitory", inhibitory))
    )
    populations = (Population("a", neurons, "SpikeSourceArray"), Population("b", neurons))
    path = folder / f"{synapses}.json"
    write_network(path, NetworkDescription(populations, projections))
    return path


def timed(path: Path) -> tuple[float, int]:
    """Return seconds and peak memory (10**6 bytes) of one planning process."""
    script = (
        "import resource, sys; from neurosparse.cli.main import cli\n"
        f"cli.main(['plan', '--network', {str(path)!r}], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    return time.perf_counter() - begin, round(int(done.stderr.split()[-1]) * 1024 / 1e6)


@click.command()
@click.option("--runs", default=5, show_default=True)
def main(runs: int) -> None:
    """Print one JSON line a network: median seconds of a process, and the highest peak in 10**6 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (neurons, synapses) in CASES.items():
            path = make(Path(folder), neurons, synapses)
            found = [timed(path) for _ in range(runs)]
            seconds = statistics.median(seconds for seconds, _ in found)
            click.echo(json.dumps({"network": name, "seconds": round(seconds, 2), "peak MB": max(p for _, p in found)}))


if __name__ == "__main__":
    main()
