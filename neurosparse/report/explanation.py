"""Why a trained network takes the memory it takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neurosparse.footprint.explain import explain
from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.footprint.values import Footprint
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping.layout import Plan
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.footprint import notes


def explanation(plan: Plan, network: TrainedNetwork) -> dict[str, Any] | None:
    """Return the reasons as plain values, or None for a machine without rows.

    Returns
    -------
    dict
        ``projections`` as `neurosparse.footprint.explain.Cause` (weights in the unit of the trained network) and
        ``notes`` in words.
    """
    if not isinstance(plan.profile, RowsProfile):
        return None
    whole = _measured(plan, network)
    causes = explain(whole)
    return {"projections": [asdict(cause) for cause in causes], "notes": list(notes(whole, causes))}


def _measured(plan: Plan, network: TrainedNetwork) -> Footprint:
    """Return what a network takes, laid out as the plan says."""
    assert isinstance(plan.profile, RowsProfile)
    description = described(
        plan.graph, [p.weight for p in network.projections], neurons_per_core=plan.options.neurons_per_core
    )
    return measure(description, plan.profile, timesteps=plan.options.timesteps)
