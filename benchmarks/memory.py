"""Peak memory of a whole process that trains 1,000,000 synapses between 100,000 and 100,000 neurons, batch 32.

The process trains on samples it draws itself, rewires in every step and prints what the operating system says its
largest resident set was (ru_maxrss): interpreter, libraries, machine code, store and activations included.
"""

from __future__ import annotations

import json
import resource
import time

import click
import numpy as np

from neurosparse.nn.network import Network
from neurosparse.nn.workers import Workers
from neurosparse.rewire.deepr import DeepR
from neurosparse.store.layout import shared_out
from neurosparse.store.store import SynapseStore
from neurosparse.train.backprop import train_step


def peak_mb() -> float:
    """Return the largest resident set of this process so far, in 10**6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


@click.command()
@click.option("--neurons", default=100_000, show_default=True)
@click.option("--synapses", default=1_000_000, show_default=True)
@click.option("--batch", default=32, show_default=True)
@click.option("--steps", default=20, show_default=True)
@click.option("--threads", default=1, show_default=True)
def main(neurons: int, synapses: int, batch: int, steps: int, threads: int) -> None:
    """Print one JSON line: bytes of the store, peak of the process, seconds a step."""
    libraries = peak_mb()
    generator = np.random.default_rng(1)
    store = SynapseStore(shared_out((neurons, neurons, 10), (synapses, 10 * neurons // 100)), parts=threads)
    store.fill(1)
    network = Network(store, batch, Workers(threads))
    network.initialise(1.0, 1)
    rule = DeepR(network.store, alpha=1e-2, temperature=1e-9)
    samples = generator.integers(0, 256, (4 * batch, neurons), dtype=np.uint8)
    label = generator.integers(0, 10, len(samples))
    rewired = 0
    seconds = []
    for step in range(1, steps + 1):
        begin = time.perf_counter()
        part = generator.integers(0, len(samples), batch)
        network.read(samples, part, 1 / 255)
        rewired += train_step(network, rule, label[part], rate=0.1, momentum=0.0, seed=1, step=step)[2]
        seconds.append(time.perf_counter() - begin)
    store.check()
    result = {
        "network": f"{neurons}-{neurons}-10",
        "synapses": store.n_live,
        "batch": batch,
        "rewired a step": rewired / steps / store.n_live,
        "store MB": store.nbytes / 1e6,
        "libraries MB": libraries,
        "peak MB": peak_mb(),
        "median s a step": float(np.median(seconds)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
