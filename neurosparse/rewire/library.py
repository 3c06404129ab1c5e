"""Rewiring rules by name, those of other packages included."""

from __future__ import annotations

from neurosparse.registry import Registry

rules = Registry(
    "rewiring rule",
    {
        "deepr": "neurosparse.rewire.deepr:DeepR",
        "dsr": "neurosparse.rewire.dsr:Dsr",
        "l1_shrinkage": "neurosparse.rewire.l1_shrinkage:L1Shrinkage",
        "pruning": "neurosparse.rewire.pruning:Pruning",
        "rigl": "neurosparse.rewire.rigl:RigL",
        "set": "neurosparse.rewire.set:Set",
        "soft_deepr": "neurosparse.rewire.soft_deepr:SoftDeepR",
        "static": "neurosparse.rewire.static:Static",
    },
    "neurosparse.rules",
)
