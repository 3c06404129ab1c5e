"""One step of training: forward, backward, the optimiser's move and the rule's rewiring."""

from __future__ import annotations

import numpy as np

from neurosparse.nn.layer import Law
from neurosparse.nn.layered import AnyNetwork
from neurosparse.rewire.rule import Rule


def train_step(
    network: AnyNetwork, rule: Rule, label: np.ndarray, *, rate: float, momentum: float, seed: int, step: int
) -> tuple[float, int, int]:
    """Take one step on the batch that `network` has read.

    Parameters
    ----------
    label : ndarray of int64, shape (n_samples,)
    rate : float
        The learning rate of this step.
    seed, step : int
        Name the random numbers of the step; steps count from 1.

    Returns
    -------
    float, int, int
        Mean loss before the step, right decisions before the step, connections replaced.
    """
    shrink, noise, dies, keeps_signs = rule.terms(rate, step)
    loss, right = network.learn(label, Law(rate, shrink, noise, momentum, seed, step, dies, keeps_signs))
    return loss, right, rule.rewire(network.signals, rate, seed, step)
