"""How long a projection takes to build: as exported scripts do it, and from PyNN's own list.

Each figure is of a fresh process, the start of the simulator and the making of the cells left out. PyNN's own list is
not tried at sizes that do not end within minutes: with Brian2 it gets 2,000 synapses. ``native`` is Brian2 alone.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from neurosparse.export.script import render

NEURONS = 4000
WHOLE = (100_000, 1_000_000)
PLAIN = {"nest": (100_000, 1_000_000), "neuron": (100_000, 1_000_000), "brian2": (2_000,), "native": ()}
"""Synapses that PyNN's own list is timed with, by back end."""

TIME = {"step": 1.0, "step_neuron": 0.1, "delay": 1.0}


def script(folder: Path, backend: str) -> Path:
    """Write the script as the exporter does, for a network of these two layers."""
    name = "brian2_network.py.jinja" if backend == "native" else "pynn_network.py.jinja"
    path = folder / f"{backend}.py"
    path.write_text(render(name, schema="none", sizes=f"{NEURONS}-{NEURONS}", synapses=0), "utf-8")
    return path


def load(path: Path) -> Any:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("network", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(path: Path, backend: str, synapses: int, whole: bool) -> float:
    """Return the seconds that a projection of random synapses, sorted by (pre, post), takes."""
    module = load(path)
    rng = np.random.default_rng(1)
    pairs = np.sort(rng.choice(NEURONS**2, synapses, replace=False))
    pre, post, weight = pairs // NEURONS, pairs % NEURONS, rng.random(synapses)
    if backend == "native":
        return build_native(module, pre, post, weight)
    sim, rows = module.start(backend, TIME), np.column_stack([pre, post, weight])
    sources = sim.Population(NEURONS, sim.SpikeSourceArray(spike_times=[5.0]))
    cells = sim.Population(NEURONS, sim.IF_curr_exp(tau_refrac=0.0))
    synapse = sim.StaticSynapse(weight=0.0, delay=TIME["delay"])
    begin = time.perf_counter()
    if whole:
        connector = module.connector(sim, backend, rows, TIME["delay"])
    else:
        connector = sim.FromListConnector(rows, column_names=["weight"])
    sim.Projection(sources, cells, connector, synapse, receptor_type="excitatory")
    return time.perf_counter() - begin


def build_native(module: Any, pre: np.ndarray, post: np.ndarray, weight: np.ndarray) -> float:
    """Return the seconds that the same takes in Brian2 itself, what it prepares before a run and ten steps included."""
    brian2 = module.start("numpy")
    sources = brian2.SpikeGeneratorGroup(NEURONS, [0], [5.0] * brian2.ms)
    cells = module.neurons(brian2, 1, NEURONS, {"cm": 1.0, "v_thresh": 15.0}, 8, np.zeros(NEURONS), np.zeros(NEURONS))
    begin = time.perf_counter()
    joined = module.connect(brian2, sources, cells, pre, post, weight)
    brian2.Network(sources, cells, joined).run(1 * brian2.ms, namespace={})
    taken = time.perf_counter() - begin
    assert len(joined) == len(weight)
    return taken


@click.command()
@click.option("--backend", type=click.Choice(tuple(PLAIN)), multiple=True, help="[default: all]")
@click.option("--seconds", default=300, show_default=True, help="After which a build is given up.")
@click.option("--one", nargs=4, hidden=True, help="Of a process that builds once: script, back end, synapses, how.")
def main(backend: tuple[str, ...], seconds: int, one: tuple[str, str, str, str] | None) -> None:
    """Print one JSON line a build: back end, synapses, how, seconds (null: given up)."""
    if one is not None:
        found = build(Path(one[0]), one[1], int(one[2]), one[3] == "script")
        click.echo(f"seconds {found}")
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in backend or tuple(PLAIN):
            path = script(Path(folder), name)
            sizes = [("script", n) for n in sorted({*WHOLE, *PLAIN[name]})] + [("list", n) for n in PLAIN[name]]
            for how, synapses in sizes:
                command = [sys.executable, __file__, "--one", str(path), name, str(synapses), how]
                taken: float | None = None
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
                    taken = round(float(done.stdout.rpartition("seconds ")[2]), 3)
                except subprocess.TimeoutExpired:
                    pass
                row = {"back end": name, "synapses": synapses, "how": how, "seconds": taken}
                click.echo(json.dumps(row))


if __name__ == "__main__":
    main()
