"""The spiking twin of a trained network, made with choices on training and validation data alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.errors import BadInput
from neurosparse.grid import most_of
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.choose import ALLOWED_LOSS, Choice, choose
from neurosparse.spiking.coding import CODINGS, Coding
from neurosparse.spiking.convert import SpikingNetwork, activation_scales, convert
from neurosparse.spiking.grid import rounded
from neurosparse.spiking.target import Target
from neurosparse.units import format_count, format_percent

CHOICE_SAMPLES = 1500
CHOICE_SPLITS = "validation, then train"
SCALE_SAMPLES = 10_000
MOST_STEPS = 10_000
BITS = range(2, 17)


@dataclass(frozen=True)
class Conversion:
    """What is asked of a spiking twin; what is not asked is chosen.

    Attributes
    ----------
    steps : int or None
        Time steps to show each sample for; the fewest that lose little where None.
    allowed_loss : float
        Fraction of the samples that may be decided otherwise, where steps are chosen.
    coding : str or None
        ``"current"``, ``"regular"`` or ``"poisson"``; what suits the target where None.
    seed : int
        Of random input spikes.
    weight_bits : int or None
        Round weights to so many bits, the sign among them; as they are where None.

    Raises
    ------
    BadInput
        A value is out of its range.
    """

    steps: int | None = None
    allowed_loss: float = ALLOWED_LOSS
    coding: str | None = None
    seed: int = 0
    weight_bits: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise BadInput(
                f"cannot show a sample for {format_count(self.steps)} time steps",
                numbers={"least": "1", "most": format_count(MOST_STEPS)},
                where="--steps",
                help="8 to 256 are usual; auto chooses",
            )
        if not 0.0 <= self.allowed_loss < 1.0:
            raise BadInput(
                f"cannot allow a loss of {format_percent(self.allowed_loss)} of the samples",
                numbers={"least": "0 %", "below": "100 %"},
                where="--allowed-loss",
            )
        if self.coding is not None and self.coding not in CODINGS:
            raise BadInput(
                f"there is no input coding {self.coding!r}", where="--coding", help=f"known: {', '.join(CODINGS)}"
            )
        if not 0 <= self.seed < 2**63:
            raise BadInput(
                f"{self.seed} cannot seed random spikes", numbers={"least": "0", "below": "2^63"}, where="--coding-seed"
            )
        if self.weight_bits is not None and self.weight_bits not in BITS:
            raise BadInput(
                f"cannot round weights to {self.weight_bits} bits",
                numbers={"least": str(BITS[0]), "most": str(BITS[-1])},
                where="--weight-bits",
            )


@dataclass(frozen=True)
class Twin:
    """A network that spikes, the network it stands for, and how its cell, rate and steps were chosen.

    Attributes
    ----------
    network : TrainedNetwork
        As trained; compacted where that was asked for.
    kept : TrainedNetwork
        The same with weights rounded where that was asked for: what `spiking` is made from.
    spiking : SpikingNetwork
    chosen : Choice
    """

    network: TrainedNetwork
    kept: TrainedNetwork
    spiking: SpikingNetwork
    chosen: Choice


def spiking_twin(
    network: TrainedNetwork,
    dataset: Dataset,
    target: Target,
    asked: Conversion,
    compacted: Compacted | None = None,
) -> Twin:
    """Return the spiking twin of a network, of its compacted self where that is given.

    Scales are measured on the training split; cell, steps and rate are chosen on the validation split, filled up with
    training samples; the test split is not looked at. What was trained with levels is tried with so many steps too.
    """
    scale = np.float32(dataset.scale)
    scales = activation_scales(network, dataset.train.x[:SCALE_SAMPLES] * scale)
    trial = np.concatenate([dataset.validation.x, dataset.train.x[:CHOICE_SAMPLES]])[:CHOICE_SAMPLES]
    if compacted is not None:
        network, trial = compacted.network, trial[:, compacted.inputs]
    kept = network if asked.weight_bits is None else rounded(network, most_of(asked.weight_bits))
    coding = Coding(asked.coding or target.coding, asked.seed)
    levels = {network.activation(k).levels for k in range(len(network.projections))} - {0}
    candidates = replace(target.candidates, steps=tuple(sorted({*target.candidates.steps, *levels})))
    chosen = choose(
        network, kept, scales, trial * scale, candidates,
        coding=coding, steps=asked.steps, allowed_loss=asked.allowed_loss,
    )  # fmt: skip
    return Twin(network, kept, convert(kept, scales, chosen.rate, chosen.cell, coding), chosen)
