"""From settings to the rewiring rule of a run."""

from __future__ import annotations

import numpy as np

from neurosparse.config import Settings
from neurosparse.kernels.rewire import ANEW, DALE, FIXED
from neurosparse.rewire.auditions import Auditions
from neurosparse.rewire.deepr import DeepR, temperature_for
from neurosparse.rewire.paths import Paths
from neurosparse.rewire.rule import Rule
from neurosparse.store.store import SynapseStore

SIGNS = {"anew": ANEW, "fixed": FIXED, "dale": DALE}


def rule_of(settings: Settings, store: SynapseStore, inputs: np.ndarray, steps: int) -> Rule:
    """Return the rule that is asked for.

    Parameters
    ----------
    store : SynapseStore
    inputs : ndarray of bool, shape (n_inputs,)
        Whether each input is ever on in the training data.
    steps : int
        Steps of the whole run.
    """
    signs = SIGNS[settings.signs]
    paths = Paths(store, inputs) if settings.births != "anywhere" else None
    auditions = None
    if settings.births == "auditioned":
        auditions = Auditions(store, paths, signs, settings.audition_steps, settings.candidates, settings.head_start)
    return DeepR(
        store,
        settings.alpha,
        temperature_for(settings.tau, settings.learning_rate, settings.alpha),
        signs=signs,
        passes_on=settings.newborn == "overshoot",
        paths=paths,
        auditions=auditions,
        schedule=settings.alpha_schedule,
        steps=steps,
        last=round(settings.rewire_until * steps),
    )
