"""Time a step of networks of other layers on one thread, and tell the memory that learning takes.

Each network learns in a process of its own, from numbers drawn at random in the shape of its data. The memory is the
largest resident set of the process (ru_maxrss) above what it was once interpreter, libraries and compiled kernels were
there. Run it twice: the first time the kernels are compiled, which takes memory too.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from neurosparse.architecture.architecture import Architecture, architecture_of
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore


@dataclass(frozen=True)
class Case:
    """A network and its data; fractions of all connections, or numbers of them, are live."""

    shape: tuple[int, ...]
    layers: tuple[str | int, ...]
    live: tuple[float, ...]
    batch: int
    samples: int


_IMAGES = (
    "centre:0.5", "pad:4", "crop:32", "mirror",
    "conv:64:5", "norm", "maxpool:3:stride=2", "conv:64:5", "norm", "maxpool:3:stride=2", 384, "norm", 192, "norm",
)  # fmt: skip
_PIXELS = ("lstm:220", "lif:220:adaptive=100", "lif:220:adaptive=100:delays=8")
CASES = (
    Case((3, 32, 32), _IMAGES, (4800, 26000, 57000, 4449, 1920), 128, 49_500),
    Case((3, 32, 32), _IMAGES, (4800, 52000, 114000, 8899, 1920), 128, 49_500),
    Case((28, 28), ("lstm:128", "mean"), (0.05, 0.05, 0.05), 64, 54_000),
    Case((39, 226), ("bilstm:128", "mean"), (0.05,) * 5, 32, 2_430),
    Case((28, 28), ("lif:220:adaptive=100", "leaky:10", "mean"), (0.1, 0.1, 0.1), 64, 54_000),
    *(
        Case((1, 784), (f"{layer}{every}",), (0.1, 0.1, 0.1), 32, 54_000)
        for layer in _PIXELS
        for every in ("", ":checkpoint_every=28")
    ),
)


def learn(architecture: Architecture, case: Case, steps: int) -> tuple[int, list[float]]:
    """Take some learning steps; return the weights and the seconds of every step."""
    sizes = [m.rows * m.columns for m in architecture.matrices]
    live = [round(n if n > 1 else n * size) for n, size in zip(case.live, sizes, strict=True)]
    layouts = [
        unbounded(f"p{k}", m.rows, m.columns, n)
        for k, (m, n) in enumerate(zip(architecture.matrices, live, strict=True))
    ]
    store = SynapseStore(Layout(tuple(layouts)), momentum=True)
    store.fill(1)
    network = Layered(architecture, store, case.batch)
    network.initialise(1.0, 1)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (case.batch, math.prod(architecture.input)), np.uint8)
    label, seconds = rng.integers(0, 10, case.batch), []
    for step in range(1, steps + 1):
        begin = time.perf_counter()
        network.read(x, np.arange(case.batch), 1 / 255)
        network.learn(label, Law(1e-3, 1e-6, 0.0, 0.9, 1, step))
        store.replace_dead(1, step)
        seconds.append(time.perf_counter() - begin)
    return store.n_live, seconds


def peak_mb() -> float:
    """Return the largest resident set of this process so far, in 10**6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure(case: Case, steps: int) -> None:
    """Print what a network takes, as JSON."""
    architecture = architecture_of(case.shape, case.layers, 10)
    # The same kernels on little: what compiling and loading them takes is not the network's.
    shape = case.shape if len(case.shape) == 3 else (case.shape[0], 56)
    learn(architecture_of(shape, case.layers, 10), replace(case, batch=1), 2)
    before = peak_mb()
    weights, seconds = learn(architecture, case, steps)
    print(json.dumps({"weights": weights, "MB": peak_mb() - before, "s": statistics.median(seconds)}))


def main() -> None:
    """Measure every network in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=25, help="learning steps, of which the median is told")
    parser.add_argument("--case", type=int, help="measure this one here, and print JSON")
    asked = parser.parse_args()
    if asked.case is not None:
        measure(CASES[asked.case], asked.steps)
        return
    for k, case in enumerate(CASES):
        command = [sys.executable, __file__, "--case", str(k), "--steps", str(asked.steps)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        epoch = found["s"] * case.samples / case.batch
        print(
            f"{architecture_of(case.shape, case.layers, 10)}: {found['weights']:,} weights, {1e3 * found['s']:.1f} ms a"
            f" step of {case.batch}, {epoch:.0f} s for {case.samples:,} samples, {found['MB']:.1f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
