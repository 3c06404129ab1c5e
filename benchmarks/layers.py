"""Time a step of the paper's CIFAR-10 network, of an LSTM and of spiking neurons on one thread."""

import math
import statistics
import time

import numpy as np

from neurosparse.architecture.architecture import architecture_of
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

BATCH, STEPS = 64, 25
NETWORKS = (
    (
        (3, 32, 32),
        ("crop:24", "mirror", "centre:0.5", *2 * ("conv:64:5", "maxpool:3:stride=2"), 384, 192),
        (1.0, 0.05, 0.05, 0.05, 1.0),
        50_000,
    ),
    ((28, 28), ("lstm:128",), (0.05, 0.05, 0.05), 60_000),
    ((28, 28), ("lif:220:adaptive=100", "leaky:20", "last"), (0.1, 0.1, 0.1), 60_000),
)  # fmt: skip


def main() -> None:
    """Print the median time of a step, and what an epoch comes to."""
    for shape, layers, densities, samples in NETWORKS:
        architecture = architecture_of(shape, layers, 10)
        layouts = [
            unbounded(f"p{k}", m.rows, m.columns, round(density * m.rows * m.columns))
            for k, (m, density) in enumerate(zip(architecture.matrices, densities, strict=True))
        ]
        store = SynapseStore(Layout(tuple(layouts)), momentum=True)
        store.fill(1)
        network = Layered(architecture, store, BATCH)
        network.initialise(1.0, 1)
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (BATCH, math.prod(shape)), np.uint8)
        label = rng.integers(0, 10, BATCH)
        times = []
        for step in range(1, STEPS + 1):
            begin = time.perf_counter()
            network.read(x, np.arange(BATCH), 1 / 255)
            network.learn(label, Law(1e-3, 1e-6, 0.0, 0.9, 1, step))
            store.replace_dead(1, step)
            times.append(time.perf_counter() - begin)
        median = statistics.median(times)
        print(f"{architecture}: {store.n_live:,} weights, {1e3 * median:.1f} ms a step, "
              f"{median * samples / BATCH:.0f} s for {samples:,} samples")  # fmt: skip


if __name__ == "__main__":
    main()
