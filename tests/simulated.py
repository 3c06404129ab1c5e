"""A simulation made up without a simulator: what the emulator finds stands for what one would."""

import numpy as np

from neurosparse.report.simulation import Decisions, simulation_facts
from neurosparse.spiking.cell import SOFT_RESET
from neurosparse.spiking.coding import REGULAR
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.parting import parting


def simulated(network, *, backend="nest", digest="0" * 64, steps=16, limit=0.95, seed=1):
    """Return the document of a simulation of `network` on random samples."""
    x = np.random.default_rng(seed).random((20, network.sizes[0]), np.float32)
    spiking = convert(network, activation_scales(network, x), 1.0, SOFT_RESET, REGULAR)
    outcome, decision = emulate(spiking, x, steps), network.activations(x)[-1].argmax(axis=1)
    return simulation_facts(
        backend, {"pynn": "0.13.0"}, digest, spiking, steps, Decisions(decision, decision),
        outcome, outcome, parting(network, spiking, x, outcome, steps), limit,
    )  # fmt: skip
