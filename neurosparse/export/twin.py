"""The spiking twin of a trained network, made with choices on training and validation data alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.export.choose import Choice, choose
from neurosparse.export.spiking import SpikingNetwork, activation_scales, convert
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork

CHOICE_SAMPLES = 1500
CHOICE_SPLITS = "validation, then train"
SCALE_SAMPLES = 10_000


@dataclass(frozen=True)
class Twin:
    """A network that spikes, the network it stands for, and how its steps and rate were chosen."""

    network: TrainedNetwork
    spiking: SpikingNetwork
    chosen: Choice


def spiking_twin(network: TrainedNetwork, dataset: Dataset, steps: int | None, compacted: Compacted | None) -> Twin:
    """Return the spiking twin of a network, of its compacted self where that is given.

    Scales are measured on the training split; steps and rate are chosen on the validation split, filled up with
    training samples; the test split is not looked at.
    """
    scale = np.float32(dataset.scale)
    scales = activation_scales(network, dataset.train.x[:SCALE_SAMPLES] * scale)
    trial = np.concatenate([dataset.validation.x, dataset.train.x[:CHOICE_SAMPLES]])[:CHOICE_SAMPLES]
    if compacted is not None:
        network, trial = compacted.network, trial[:, compacted.inputs]
    chosen = choose(network, scales, trial * scale, steps=steps)
    return Twin(network, convert(network, scales, chosen.rate), chosen)
