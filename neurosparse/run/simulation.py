"""A trained network on held-out data in a real simulator: exported, run, and compared layer by layer."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import read_arrays, read_json, read_member, reading_zip, write_json
from neurosparse.errors import BadInput, Unavailable
from neurosparse.export.exporter import exporters
from neurosparse.export.folder import MANIFEST, check_target, whole_folder
from neurosparse.export.script import ARRAYS, SCRIPT
from neurosparse.nn.unrolled import unrolled
from neurosparse.report.simulation import Decisions, simulation_facts
from neurosparse.run.backends import Backend
from neurosparse.run.folder import RunFolder
from neurosparse.run.job import dataset_of
from neurosparse.run.watched import Ended, run_watched
from neurosparse.spiking.coding import Coding
from neurosparse.spiking.convert import convert
from neurosparse.spiking.emulate import Outcome, emulate
from neurosparse.spiking.native import spikes_in_training
from neurosparse.spiking.parting import parting
from neurosparse.spiking.twin import Conversion

SEEN = "seen.npz"
"""What the simulator recorded: potentials, decisions and spike counts, as the script writes them."""

_LAST_WORDS = 6


def simulate(
    folder: RunFolder,
    backend: Backend,
    *,
    samples: int = 100,
    steps: int | None = None,
    limit: float = 0.9,
    say: Callable[[str], None] = lambda line: None,
    show: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Export the network of a run, run the export in a simulator, and write and return what came of it.

    ``RUN/simulation/BACKEND`` holds what ran and what it recorded, ``RUN/simulation/BACKEND.json`` the document; each
    appears whole or not at all, in place of what an earlier simulation left.

    Parameters
    ----------
    folder : RunFolder
    backend : Backend
        From `neurosparse.run.backends.backend_called`.
    samples : int
        Of the test split, the same ones that an export holds.
    steps : int, optional
        Time steps that each is shown for; chosen as `neurosparse export` does where not given.
    limit : float
        The least agreement that passes.
    say : callable
        Takes a line at the beginning of each stage.
    show : callable, optional
        Takes what the simulator says while it runs.

    Returns
    -------
    dict
        Schema ``neurosparse.simulation/1``.

    Raises
    ------
    BadInput
        A number has no meaning, the data are not those of the run, the exporter cannot express a layer, or something
        else stands where the result is to go.
    Unavailable
        The simulator failed.
    FileFault
        The run has no trained network, or the result cannot be written.
    """
    if spikes_in_training(folder.architecture()):
        raise BadInput(
            "the neurons of this network spike in training: there is no conversion whose rates to compare",
            help=f"its exports check every spike: neurosparse export {shlex.quote(str(folder.path))} brian2",
        )
    asked = Conversion(steps=steps)
    trained, exporter = unrolled(folder.trained()), exporters.load(backend.exporter)()
    dataset = dataset_of(folder.config(), folder.fingerprints()["data"])
    place = folder.path / "simulation" / backend.name
    own = (SCRIPT, ARRAYS, MANIFEST, SEEN)
    check_target(place, own, overwrite=True)
    facts = place.with_name(f"{backend.name}.json")
    if facts.exists() and not facts.is_file():
        raise BadInput(f"{facts.name} is not a file", where=str(facts), help="move it away")
    say(f"exporting for {backend.name}, and choosing by emulation how fast to fire")
    with whole_folder(place, own, overwrite=True) as new:
        export = exporter.export(trained, dataset, new, overwrite=True, samples=samples, asked=asked)
        say(f"{backend.name}: {samples} samples, {export.steps} steps each")
        simulated = _run(backend, new, show)
        manifest = read_json(new / MANIFEST)
        shown = read_arrays(new / ARRAYS, exporter.schema)[1]
        scales = [layer["activation_scale"] for layer in manifest["layers"][1:]]
        coding = Coding(manifest["input"]["coding"], manifest["input"]["seed"])
        spiking = convert(trained, scales, export.rate, export.cell, coding)
        document = simulation_facts(
            backend.name,
            backend.versions(),
            folder.network_digest(),
            spiking,
            export.steps,
            Decisions(shown["label"], shown["decision"]),
            simulated,
            emulate(spiking, shown["sample"], export.steps),
            parting(trained, spiking, shown["sample"], simulated, export.steps),
            limit,
        )
    write_json(facts, document)
    return document


def _run(backend: Backend, export: Path, show: Callable[[str], None] | None) -> Outcome:
    """Run the script of an export, which records beside itself, and return what it recorded.

    Raises
    ------
    Unavailable
        It failed, or recorded what is no result.
    """
    record = export.resolve() / SEEN
    command = [sys.executable, str(record.with_name(SCRIPT)), *backend.flags, "--record", str(record)]
    with tempfile.TemporaryDirectory() as cwd:  # simulators leave files where they are started
        ended = run_watched(command, Path(cwd), show)
    if ended.code not in (0, 1) or not record.exists():  # 1: it decides otherwise than the network, which is a result
        raise _failed(backend, ended)
    with reading_zip(record, "simulate again") as archive:
        counts = [name for name in archive.namelist() if name.startswith("counts")]
        potential = read_member(archive, "potential.npy")
        outcome = Outcome(potential, tuple(read_member(archive, f"counts{k}.npy") for k in range(len(counts))))
    if not np.isfinite(potential).all():
        raise Unavailable(f"{backend.name} ended with membrane potentials that are not finite")
    return outcome


def _failed(backend: Backend, ended: Ended) -> Unavailable:
    """Return the error for a simulator that has no result."""
    words = "".join(f"\n    {line}" for line in ended.words[-_LAST_WORDS:])
    return Unavailable(
        f"{backend.name} failed ({ended.how})" + (f"; its last words:{words}" if words else ""),
        help="a killed process often ran out of memory: show fewer --samples" if ended.code < 0 else None,
    )
