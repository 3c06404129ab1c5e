"""Peak memory and time of a step of layers that hold all steps of a sequence, or keep states every so many of them.

Each network learns in a process of its own, of the shape of pixel-wise MNIST: 784 steps of one number. What is printed
is the largest resident set of the process (ru_maxrss) above what it was once interpreter, libraries and compiled
kernels were there. Run it twice: the first time the kernels are compiled, which takes memory too.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from neurosparse.architecture.architecture import Architecture, architecture_of
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

BATCH, STEPS = 32, 11
SHAPE = (1, 784)
LAYERS = ("lstm:220", "lif:220:adaptive=100", "lif:220:adaptive=100:delays=8")
EVERY = 28


def learn(architecture: Architecture, steps: int) -> list[float]:
    """Take some learning steps on samples drawn at random; return their seconds."""
    layouts = [
        unbounded(f"p{k}", m.rows, m.columns, max(1, round(0.1 * m.rows * m.columns)))
        for k, m in enumerate(architecture.matrices)
    ]
    store = SynapseStore(Layout(tuple(layouts)))
    store.fill(1)
    network = Layered(architecture, store, BATCH)
    network.initialise(1.0, 1)
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (BATCH, math.prod(architecture.input)), np.uint8)
    label, seconds = generator.integers(0, 10, BATCH), []
    for step in range(1, steps + 1):
        begin = time.perf_counter()
        network.read(x, np.arange(BATCH), 1 / 255)
        network.learn(label, Law(1e-3, 1e-6, 0.0, 0.0, 1, step))
        store.replace_dead(1, step)
        seconds.append(time.perf_counter() - begin)
    return seconds


def peak_mb() -> float:
    """Return the largest resident set of this process so far, in 10**6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure(layer: str) -> None:
    """Print what a network of one layer takes, as JSON."""
    # The same kernels on a few steps: what compiling and loading them takes is not the network's.
    learn(architecture_of((1, 5), (layer.replace(f"every={EVERY}", "every=2"),), 10), 2)
    before = peak_mb()
    seconds = learn(architecture_of(SHAPE, (layer,), 10), STEPS)
    print(json.dumps({"MB": peak_mb() - before, "ms": 1000 * statistics.median(seconds)}))


def main() -> None:
    """Measure every layer without checkpoints and with them, each in a process of its own."""
    for layer in LAYERS:
        for name in (layer, f"{layer}:checkpoint_every={EVERY}"):
            done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            print(f"{name}: {found['MB']:.1f} MB, {found['ms']:.0f} ms a step of {BATCH} samples")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
