"""Time of an MNIST epoch at batch 10: 6,000 steps, 3,552 synapses, rewiring in every step, one core.

Needs the MNIST files (`neurosparse data fetch mnist`, or NEUROSPARSE_DATA).
"""

from __future__ import annotations

import json
import statistics
import time

import click
import numpy as np

from neurosparse.data.library import load_dataset
from neurosparse.kernels.batch import shuffle
from neurosparse.nn.network import Network
from neurosparse.rewire.deepr import DeepR, temperature_for
from neurosparse.shares import split_budget
from neurosparse.store.layout import Layout, ProjectionLayout
from neurosparse.store.store import SynapseStore
from neurosparse.train.backprop import train_step

SIZES, SYNAPSES, BATCH, STEPS = (784, 300, 100, 10), 3_552, 10, 6_000


def layout_of(max_row_length: int | None, max_fan_in: int | None) -> Layout:
    """Return the network on cores of 256 neurons without limits of memory."""
    projections = []
    for k, (n_pre, n_post, budget) in enumerate(zip(SIZES[:-1], SIZES[1:], split_budget(SIZES, SYNAPSES), strict=True)):
        width = min(n_post, 256)
        capacity = (n_pre * width,) * -(-n_post // width)
        projections.append(
            ProjectionLayout(f"layer{k}", n_pre, n_post, budget, width, capacity, max_row_length, max_fan_in)
        )
    return Layout(tuple(projections))


@click.command()
@click.option("--epochs", default=7, show_default=True, help="Epochs timed, after one that is not.")
@click.option("--rate", default=0.3, show_default=True, help="Learning rate, constant: the product's first.")
@click.option("--alpha", default=1e-4, show_default=True, help="l1 prior of Algorithm 1 as it stands.")
@click.option("--max-row-length", type=int, help="Limit on the rows, on cores of 256 neurons.")
@click.option("--max-fan-in", type=int, help="Limit on the fan-ins.")
def main(epochs: int, rate: float, alpha: float, max_row_length: int | None, max_fan_in: int | None) -> None:
    """Print one JSON line: wall and processor seconds an epoch (medians), and the share rewired a step."""
    data = load_dataset("mnist")
    x = np.concatenate([data.train.x, data.validation.x])
    y = np.concatenate([data.train.y, data.validation.y])
    store = SynapseStore(layout_of(max_row_length, max_fan_in))
    store.fill(1)
    network = Network(store, BATCH)
    network.initialise(1.0, 1)
    rule = DeepR(network.store, alpha, temperature_for(1.0, rate, alpha))
    order = np.arange(len(y))
    wall, cpu, rewired, step = [], [], [], 0
    for epoch in range(epochs + 1):
        begin, begin_cpu, born = time.perf_counter(), time.process_time(), 0
        shuffle(order, 1, epoch)
        for k in range(STEPS):
            part = order[k * BATCH : (k + 1) * BATCH]
            network.read(x, part, data.scale)
            step += 1
            born += train_step(network, rule, y[part], rate=rate, momentum=0.0, seed=1, step=step)[2]
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
        rewired.append(born / STEPS / SYNAPSES)
    store.check()
    result = {
        "steps": STEPS,
        "synapses": store.n_live,
        "wall s": statistics.median(wall[1:]),
        "cpu s": statistics.median(cpu[1:]),
        "rewired a step": statistics.median(rewired[1:]),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
