"""Proof from the files of a run that it kept every promise: budgets, rows, capacities and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.errors import CheckFailed, NeurosparseError
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.facts import facts
from neurosparse.report.occupancy import held, occupancies
from neurosparse.report.tables import memory_label, report_rows
from neurosparse.report.words import several
from neurosparse.run.folder import RunFolder, history_tables
from neurosparse.run.job import dataset_of, fingerprint_of, layout_of, most_of_weights
from neurosparse.run.networks import ends_of, network_of
from neurosparse.run.rules import SIGNS, keeps_budget
from neurosparse.run.samples import PosteriorSamples, samples_of
from neurosparse.settings import Settings
from neurosparse.spiking.grid import rounded
from neurosparse.store.store import SynapseStore
from neurosparse.train.checkpoint import restore


def check_run(path: Path) -> Iterator[str]:
    """Check the run at `path`, yielding a line for each thing proved.

    Raises
    ------
    CheckFailed
        A promise is broken; everything checked before it holds.
    FileFault
        A file is missing or damaged.
    """
    folder = RunFolder(path)
    config, plan = folder.config(), folder.plan()

    if make_plan(plan.graph, plan.profile, **asdict(plan.options)) != plan:
        raise CheckFailed("plan.json is not what its own profile and network come to", where=str(path))
    cores = several(len(plan.places), "core")
    yield f"plan: {cores} of {plan.profile.name}, every byte as the memory model computes it"

    history = folder.history() if (folder.path / "history.csv").exists() else []
    budget, exact = sum(p.synapses for p in plan.graph.projections), keeps_budget(config.settings)
    for row in history:
        outside = row["live"] != budget if exact else not 0 <= row["live"] <= budget
        if outside or row["budget"] != budget or row["steps_over_budget"]:
            raise CheckFailed(
                f"epoch {row['epoch']} was not inside the budget",
                numbers={
                    "live": f"{row['live']:,}",
                    "budget": f"{budget:,}",
                    "steps over": f"{row['steps_over_budget']:,}",
                },
                where="history.csv",
            )
    if history:
        least, most_live = (pick(row["live"] for row in history) for pick in (min, max))
        live = f"{most_live:,}" if least == most_live else f"{least:,} to {most_live:,}"
        epochs = several(len(history), "epoch")
        yield f"history: {epochs}, {live} live of {budget:,} after each, no step over the budget"
    else:
        yield "history: no epoch has ended yet"

    names = [p.name for p in plan.graph.projections]
    layout, most = layout_of(plan, config.settings.scope), most_of_weights(config.settings)
    store = SynapseStore(layout, momentum=config.settings.momentum > 0, most=most)
    network = network_of(config.settings, folder.architecture(), store)
    marks = folder.fingerprints()
    if plan.profile.fingerprint != marks["profile"]:
        raise CheckFailed("plan.json is for another profile than config.json names", where=str(path))
    if folder.checkpoint.exists():
        mark = fingerprint_of(config, marks["data"], marks["profile"])
        position = restore(folder.checkpoint, network, None, mark, exact=exact)
        parts = store.live.size
        yield f"checkpoint: {store.n_live:,} connections, rows sorted, none twice, {parts} parts within capacity"
        if config.settings.signs != "anew":
            yield _check_signs(store, config.settings, path)
        if [row.row() for row in position.history][: len(history)] != history:
            raise CheckFailed("history.csv is not the history of the checkpoint", where=str(path))
        _check_projections(folder, history_tables(position.history, names)["projections.csv"])
    if not folder.is_finished:
        yield "not finished: no trained network and no report to check"
        return

    trained = folder.trained()
    if folder.checkpoint.exists() and not _equal(trained, network.trained(ends_of(plan.graph))):
        raise CheckFailed("network.npz is not the network of the last checkpoint", where=str(path))
    if history and trained.synapses != history[-1]["live"]:
        raise CheckFailed(
            "history.csv tells another number of connections than network.npz has",
            numbers={"told": f"{history[-1]['live']:,}", "live": f"{trained.synapses:,}"},
            where=str(path),
        )
    yield f"network: {trained.synapses:,} connections, finite weights, the same as in the checkpoint"
    if most is not None:
        _check_grid(trained, most, path)
        yield f"weights: whole steps, at most {most:,} of either sign, one step for each projection"
    limits = list(_check_limits(plan, trained, path))
    if limits:
        yield f"limits: {'; '.join(limits)}"

    report = folder.report()
    named = (report["configuration"].get(name, {}).get("value") for name in ("data", "profile"))
    told = config.told(*named)
    try:
        counted = facts(plan, trained, told, history, report["accuracy"], report.get("averaged"))
    except NeurosparseError as fault:
        raise CheckFailed(f"report.json and network.npz do not belong together: {fault}", where=str(path)) from fault
    if "effective" not in report["synapses"]:  # a report from before it was counted
        counted["synapses"].pop("effective", None)
    if counted != report:
        differ = sorted(key for key in set(counted) | set(report) if counted.get(key) != report.get(key))
        raise CheckFailed(f"report.json does not say what the files say: {', '.join(differ)}", where=str(path))
    if not report["fits"]:
        raise CheckFailed(f"the network does not fit {plan.profile.name}", where=str(path))
    rows = report_rows(report)
    used, name = sum(row.main.used for row in rows), next(iter(rows[0].memories))
    held = f"{used:,} {rows[0].main.unit} of {memory_label(name)}"
    yield f"report: {cores}, {held} counted again from the rows, all fit"

    if not folder.checkpoint.exists():
        return
    try:
        data = dataset_of(config, marks["data"])
    except NeurosparseError:
        yield f"accuracy: not checked, the data {config.settings.data!r} are not here as they were"
        return
    for name, split in data.splits.items():
        accuracy = network.evaluate(split.x, split.y, data.scale, split.lengths)[1]
        if accuracy != report["accuracy"][name]:
            raise CheckFailed(
                f"the accuracy on the {name} split is not what report.json says",
                numbers={"measured": f"{accuracy:.4f}", "told": f"{report['accuracy'][name]}"},
                where=str(path),
            )
    yield "accuracy: measured again on every split, as the report tells it"
    samples = samples_of(folder, config.settings)
    if len(samples) or report.get("averaged"):
        yield _check_samples(samples, data, [row["live"] for row in history], report.get("averaged"))


def _check_projections(folder: RunFolder, expected: str) -> None:
    """Raise CheckFailed unless projections.csv is as expected, or its beginning where the run was cut off."""
    path = folder.path / "projections.csv"
    found = path.read_text(encoding="utf-8") if path.is_file() else ""
    if found != expected and (folder.is_finished or not expected.startswith(found)):
        raise CheckFailed("projections.csv is not the history of the checkpoint", where=str(path))


def _check_samples(samples: PosteriorSamples, data: Dataset, live: Sequence[int], told: Any) -> str:
    """Return what was proved of the samples of the posterior.

    Parameters
    ----------
    samples : PosteriorSamples
    data : Dataset
    live : sequence of int
        Connections after each epoch.
    told : mapping or None
        What the report says of their mean prediction.

    Raises
    ------
    CheckFailed
        A sample has another number of connections than its epoch had, or together they decide otherwise.
    """
    for epoch, network in samples.networks():
        if network.synapses != live[epoch - 1]:
            raise CheckFailed(
                f"the sample of epoch {epoch} has another number of connections than the epoch",
                numbers={"epoch": f"{live[epoch - 1]:,}", "sample": f"{network.synapses:,}"},
                where="samples",
            )
    measured = samples.averaged(data)
    if measured != told:
        numbers = {
            f"{name} {split}": f"{values[split]:.4f}"
            for name, values in (("measured", measured or {}), ("told", told or {}))
            for split in ("validation", "test")
            if split in values
        }
        raise CheckFailed(
            "the mean prediction of the posterior samples is not what report.json says",
            numbers=numbers or {"samples": "none"},
            where="samples",
        )
    return f"samples: the mean prediction of {len(samples)} measured again, as the report tells it"


def _check_limits(plan: Plan, network: TrainedNetwork, path: Path) -> Iterator[str]:
    """Yield, for each limited projection, what was proved of its rows and fan-ins.

    Raises
    ------
    CheckFailed
        A row or a fan-in is longer than the plan allows.
    """
    found_in = occupancies(plan, held(plan, network))
    for p in network.projections:
        rows = found_in[p.name].longest
        fan_in = int(np.bincount(p.weight.indices, minlength=1).max())
        limits = (("row", rows, plan.max_row_length(p.name)), ("fan-in", fan_in, plan.max_fan_in(p.name)))
        for noun, found, limit in limits:
            if limit is None:
                continue
            if found > limit:
                raise CheckFailed(
                    f"projection {p.name!r} has a {noun} beyond its limit",
                    numbers={"longest": f"{found:,}", "limit": f"{limit:,}", "too much": f"{found - limit:,}"},
                    where=str(path),
                )
            yield f"{p.name} {noun} {found:,} of {limit:,}"


def _check_signs(store: SynapseStore, settings: Settings, path: Path) -> str:
    """Return what was proved of signs that are for all time.

    Raises
    ------
    CheckFailed
        A connection has another sign than its pair or its source.
    """
    if wrong := store.other_signs(settings.seed, SIGNS[settings.signs]):
        raise CheckFailed(
            f"connections have another sign than --signs {settings.signs} gives them",
            numbers={"such connections": f"{wrong:,}", "of": f"{store.n_live:,}"},
            where=str(path / "checkpoint.npz"),
        )
    return f"signs: one for each {'source' if settings.signs == 'dale' else 'pair'}, for all time"


def _check_grid(network: TrainedNetwork, most: int, path: Path) -> None:
    """Raise CheckFailed unless every weight is a whole number of its projection's steps."""
    for p, grid in zip(network.projections, rounded(network, most).projections, strict=True):
        if wrong := int(np.count_nonzero(p.weight.data != grid.weight.data)):
            raise CheckFailed(
                f"projection {p.name!r} has weights that are no whole steps",
                numbers={"such weights": f"{wrong:,}", "of": f"{p.weight.nnz:,}"},
                where=str(path),
            )


def _equal(a: TrainedNetwork, b: TrainedNetwork) -> bool:
    """Return whether two networks have the same names, rows, weights, biases and activations, bit for bit."""
    return len(a.projections) == len(b.projections) and all(
        (p.name, p.pre, p.post) == (q.name, q.pre, q.post)
        and a.activation(k) == b.activation(k)
        and all(
            np.array_equal(x, y)
            for x, y in (
                (p.weight.indptr, q.weight.indptr),
                (p.weight.indices, q.weight.indices),
                (p.weight.data, q.weight.data),
                (p.bias, q.bias),
            )
        )
        for k, (p, q) in enumerate(zip(a.projections, b.projections, strict=True))
    )
