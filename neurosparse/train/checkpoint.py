"""Checkpoints: everything the next step depends on, in one file, whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import read_arrays, write_arrays
from neurosparse.errors import BrokenInvariant, FileFault
from neurosparse.nn.layered import AnyNetwork
from neurosparse.rewire.rule import Rule
from neurosparse.train.events import EpochEnd, ProjectionEnd
from neurosparse.train.trainer import Position

SCHEMA = "neurosparse.checkpoint/1"


def save(path: Path, network: AnyNetwork, rule: Rule, position: Position, fingerprint: str) -> None:
    """Write the state of a run to `path`.

    Parameters
    ----------
    fingerprint : str
        Names the configuration, plan and data that the state belongs to.
    """
    header = {"schema": SCHEMA, "fingerprint": fingerprint, "position": asdict(position)}
    write_arrays(path, header, _state(network, rule))


def restore(path: Path, network: AnyNetwork, rule: Rule | None, fingerprint: str, *, exact: bool) -> Position:
    """Put the state at `path` into `network` and `rule`, whose arrays stay where they are, and return the position.

    Parameters
    ----------
    exact : bool
        Whether the budget must be met exactly; otherwise there may be fewer connections.

    Raises
    ------
    FileFault
        The file is missing or damaged, belongs to another run, or breaks an invariant of the store.
    """
    header, arrays = read_arrays(path, SCHEMA)
    if header.get("fingerprint") != fingerprint:
        raise FileFault(
            f"{path.name} belongs to another configuration, plan or data set",
            numbers={"expected": fingerprint[:12], "found": str(header.get("fingerprint"))[:12]},
            where=str(path),
        )
    state = _state(network, rule)
    for name, array in state.items():
        found = arrays.get(name)
        if found is None or found.shape != array.shape or found.dtype != array.dtype:
            described = "missing" if found is None else f"{found.dtype} {found.shape}"
            raise FileFault(f"{path.name}: {name} is {described}, not {array.dtype} {array.shape}", where=str(path))
        array[...] = found
    try:
        told = dict(header["position"])
        told["history"] = tuple(_epoch(row) for row in told["history"])
        told["born"] = tuple(told.get("born", ()))
        position = Position(**told)
    except (KeyError, TypeError, ValueError) as fault:
        raise FileFault(f"{path.name} does not say where the run stands: {fault}", where=str(path)) from fault
    try:
        network.store.check(exact=exact)
    except BrokenInvariant as fault:
        raise FileFault(f"{path.name} breaks a promise of the store: {fault.what}", where=str(path)) from fault
    network.store.balance()
    return position


def _epoch(row: dict[str, Any]) -> EpochEnd:
    """Return the epoch that was told as plain values."""
    return EpochEnd(**{**row, "projections": tuple(ProjectionEnd(**p) for p in row.get("projections", ()))})


def _state(network: AnyNetwork, rule: Rule | None) -> dict[str, np.ndarray]:
    """Return the arrays that change in training, by name: the arrays themselves, not copies."""
    store = network.store
    state: dict[str, np.ndarray] = {
        "row_start": store.row_start,
        "target": store.target,
        "weight": store.weight,
        "velocity": store.velocity,
        "live": store.live,
    }
    state |= network.state()
    return state if rule is None else state | {f"rule_{name}": array for name, array in rule.state().items()}
