"""Time of a whole DEEP R step with rewiring against a dense step with a mask in PyTorch, on the same work.

Both train the same layers on a batch of the same size with plain SGD, one thread each, and are timed in turn, so that
the ratio holds when the machine's speed drifts. The dense side multiplies every weight by its mask, as masked training
does, and does not rewire; ours reads the batch from samples, draws noise for every connection, and rewires in every
step: an l1 prior steered from step to step keeps the wanted share of the connections dying. Needs PyTorch:
`pip install torch==2.13.0`.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import click
import numpy as np

from neurosparse.nn.network import Network
from neurosparse.rewire.rule import Signals, Terms
from neurosparse.shares import split_budget
from neurosparse.store.layout import shared_out
from neurosparse.store.store import SynapseStore
from neurosparse.train.backprop import train_step

NETWORKS = {
    "M1": ((784, 300, 100, 10), 3_461),
    "M2": ((3072, 4000, 1000, 4000, 10), 206_880),
}
RATE = 0.05


class SteadyTurnover:
    """DEEP R whose l1 prior is steered so that a given share of the connections dies in every step."""

    keeps_budget = True

    def __init__(self, store: SynapseStore, share: float) -> None:
        self._store, self._share, self._alpha = store, share, 1e-3

    def begin(self, seed: int) -> None:
        pass

    def terms(self, rate: float, step: int) -> Terms:
        return Terms(rate * self._alpha, 1e-7)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        born = self._store.replace_dead(seed, step)
        self._alpha *= 1.05 if born < self._share * self._store.n_live else 1 / 1.05
        return born

    def state(self) -> dict[str, np.ndarray]:
        return {}


def sparse_steps(sizes: tuple[int, ...], synapses: int, batch: int, turnover: float) -> Callable[[int], int]:
    """Return a function that takes n whole steps, reading the batch included, and returns how many were rewired."""
    generator = np.random.default_rng(1)
    store = SynapseStore(shared_out(sizes, split_budget(sizes, synapses)))
    store.fill(1)
    network = Network(store, batch)
    network.initialise(1.0, 1)
    samples = generator.random((batch, sizes[0]), dtype=np.float32)
    label = generator.integers(0, sizes[-1], batch)
    order = np.arange(batch)
    rule = SteadyTurnover(store, turnover)
    done = 0

    def take(n: int) -> int:
        nonlocal done
        rewired = 0
        for _ in range(n):
            done += 1
            network.read(samples, order, 1.0)
            rewired += train_step(network, rule, label, rate=RATE, momentum=0.0, seed=1, step=done)[2]
        return rewired

    return take


def dense_steps(sizes: tuple[int, ...], synapses: int, batch: int) -> Callable[[int], int]:
    """Return a function that takes n steps of dense layers with a mask on every weight matrix."""
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    weights, masks, biases = [], [], []
    for n_pre, n_post, count in zip(sizes[:-1], sizes[1:], split_budget(sizes, synapses), strict=True):
        mask = torch.zeros(n_pre * n_post)
        mask[torch.randperm(n_pre * n_post, generator=generator)[:count]] = 1.0
        masks.append(mask.reshape(n_post, n_pre))
        weights.append((torch.randn(n_post, n_pre, generator=generator) * (2 * n_post / count) ** 0.5).requires_grad_())
        biases.append(torch.zeros(n_post, requires_grad=True))
    x = torch.rand(batch, sizes[0], generator=generator)
    y = torch.randint(0, sizes[-1], (batch,), generator=generator)

    def take(n: int) -> int:
        for _ in range(n):
            h = x
            for k, (w, m, b) in enumerate(zip(weights, masks, biases, strict=True)):
                h = torch.nn.functional.linear(h, w * m, b)
                if k < len(weights) - 1:
                    h = torch.relu(h)
            loss = torch.nn.functional.cross_entropy(h, y)
            loss.backward()
            with torch.no_grad():
                for parameter in (*weights, *biases):
                    parameter -= RATE * parameter.grad
                    parameter.grad = None
        return 0

    return take


def seconds_a_step(take: Callable[[int], int], n: int) -> tuple[float, float]:
    """Return wall seconds and rewired connections a step over `n` steps."""
    begin = time.perf_counter()
    rewired = take(n)
    return (time.perf_counter() - begin) / n, rewired / n


def compare(name: str, batch: int, turnover: float, rounds: int) -> dict[str, float | str]:
    """Time both sides in turn and return medians, the ratio round by round, and the share rewired a step."""
    sizes, synapses = NETWORKS[name]
    ours, theirs = sparse_steps(sizes, synapses, batch, turnover), dense_steps(sizes, synapses, batch)
    once = seconds_a_step(theirs, 2)[0]
    few = max(2, int(0.3 / once))
    many = few * (20 if name == "M1" else 40)
    ours(300)  # compile, and let the turnover settle
    pairs = [(seconds_a_step(ours, many), seconds_a_step(theirs, few)) for _ in range(rounds)]
    return {
        "network": name,
        "batch": batch,
        "rewired a step": statistics.median(rewired for (_, rewired), _ in pairs) / synapses,
        "ours ms": 1e3 * statistics.median(a for (a, _), _ in pairs),
        "dense ms": 1e3 * statistics.median(b for _, (b, _) in pairs),
        "times faster": statistics.median(b / a for (a, _), (b, _) in pairs),
    }


@click.command()
@click.option("--rounds", default=7, show_default=True, help="Times each side is timed.")
@click.option("--turnover", default=0.01, show_default=True, help="Share of the connections that die in a step.")
@click.option("--network", "networks", multiple=True, type=click.Choice(list(NETWORKS)), default=list(NETWORKS))
@click.option("--batch", "batches", multiple=True, type=int, default=[128, 32])
def main(rounds: int, turnover: float, networks: tuple[str, ...], batches: tuple[int, ...]) -> None:
    """Print one JSON line for each network and batch."""
    for name in networks:
        for batch in batches:
            print(json.dumps(compare(name, batch, turnover, rounds)), flush=True)


if __name__ == "__main__":
    main()
