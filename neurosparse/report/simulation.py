"""What a simulator found, as one document: no clock and no path; a damaged one is told before it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurosparse.errors import FileFault
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.emulate import Outcome
from neurosparse.spiking.parting import PARTED, LayerParting, first_parted

SCHEMA = "neurosparse.simulation/1"


@dataclass(frozen=True)
class Decisions:
    """What the samples are and what they are taken for, each int64 (n_samples,).

    Attributes
    ----------
    label : ndarray
    network : ndarray
        By the trained network.
    """

    label: np.ndarray
    network: np.ndarray

    def judged(self, decision: np.ndarray) -> tuple[float, float]:
        """Return which fractions of other decisions are right, and are those of the network."""
        return float(np.mean(decision == self.label)), float(np.mean(decision == self.network))


def simulation_facts(
    backend: str,
    versions: Mapping[str, str],
    network: str,
    spiking: SpikingNetwork,
    steps: int,
    decisions: Decisions,
    simulated: Outcome,
    emulated: Outcome,
    layers: Sequence[LayerParting],
    limit: float,
) -> dict[str, Any]:
    """Return the document, schema ``neurosparse.simulation/1``.

    Parameters
    ----------
    backend : str
    versions : mapping of str to str
        Of the packages that ran.
    network : str
        The sha256 of the trained network's file: the document tells of no other.
    spiking : SpikingNetwork
    steps : int
        For how long each sample was shown.
    decisions : Decisions
    simulated, emulated : Outcome
        What the simulator counted, and what the emulator expects.
    layers : sequence of LayerParting
        From `neurosparse.spiking.parting.parting`.
    limit : float
        The least agreement that passes.

    Returns
    -------
    dict
        Plain values. ``agrees`` says that the simulator decided as the trained network on `limit` of the samples or
        more, ``parts_at`` names the first layer whose rates and activations part. ``emulator`` says on which fraction
        of the samples simulator and emulator decided alike, and by how many spikes of a neuron in a sample they
        differed at most.
    """
    accuracy, agreement = decisions.judged(simulated.decision)
    parted = first_parted(layers)
    differences = (np.abs(a - b).max() for a, b in zip(simulated.counts, emulated.counts, strict=True))
    return {
        "schema": SCHEMA,
        "backend": backend,
        "versions": dict(versions),
        "network": network,
        "samples": len(decisions.label),
        "steps": steps,
        "rate": spiking.rate,
        "coding": spiking.coding.kind,
        "accuracy": {"network": decisions.judged(decisions.network)[0], "spiking": accuracy},
        "agreement": agreement,
        "limit": limit,
        "agrees": agreement >= limit,
        "emulator": {
            "accuracy": decisions.judged(emulated.decision)[0],
            "alike": float(np.mean(emulated.decision == simulated.decision)),
            "spikes_apart": int(max(differences)),
        },
        "parted_below": PARTED,
        "parts_at": None if parted is None else parted.name,
        "layers": [asdict(layer) | {"follows": [asdict(group) for group in layer.follows]} for layer in layers],
    }


class _Part(BaseModel):
    """A table of the document: nothing missing, nothing unknown, nothing converted, every number finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Accuracy(_Part):
    """Fractions of the samples."""

    network: float
    spiking: float


class _Emulator(_Part):
    """How far the simulator is from the emulator."""

    accuracy: float
    alike: float
    spikes_apart: int


class _Firing(_Part):
    """`neurosparse.spiking.parting.Firing`."""

    silent: float
    inactive: float
    saturated: float | None
    mean_rate: float
    spikes: float
    events: float


class _Group(_Part):
    """`neurosparse.spiking.parting.Group`."""

    activation: float
    low: float
    middle: float
    high: float


class _Layer(_Part):
    """`neurosparse.spiking.parting.LayerParting`."""

    name: str
    neurons: int
    correlation: float | None
    agreement: float
    firing: _Firing | None
    follows: list[_Group] = Field(min_length=1)


class _Simulation(_Part):
    """The whole document."""

    kind: Literal["neurosparse.simulation/1"] = Field(alias="schema")
    backend: str
    versions: dict[str, str]
    network: str
    samples: int
    steps: int
    rate: float
    coding: str
    accuracy: _Accuracy
    agreement: float
    limit: float
    agrees: bool
    emulator: _Emulator
    parted_below: float
    parts_at: str | None
    layers: list[_Layer] = Field(min_length=1)


def check_simulation(document: Any, path: Path) -> None:
    """Raise FileFault unless `document`, read from `path`, is a simulation in every key and kind of value."""
    try:
        _Simulation.model_validate(document)
    except ValidationError as faults:
        first = faults.errors()[0]
        raise FileFault(
            f"{path.name} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            where=str(path),
            help="simulate again, or remove it",
        ) from faults
