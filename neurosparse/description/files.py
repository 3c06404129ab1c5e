"""Networks from files: a description with its arrays beside it, a sparse matrix, or a list of edges."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import read_json, read_member, reading_zip, write_json, write_npz
from neurosparse.description.connectors import AllToAll, Connector, FixedProbability, FromList, OneToOne
from neurosparse.description.document import SCHEMA, PopulationEntry, ProjectionEntry, parse_document
from neurosparse.description.network import RECEPTORS, NetworkDescription, Population, Projection
from neurosparse.errors import BadInput, FileFault

_ARRAYS = ("src", "dst", "weight", "delay")
_RATE = re.compile(r"rate=([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\b")
_FORMS = "a network as .json with an .npz beside it, a scipy sparse matrix as .npz, or a list of edges as .csv"


def read_network(path: Path) -> NetworkDescription:
    """Return the network in a file.

    Parameters
    ----------
    path : Path
        - ``.json``: schema ``neurosparse.network/1``, lists of synapses in the npz of the same name beside it, under
          ``p{k}_src``, ``p{k}_dst`` (whole numbers), ``p{k}_weight`` and ``p{k}_delay`` (ms) for projection k. A
          document that holds such a network under the key ``network`` is read as well.
        - ``.npz``: a matrix that `scipy.sparse.save_npz` wrote; rows are sources, columns are targets, positive
          weights are excitatory and negative ones inhibitory.
        - ``.csv``: lines of source, target, weight and perhaps delay (ms); a first line of names is skipped.

    Raises
    ------
    BadInput
        The content makes no sense: every fault of a document at once, or the first entry of an array that is wrong.
    FileFault
        A file cannot be read or is damaged.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".json":
            return _read_document(path)
        case ".npz":
            return _read_matrix(path)
        case ".csv":
            return _read_edges(path)
    raise BadInput(f"{path.name or path} is no network that can be read here", where=str(path), help=f"give {_FORMS}")


def write_network(path: Path, network: NetworkDescription) -> None:
    """Write a network as ``.json`` with its arrays in the npz beside it, each whole or not at all."""
    populations, projections = [], []
    arrays: dict[str, np.ndarray] = {}
    for population in network.populations:
        entry: dict[str, Any] = {"name": population.name, "n": population.size, "model": population.model}
        told = {
            "record": list(population.records),
            "sampling": population.sampling,
            "max_neurons_per_core": population.neurons_per_core,
            "n_synapse_cores": population.synapse_cores,
            "rate": population.rate,
            "spikes_per_step": population.spikes_per_step,
        }
        populations.append(entry | {name: value for name, value in told.items() if value not in (None, [], 0)})
        if population.spikes_per_step == 0:
            populations[-1]["spikes_per_step"] = 0
    for k, projection in enumerate(network.projections):
        connector = projection.connector
        entry = {"pre": projection.pre, "post": projection.post, "receptor": projection.receptor}
        entry["connector"] = type(connector).__name__
        if isinstance(connector, FromList):
            entry["n_synapses"] = len(connector)
            columns = (connector.source, connector.target, connector.weight, connector.delay)
            arrays |= {f"p{k}_{name}": column for name, column in zip(_ARRAYS, columns, strict=True)}
        else:
            entry |= {"weight": connector.weight, "delay": connector.delay}
        if isinstance(connector, FixedProbability):
            entry["p"] = connector.p
        if projection.plasticity:
            entry["stdp"] = projection.plasticity
        projections.append(entry)
    document: dict[str, Any] = {"schema": SCHEMA, "timestep": network.timestep}
    if network.board_version is not None:
        document["board_version"] = network.board_version
    if arrays:
        write_npz(path.with_suffix(".npz"), arrays)
    write_json(path, {**document, "populations": populations, "projections": projections})


