"""What lets an export check itself: held-out samples, what the trained network decides, and what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.errors import BadInput, OverBudget
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.choose import Choice
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.machine import predict
from neurosparse.spiking.twin import CHOICE_SPLITS, Conversion, Twin
from neurosparse.units import format_count, format_percent

TOLERANCE = 0.9
"""Least fraction of the samples on which a simulator must decide as the trained network does.

Of a conversion that differs on three samples in a hundred, a hundred samples may well show seven.
"""

SAMPLE_SEED = 0
RATES = ("relu", "qcfs")
"""The activations that rates of cells stand for: rectified, and clipped too."""
READOUT = (*RATES, "identity")
"""Those of the last layer, whose sums are read: none of them changes which is the largest above zero."""


@dataclass(frozen=True)
class HeldOut:
    """Samples of the test split, as an export shows them.

    Attributes
    ----------
    x : ndarray of float32, shape (n_samples, n_inputs)
        In [0, 1]; only the inputs that a compacted network has.
    label, decision : ndarray of int64, shape (n_samples,)
        What each is, and what the trained network takes it for.
    """

    x: np.ndarray
    label: np.ndarray
    decision: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Return the samples under the names that they have in every export."""
        return {"sample": self.x, "label": self.label, "decision": self.decision}


def check_samples(dataset: Dataset, samples: int) -> None:
    """Raise BadInput where the test split has not so many samples, or fewer than one is asked for."""
    if not 1 <= samples <= len(dataset.test):
        raise BadInput(
            f"cannot put {format_count(samples)} held-out samples into the export",
            numbers={"least": "1", "there are": format_count(len(dataset.test))},
            where="--samples",
        )


def sample_order(dataset: Dataset, samples: int) -> np.ndarray:
    """Return which samples of the test split an export shows, int64 (samples,): the same ones for every network."""
    # The raw stream of PCG64 is the same in all versions of NumPy (NEP 19), its permutations are not.
    return np.argsort(np.random.PCG64(SAMPLE_SEED).random_raw(len(dataset.test)), kind="stable")[:samples]


def held_out(network: TrainedNetwork, dataset: Dataset, samples: int, compacted: Compacted | None) -> HeldOut:
    """Return so many samples of the test split, the same ones for every network.

    Parameters
    ----------
    network : TrainedNetwork
        The one that decides; the compacted one where there is one.
    """
    order = sample_order(dataset, samples)
    x = dataset.test.x[order] * np.float32(dataset.scale)
    if compacted is not None:
        x = np.ascontiguousarray(x[:, compacted.inputs])
    return HeldOut(x, dataset.test.y[order], np.argmax(network.activations(x)[-1], axis=1))


def expectation(twin: Twin, shown: HeldOut) -> dict[str, float]:
    """Return what a simulator is expected to find, by emulation, and the least agreement that passes."""
    emulated = emulate(twin.spiking, shown.x, twin.chosen.steps).decision
    return {
        "network_accuracy": float(np.mean(shown.decision == shown.label)),
        "spiking_accuracy": float(np.mean(emulated == shown.label)),
        "agreement": float(np.mean(emulated == shown.decision)),
        "tolerance": TOLERANCE,
    }


def machine_expectation(twin: Twin, plan: Plan | None, shown: HeldOut) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return what the machine of a plan is expected to find with its own arithmetic, as a manifest and in a line.

    None and no line where there is no plan, or nothing is known of its arithmetic for such cells.
    """
    if plan is None:
        return None, ()
    try:
        prediction = predict(twin, plan, shown.x)
    except OverBudget as fault:
        return None, (f"on {plan.profile.name}: {fault.what}",)
    if prediction is None:
        return None, ()
    decision = prediction.outcome.decision
    found = {
        "spiking_accuracy": float(np.mean(decision == shown.label)),
        "agreement": float(np.mean(decision == shown.decision)),
    }
    return {"machine": prediction.machine, "arithmetic": prediction.arithmetic, **found}, (
        f"on {prediction.machine}, {prediction.arithmetic}: spiking {format_percent(found['spiking_accuracy'])}"
        f" expected, agreement {format_percent(found['agreement'])}",
    )


def told(expected: dict[str, float], samples: int, chosen: Choice, asked: Conversion) -> tuple[str, ...]:
    """Return the lines that say what is expected of an export, and where no number of steps lost as little as asked."""
    return (
        *(
            (
                f"no number of steps that was tried loses at most {format_percent(asked.allowed_loss)} of the decisions"
                f" on {CHOICE_SPLITS}: the best loses {format_percent(1.0 - chosen.agreement)}",
            )
            if asked.steps is None and chosen.agreement < 1.0 - asked.allowed_loss
            else ()
        ),
        f"{samples} samples of {chosen.steps} steps: network {format_percent(expected['network_accuracy'])},"
        f" spiking {format_percent(expected['spiking_accuracy'])} expected,"
        f" agreement {format_percent(expected['agreement'])} (at least {format_percent(expected['tolerance'])})",
        *(
            ("its own check is not expected to pass: try other --steps, or train further",)
            if expected["agreement"] < expected["tolerance"]
            else ()
        ),
    )


def check_export(network: TrainedNetwork, dataset: Dataset, samples: int, target: str) -> None:
    """Raise BadInput, before any work, for what cannot become a spiking network or a self-check.

    Parameters
    ----------
    target : str
        Who is to express the network, for the message.
    """
    if not network.projections:
        raise BadInput("the network has no layers")
    sizes = network.sizes
    for k, projection in enumerate(network.projections):
        kind, able = network.activation(k).kind, READOUT if k == len(network.projections) - 1 else RATES
        if kind not in able:
            raise BadInput(
                f"{target} cannot express layer {projection.post!r}, whose activation is {kind!r}",
                help=f"it can express {', '.join(able)} there",
            )
        wrong = sum(int(np.sum(~np.isfinite(values))) for values in (projection.weight.data, projection.bias))
        if wrong:
            raise BadInput(
                f"projection {projection.name!r} holds weights or biases that are not finite",
                numbers={"not finite": format_count(wrong)},
                help="export an earlier checkpoint, from before training diverged",
            )
        if projection.weight.shape != (sizes[k], sizes[k + 1]) or projection.bias.shape != (sizes[k + 1],):
            raise BadInput(
                f"projection {projection.name!r} does not join its layers",
                numbers={"weights": str(projection.weight.shape), "layers": str((sizes[k], sizes[k + 1]))},
            )
    if (sizes[0], sizes[-1]) != (dataset.n_features, dataset.n_classes):
        raise BadInput(
            f"the network was not trained on {dataset.name}",
            numbers={
                "network": f"{sizes[0]} inputs, {sizes[-1]} outputs",
                "data": f"{dataset.n_features} features, {dataset.n_classes} classes",
            },
            help="name the data set of the run",
        )
    for part, split in dataset.splits.items():
        low, high = (float(value) * dataset.scale for value in (split.x.min(), split.x.max()))
        if not (low >= 0.0 and high <= 1.0 + 1e-6):
            raise BadInput(
                "inputs become firing rates, which lie in [0, 1] of the highest: shift and scale the data first",
                numbers={"lowest": f"{low:g}", "highest": f"{high:g}"},
                where=f"{dataset.name}, {part}",
            )
    check_samples(dataset, samples)
