"""`neurosparse export`: hand a network over, trained here or described in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurosparse.errors import BadInput
from neurosparse.units import format_bytes, parse_fraction, parse_steps

_OF_RUNS = ("samples", "allowed_loss", "coding", "weight_bits", "compacting")
_OF_NETWORKS = ("input_rate",)
_OF_CONVERSION = ("steps", "allowed_loss", "coding", "coding_seed", "weight_bits", "compacting")


@click.command()
@click.argument("places", nargs=-1, metavar="[RUN] TARGET")
@click.option(
    "--network", type=click.Path(path_type=Path), help="In place of RUN, a network: .json, .npz (scipy) or .csv."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to make.  [default: RUN/export/TARGET, or FILE-TARGET]"
)
@click.option("--samples", type=int, default=100, show_default=True, help="Held-out samples to check itself with.")
@click.option(
    "--steps",
    default="auto",
    show_default=True,
    help="Time steps a sample; auto: the fewest that lose little. With --network: of a run; auto: 1,000.",
)
@click.option(
    "--allowed-loss", default="0.1%", show_default=True, help="Samples that auto may let be decided otherwise."
)
@click.option("--coding", help="How inputs come in: current, regular or poisson.  [default: what suits TARGET]")
@click.option(
    "--coding-seed", "--seed", "coding_seed", type=int, default=0, show_default=True, help="Seed of random spikes."
)
@click.option("--weight-bits", type=int, help="Round weights to so many bits, with their sign.")
@click.option("--compact", "compacting", is_flag=True, help="Leave out neurons that reach no output.")
@click.option(
    "--input-rate", type=float, default=10.0, show_default=True,
    help="With --network: Hz of each neuron of a SpikeSourceArray, whose spikes no file says.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace an export that is there.")
@click.pass_context
def command(
    ctx: click.Context, places: tuple[str, ...], network: Path | None, out: Path | None, overwrite: bool, **options: Any
) -> None:
    """Hand the trained network of RUN, or one with its connections from a file (--network), over to TARGET.

    \b
    pynn    a script for NEST, NEURON, Brian2 and SpiNNaker
    brian2  a script for Brian2 alone, with equations of its own; of a RUN with soft reset
    csv     connection lists for PyNN's FromFileConnector, and files of cells
    nir     of a RUN: a NIR graph with hard reset and dense weights, and held-out
            samples; needs neurosparse[nir]
    image   of a RUN: the bytes of each core's synaptic matrix and population table
            as the tool chain of SpiNNaker writes them, and the network as
            `neurosparse plan --network` reads it

    What is written of a RUN is its spiking twin, in a folder with a manifest that says what is what. Scripts come with
    their arrays, stand alone, and check themselves wherever they run: of a RUN, by deciding held-out samples as
    expected; of a file, by counting their synapses in the simulator.

    A RUN whose neurons spike in training needs no twin: it is written as it is, for pynn (NEST, NEURON, SpiNNaker),
    brian2 and nir, and scripts check themselves spike for spike. --steps, --allowed-loss, --coding, --weight-bits and
    --compact do not go with it.
    """
    if len(places) != (1 if network is not None else 2):
        raise click.UsageError("give RUN and TARGET, or --network FILE and TARGET")
    for name in _given(ctx, _OF_NETWORKS if network is None else _OF_RUNS):
        where = "--network" if network is None else "RUN, not with --network"
        raise click.UsageError(f"{name} goes with {where}")
    if network is not None:
        _export_network(network, places[0], out, overwrite, options)
    else:
        _export_run(Path(places[0]), places[1], out, overwrite, options, _given(ctx, _OF_CONVERSION))


def _given(ctx: click.Context, names: tuple[str, ...]) -> list[str]:
    """Return those of some options that were given, as they are written."""
    given = [name for name in names if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
    return ["--compact" if name == "compacting" else f"--{name.replace('_', '-')}" for name in given]


def _export_network(file: Path, target: str, out: Path | None, overwrite: bool, options: dict[str, Any]) -> None:
    """Export a network that a file describes."""
    from neurosparse.description.files import read_network
    from neurosparse.export.described.exporter import described_exporters
    from neurosparse.export.described.values import Asked

    exporter = described_exporters.load(target)()
    steps = parse_steps(options["steps"])
    asked = Asked(Asked.steps if steps is None else steps, options["coding_seed"], options["input_rate"])
    folder = out or file.parent / f"{file.stem}-{target}"
    if file.resolve().is_relative_to(folder.resolve()):
        raise BadInput(
            "the export would take the place of the network that it reads", where=str(folder), help="name another --out"
        )
    summary = exporter.export(read_network(file), folder, overwrite=overwrite, asked=asked)
    _print(summary)


def _export_run(
    run: Path, target: str, out: Path | None, overwrite: bool, options: dict[str, Any], of_conversion: list[str]
) -> None:
    """Export the trained network of a run; `of_conversion` are options given that only a conversion has."""
    from neurosparse.export.exporter import exporters
    from neurosparse.nn.compact import compact
    from neurosparse.nn.unrolled import unrolled
    from neurosparse.run.folder import RunFolder
    from neurosparse.run.job import dataset_of
    from neurosparse.spiking.native import spikes_in_training
    from neurosparse.spiking.twin import Conversion

    if spikes_in_training(RunFolder(run).architecture()):
        _export_native(RunFolder(run), target, out, overwrite, options["samples"], of_conversion)
        return
    exporter = exporters.load(target)()
    asked = Conversion(
        steps=parse_steps(options["steps"]), allowed_loss=parse_fraction(options["allowed_loss"]),
        coding=options["coding"], seed=options["coding_seed"], weight_bits=options["weight_bits"],
    )  # fmt: skip
    folder = RunFolder(run)
    trained, plan = unrolled(folder.trained()), folder.plan()
    widths = {p.name: plan.width(p.name) for p in plan.graph.populations if plan.width(p.name)}
    compacted = compact(trained, widths) if options["compacting"] else None
    summary = exporter.export(
        trained, dataset_of(folder.config(), folder.fingerprints()["data"]), out or run / "export" / target,
        plan=plan, overwrite=overwrite, samples=options["samples"], asked=asked, compacted=compacted,
    )  # fmt: skip
    if compacted is not None:
        kept = ", ".join(
            f"{name} {neurons.size:,} of {whole:,}"
            for (name, neurons), whole in zip(compacted.kept.items(), trained.sizes, strict=True)
        )
        click.echo(f"neurons kept: {kept}")
    _print(summary)


def _export_native(
    folder: Any, target: str, out: Path | None, overwrite: bool, samples: int, of_conversion: list[str]
) -> None:
    """Export a network whose neurons spike in training."""
    from neurosparse.export.native.exporter import native_exporters
    from neurosparse.run.job import dataset_of

    if of_conversion:
        raise BadInput(
            f"{' and '.join(of_conversion)} would change a network whose neurons spike in training: it is handed over"
            " as it is",
            help="leave it out",
        )
    exporter = native_exporters.load(target)()
    dataset = dataset_of(folder.config(), folder.fingerprints()["data"])
    place = out or folder.path / "export" / target
    _print(exporter.export(folder.trained(), dataset, place, overwrite=overwrite, samples=samples))


def _print(summary: Any) -> None:
    """Print what was written and what the user should know."""
    for name, size in summary.files.items():
        click.echo(f"{summary.folder / name}  {format_bytes(size)}")
    for line in summary.told:
        click.echo(line)