def _read_document(path: Path) -> NetworkDescription:
    """Return the network of a JSON document and the npz beside it."""
    document = read_json(path)
    if isinstance(document, dict) and isinstance(document.get("network"), dict):
        document = document["network"]
    entries = parse_document(document, str(path))
    lists = [k for k, entry in enumerate(entries.projections) if entry.connector == "FromList"]
    connectors = _read_lists(path.with_suffix(".npz"), entries.projections, lists) if lists else {}
    for k, entry in enumerate(entries.projections):
        if entry.connector != "FromList":
            connectors[k] = _rule(entry)
    projections = tuple(
        Projection(entry.pre, entry.post, entry.receptor, connectors[k], entry.stdp)
        for k, entry in enumerate(entries.projections)
    )
    try:
        return NetworkDescription(
            tuple(_population(entry) for entry in entries.populations),
            projections,
            entries.timestep,
            entries.board_version,
        )
    except BadInput as fault:
        fault.where = f"{path}: {fault.where}" if fault.where else str(path)
        raise


def _population(entry: PopulationEntry) -> Population:
    """Return a population from its entry."""
    told = _RATE.search(entry.spike_source or "")
    return Population(
        entry.name,
        entry.n,
        entry.model,
        tuple(entry.record),
        entry.sampling,
        entry.max_neurons_per_core,
        entry.n_synapse_cores,
        entry.rate if entry.rate is not None or not told else float(told.group(1)),
        entry.spikes_per_step,
    )


def _rule(entry: ProjectionEntry) -> Connector:
    """Return the connector of a projection that is not a list."""
    weight, delay = entry.weight or 0.0, entry.delay or 0.0
    if entry.connector == "FixedProbability":
        return FixedProbability(entry.p or 0.0, weight, delay)
    return AllToAll(weight, delay) if entry.connector == "AllToAll" else OneToOne(weight, delay)


def _read_lists(path: Path, entries: Sequence[ProjectionEntry], lists: Sequence[int]) -> dict[int, Connector]:
    """Return the lists of synapses of some projections from an npz."""
    connectors: dict[int, Connector] = {}
    with reading_zip(path, "the lists of synapses lie in an npz of the same name beside the document") as archive:
        for k in lists:
            keys = entries[k].npz_keys or [f"p{k}_{name}" for name in _ARRAYS]
            arrays = [_column(archive, path, key, whole=place < 2) for place, key in enumerate(keys)]
            connectors[k] = FromList(*arrays)
            stated = entries[k].n_synapses
            if stated is not None and stated != len(arrays[0]):
                raise BadInput(
                    f"projections[{k}] states another number of synapses than its list holds",
                    numbers={"stated": f"{stated:,}", "listed": f"{len(arrays[0]):,}"},
                    where=str(path),
                )
    return connectors


def _column(archive: zipfile.ZipFile, path: Path, key: str, *, whole: bool) -> np.ndarray:
    """Return one array of a list of synapses: int32 where `whole`, else the float it was stored as."""
    if f"{key}.npy" not in archive.namelist():
        raise BadInput(f"there is no array {key!r}", where=str(path))
    try:
        array = read_member(archive, f"{key}.npy")
    except ValueError as fault:
        raise BadInput(f"array {key!r} cannot be read: {fault}", where=str(path)) from fault
    return _numbers(array, key, str(path), whole=whole)


def _numbers(array: np.ndarray, name: str, where: str, *, whole: bool) -> np.ndarray:
    """Return an array as int32 (`whole`) or float, or raise BadInput where it holds anything else."""
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise BadInput(f"array {name!r} is {array.ndim}-dimensional {array.dtype}, not a row of numbers", where=where)
    if not whole:
        return array if array.dtype.kind == "f" else array.astype(np.float64)
    with np.errstate(invalid="ignore"):  # what is not a whole number is told below
        narrow = array.astype(np.int32, copy=False)
    if narrow.dtype != array.dtype and (different := narrow != array).any():
        entry = int(np.argmax(different))
        raise BadInput(f"{array[entry]} in entry {entry} of {name!r} is not a neuron's number", where=where)
    return narrow


