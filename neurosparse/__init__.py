"""neurosparse: ultra-sparse networks trained inside the memory of neuromorphic hardware.

Every name below loads when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from neurosparse.config import configure as configure
    from neurosparse.data.library import load_dataset as load_dataset
    from neurosparse.export.exporter import exporters as exporters
    from neurosparse.graph import Graph as Graph
    from neurosparse.graph import feedforward as feedforward
    from neurosparse.hardware.library import load_profile as load_profile
    from neurosparse.mapping.plan import make_plan as make_plan
    from neurosparse.nn.trained import TrainedNetwork as TrainedNetwork
    from neurosparse.run.check import check_run as check_run
    from neurosparse.run.folder import RunFolder as RunFolder
    from neurosparse.run.training import resume as resume
    from neurosparse.run.training import start as start
    from neurosparse.shares import split_budget as split_budget

_FACE = {
    "configure": "neurosparse.config",
    "load_dataset": "neurosparse.data.library",
    "exporters": "neurosparse.export.exporter",
    "Graph": "neurosparse.graph",
    "feedforward": "neurosparse.graph",
    "split_budget": "neurosparse.shares",
    "load_profile": "neurosparse.hardware.library",
    "make_plan": "neurosparse.mapping.plan",
    "TrainedNetwork": "neurosparse.nn.trained",
    "check_run": "neurosparse.run.check",
    "RunFolder": "neurosparse.run.folder",
    "resume": "neurosparse.run.training",
    "start": "neurosparse.run.training",
}

__all__ = list(_FACE)


def __getattr__(name: str) -> Any:
    """Load a name of the face on first use (PEP 562)."""
    if name not in _FACE:
        raise AttributeError(f"module 'neurosparse' has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    """Return the names of the face."""
    return [*__all__, "__version__"]
