"""A few steps of training on random samples with any rule, as the trainer takes them but for its data."""

from __future__ import annotations

import numpy as np

from neurosparse.nn.network import Network
from neurosparse.nn.workers import Workers
from neurosparse.rewire.library import rules
from neurosparse.rewire.rule import Options
from neurosparse.store.store import SynapseStore
from neurosparse.train.backprop import train_step

OPTIONS = {"rate": 0.3, "alpha": 1e-3, "tau": 1.0, "rewire_every": 3, "audition_steps": 2, "final_connectivity": 0.4}
BATCH = 16


class Course:
    """A network with a rule, and the number of the step to come."""

    def __init__(self, name, layout, seed=1, steps=12, *, momentum=0.0, parts=1, rate=0.3, **options):
        self.store = SynapseStore(layout, momentum=momentum > 0, parts=parts)
        self.network = Network(self.store, BATCH, Workers(1))
        told = Options(steps=steps, steps_per_epoch=4, **{**OPTIONS, "rate": rate, **options})
        self.rule = rules.load(name).of(self.store, np.ones(self.network.sizes[0], bool), told)
        self.store.fill(seed)
        self.rule.begin(seed)
        self.network.initialise(1.0, seed)
        self.seed, self.rate, self.momentum, self.done, self.steps = seed, rate, momentum, 0, steps

    def step(self):
        """Take a step and return how many were born."""
        self.done += 1
        generator = np.random.default_rng([self.seed, self.done])
        samples = generator.random((BATCH, self.network.sizes[0]), dtype=np.float32)
        self.network.read(samples, np.arange(BATCH), 1.0)
        label = generator.integers(0, self.network.sizes[-1], BATCH)
        return train_step(
            self.network, self.rule, label, rate=self.rate, momentum=self.momentum, seed=self.seed, step=self.done
        )[2]

    def weights(self):
        """Return {(projection, pre, post): weight} of what is live."""
        found = {}
        for p in self.store.projections:
            row_start, target, weight, _ = p.slots
            for i in range(p.n_pre):
                for slot in range(row_start[i], row_start[i + 1]):
                    found[p.index, i, int(target[slot])] = weight[slot]
        return found
