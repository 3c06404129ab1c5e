"""What the machine of a plan makes of a spiking network: its weights and its arithmetic, emulated before an export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.grid import most_of
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.numbered import NumberedProfile
from neurosparse.mapping.layout import Plan
from neurosparse.spiking.convert import convert
from neurosparse.spiking.emulate import Outcome, emulate
from neurosparse.spiking.fixed import emulate_fixed
from neurosparse.spiking.grid import rounded
from neurosparse.spiking.twin import Twin


@dataclass(frozen=True)
class Prediction:
    """What a machine is expected to do.

    Attributes
    ----------
    machine : str
    arithmetic : str
        What was emulated, in words.
    outcome : Outcome
    """

    machine: str
    arithmetic: str
    outcome: Outcome


def predict(twin: Twin, plan: Plan, x: np.ndarray) -> Prediction | None:
    """Return what the machine of a plan would make of some samples; None where its arithmetic is not known.

    SpiNNaker: 16-bit weights of the scale that the tool chain computes for this very network, and s16.15 state.
    Machines with weights of few bits: weights of whole steps, a power of two for each projection, and exact state.

    Parameters
    ----------
    x : ndarray of float32, shape (n_samples, n_inputs)
        In [0, 1].

    Raises
    ------
    OverBudget
        The network does not fit the machine.
    """
    profile, spiking = plan.profile, twin.spiking
    if isinstance(profile, RowsProfile):
        if not spiking.cell.tau_synapse:
            return None
        network = described(
            plan.graph, [layer.weight for layer in spiking.layers],
            neurons_per_core=plan.options.neurons_per_core, delay=spiking.cell.delay,
        )  # fmt: skip
        footprint = measure(network, profile, timesteps=plan.options.timesteps)
        shifts = [footprint.population(p.post).shifts for p in plan.graph.projections]
        pairs = [(shift[0], shift[1]) for shift in shifts]
        words = f"{profile.row.weight_bits}-bit weights, s16.15 state"
        return Prediction(profile.name, words, emulate_fixed(spiking, x, twin.chosen.steps, pairs))
    if isinstance(profile, NumberedProfile):
        kept = rounded(twin.kept, most_of(profile.weights.bits, profile.weights.signed))
        coarse = convert(kept, spiking.scales, spiking.rate, spiking.cell, spiking.coding)
        outcome = emulate(coarse, x, twin.chosen.steps)
        return Prediction(profile.name, f"{profile.weights.bits}-bit weights", outcome)
    return None
