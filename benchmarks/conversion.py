"""What conversion to spikes costs: the whole test set, in the emulator and in simulators, at a stated number of steps.

Every choice is made on training and validation splits; the test split is shown once a figure. Each figure is a file in
the folder of results, so that an interrupted benchmark goes on where it stopped.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

import neurosparse as ns
from neurosparse.archive import write_json
from neurosparse.data.dataset import Dataset
from neurosparse.data.library import load_dataset
from neurosparse.export.exporter import exporters
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.target import PYNN, SOFT, Target
from neurosparse.spiking.twin import Conversion, spiking_twin

NETWORKS: dict[str, dict[str, object]] = {
    "digits": {"data": "digits"},
    "mnist": {"data": "mnist", "synapses": 3552},
    "mnist-qcfs": {"data": "mnist", "synapses": 3552, "activation": "qcfs"},
    "digits-qcfs": {"data": "digits", "activation": "qcfs"},
    "mnist-int8": {"data": "mnist", "synapses": 3552, "weights": "int8"},
}
BATCH = 1000


def trained(out: Path, name: str, seed: int) -> tuple[TrainedNetwork, Dataset]:
    """Return the network of a run, trained now as far as it is not yet, and its data."""
    path = out / name / f"seed-{seed}"
    flags = {**NETWORKS[name], "seed": seed}
    run = ns.resume(path, flags) if path.exists() else ns.start(ns.configure(flags), path)
    for _ in run.events():
        pass
    list(ns.check_run(path))
    return TrainedNetwork.load(path / "network.npz"), load_dataset(str(NETWORKS[name]["data"]), validation=0.1)


def emulated(network: TrainedNetwork, data: Dataset, target: Target, asked: Conversion, samples: int) -> dict[str, Any]:
    """Return the accuracy of network and emulated twin on the test samples that an export of so many holds."""
    twin = spiking_twin(network, data, target, asked)
    order = np.argsort(np.random.PCG64(0).random_raw(len(data.test)), kind="stable")[:samples]
    x, label = data.test.x[order] * np.float32(data.scale), data.test.y[order]
    decided = np.argmax(network.activations(x)[-1], axis=1)
    parts = [emulate(twin.spiking, x[i : i + BATCH], twin.chosen.steps).decision for i in range(0, len(x), BATCH)]
    spiking = np.concatenate(parts)
    return {
        "samples": len(x), "steps": twin.chosen.steps, "rate": twin.chosen.rate, "synapses": network.synapses,
        "network %": _percent(decided == label), "spiking %": _percent(spiking == label),
        "agreement %": _percent(spiking == decided),
    }  # fmt: skip


def simulated(
    network: TrainedNetwork, data: Dataset, target: str, asked: Conversion, samples: int, flags: list[str]
) -> dict[str, Any]:
    """Return the accuracy of an exported script on the samples that it holds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, seen = Path(scratch) / "export", Path(scratch) / "seen.npz"
        summary = exporters.load(target)().export(network, data, folder, samples=samples, asked=asked)
        command = [sys.executable, str(folder / "network.py"), *flags, "--record", str(seen)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not seen.exists():
            raise RuntimeError(done.stdout + done.stderr)
        with np.load(seen) as record, np.load(folder / "network.npz") as arrays:
            spiking, decided, label = record["decision"], arrays["decision"], arrays["label"]
    return {
        "samples": len(label), "steps": summary.steps, "rate": summary.rate, "synapses": network.synapses,
        "network %": _percent(decided == label), "spiking %": _percent(spiking == label),
        "agreement %": _percent(spiking == decided), "emulator %": round(100 * summary.spiking_accuracy, 3),
    }  # fmt: skip


def _percent(right: np.ndarray) -> float:
    """Return the share of what is right, in percent."""
    return round(100 * float(np.mean(right)), 3)


def figures(part: str, out: Path) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what a part of the benchmark measures, by name."""

    def soft(name: str, seed: int, steps: int, where: str) -> dict[str, Any]:
        network, data = trained(out, name, seed)
        asked, everything = Conversion(steps=steps), len(data.test)
        if where == "emulator":
            return emulated(network, data, SOFT, asked, everything)
        return simulated(network, data, "brian2", asked, everything, [])

    def hard(name: str, seed: int, backend: str) -> dict[str, Any]:
        network, data = trained(out, name, seed)
        asked, samples = Conversion(steps=128), min(1000, len(data.test))
        if backend == "emulator":
            return emulated(network, data, PYNN, asked, samples)
        return simulated(network, data, "pynn", asked, samples, ["--backend", backend])

    seeds = range(1, 6)
    match part:
        case "soft":
            wanted = [(n, s, 64, w) for w in ("emulator", "brian2") for n in ("digits", "mnist") for s in seeds]
            return {"-".join(map(str, each)): lambda each=each: soft(*each) for each in wanted}
        case "qcfs":
            names = ("digits-qcfs", "mnist-qcfs")
            wanted = [(n, s, 8, w) for w in ("emulator", "brian2") for n in names for s in seeds]
            return {"-".join(map(str, each)): lambda each=each: soft(*each) for each in wanted}
        case "int8":
            wanted = [("mnist-int8", s, 64, "emulator") for s in seeds]
            return {"-".join(map(str, each)): lambda each=each: soft(*each) for each in wanted}
        case _:
            backends = ("emulator", "nest", "brian2", "neuron")
            hardly = [(n, 1, b) for n in ("digits", "mnist") for b in backends]
            return {"-".join(map(str, each)): lambda each=each: hard(*each) for each in hardly}


@click.command()
@click.argument("part", type=click.Choice(["soft", "hard", "qcfs", "int8"]))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for runs and results.")
def main(part: str, out: Path) -> None:
    """Print one JSON line a figure."""
    (out / "results").mkdir(parents=True, exist_ok=True)
    for name, measure in figures(part, out).items():
        file = out / "results" / f"{part}-{name}.json"
        if not file.exists():
            write_json(file, measure())
        print(json.dumps({"figure": name, **json.loads(file.read_text("utf-8"))}), flush=True)


if __name__ == "__main__":
    main()