def _read_matrix(path: Path) -> NetworkDescription:
    """Return the network of a sparse matrix as scipy saves it, its arrays checked before anything trusts them."""
    arrays = {}
    with reading_zip(path, f"give {_FORMS}") as archive:
        for name in {"format", "shape", "data", "row", "col", "indices", "indptr"} & {
            member.removesuffix(".npy") for member in archive.namelist()
        }:
            try:
                arrays[name] = read_member(archive, f"{name}.npy")
            except ValueError as fault:
                raise BadInput(f"array {name!r} cannot be read: {fault}", where=str(path)) from fault
    layout = arrays.pop("format", np.array(b"")).tobytes().rstrip(b"\0").decode("ascii", "replace")
    wanted = {"coo": ("row", "col"), "csr": ("indices", "indptr"), "csc": ("indices", "indptr")}.get(layout, ())
    if not wanted or not {"shape", "data", *wanted} <= set(arrays):
        what = f"{path.name} is not a sparse matrix as scipy saves it (csr, csc or coo)"
        raise BadInput(what, where=str(path), help=f"give {_FORMS}")
    shape = _numbers(arrays["shape"], "shape", str(path), whole=True)
    weight = _numbers(arrays["data"], "data", str(path), whole=False)
    first, second = (_numbers(arrays[name], name, str(path), whole=True) for name in wanted)
    if shape.size != 2 or min(shape) < 1:
        raise BadInput(f"a matrix of shape {shape.tolist()} has no neurons", where=str(path))
    if layout != "coo":
        lines = int(shape[0] if layout == "csr" else shape[1])
        first, second = _lines(second, first.size, lines, str(path)), first
    source, target = (second, first) if layout == "csc" else (first, second)
    if not source.size == target.size == weight.size:
        raise BadInput(
            "the arrays of the matrix differ in length",
            numbers={"rows": f"{source.size:,}", "columns": f"{target.size:,}", "weights": f"{weight.size:,}"},
            where=str(path),
        )
    return _pair(source, target, weight, np.ones(weight.size), (int(shape[0]), int(shape[1])), str(path))


def _lines(starts: np.ndarray, entries: int, lines: int, where: str) -> np.ndarray:
    """Return the row (or column) of each entry of a compressed matrix; raise BadInput where its starts are none."""
    if starts.size != lines + 1 or starts[0] != 0 or starts[-1] != entries or np.any(starts[1:] < starts[:-1]):
        raise BadInput(f"'indptr' does not divide {entries:,} entries into {lines:,} parts", where=where)
    return np.repeat(np.arange(lines, dtype=np.int32), np.diff(starts))


def _read_edges(path: Path) -> NetworkDescription:
    """Return the network of a list of edges: source, target, weight and perhaps delay, with commas."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            named = not any(_is_number(field) for field in file.readline().split(","))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty file is told below
            table = np.loadtxt(path, delimiter=",", skiprows=int(named), ndmin=2, encoding="utf-8-sig")
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    except (ValueError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path.name} is not a list of edges: {fault}", where=str(path)) from fault
    if table.shape[0] == 0 or table.shape[1] not in (3, 4):
        raise BadInput(
            f"{path.name} has {table.shape[0]} lines of {table.shape[1]} columns",
            where=str(path),
            help="each line: source, target, weight and perhaps delay (ms), with commas between",
        )
    source, target = (_numbers(table[:, k], name, str(path), whole=True) for k, name in enumerate(("source", "target")))
    delay = table[:, 3] if table.shape[1] == 4 else np.ones(len(table))
    shape = (max(1, int(source.max()) + 1), max(1, int(target.max()) + 1))
    return _pair(source, target, table[:, 2], delay, shape, str(path))


def _is_number(text: str) -> bool:
    """Say whether some text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _pair(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray, delay: np.ndarray, shape: Sequence[int], where: str
) -> NetworkDescription:
    """Return the network of one matrix between two populations, its synapses sorted as an export sorts them."""
    if min(shape) < 1:
        raise BadInput(f"a matrix of {shape[0]} x {shape[1]} has no neurons", where=where)
    order = np.lexsort((target, source))
    source, target, weight, delay = source[order], target[order], weight[order], delay[order]
    projections: list[Projection] = []
    inhibitory = weight < 0
    for receptor, chosen in zip(RECEPTORS, (~inhibitory, inhibitory), strict=True):
        if chosen.any() or (receptor == "excitatory" and not len(weight)):
            part = FromList(source[chosen], target[chosen], weight[chosen], delay[chosen])
            projections.append(Projection("pre", "post", receptor, part))
    populations = (Population("pre", int(shape[0]), "SpikeSourceArray"), Population("post", int(shape[1])))
    try:
        return NetworkDescription(populations, tuple(projections))
    except BadInput as fault:
        fault.where = where
        raise
