"""`neurosparse export`: hand a trained network over."""

from __future__ import annotations

from pathlib import Path

import click

from neurosparse.units import format_bytes, parse_fraction, parse_steps


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make.  [default: RUN/export/TARGET]")
@click.option("--samples", type=int, default=100, show_default=True, help="Held-out samples to check itself with.")
@click.option(
    "--steps", default="auto", show_default=True, help="Time steps a sample; auto: the fewest that lose little."
)
@click.option(
    "--allowed-loss", default="0.1%", show_default=True, help="Samples that auto may let be decided otherwise."
)
@click.option("--coding", help="How inputs come in: current, regular or poisson.  [default: what suits TARGET]")
@click.option("--coding-seed", type=int, default=0, show_default=True, help="Seed of poisson spikes.")
@click.option("--weight-bits", type=int, help="Round weights to so many bits, with their sign.")
@click.option("--compact", "compacting", is_flag=True, help="Leave out neurons that reach no output.")
@click.option("--overwrite", is_flag=True, help="Replace an export that is there.")
def command(
    run: Path,
    target: str,
    out: Path | None,
    samples: int,
    steps: str,
    allowed_loss: str,
    coding: str | None,
    coding_seed: int,
    weight_bits: int | None,
    compacting: bool,
    overwrite: bool,
) -> None:
    """Hand the trained network of RUN over to TARGET.

    What is written is its spiking twin, in a folder with a manifest that says what is what. TARGET is one of these:

    \b
    pynn    a script for NEST, NEURON, Brian2 and sPyNNaker that checks itself on
            held-out samples
    brian2  a native Brian2 script with soft reset that checks itself likewise
    csv     connection lists for PyNN's FromFileConnector, and files of cells
    nir     a NIR graph with hard reset and dense weights, and held-out samples;
            needs neurosparse[nir]
    image   the bytes of each core's synaptic matrix and population table as the
            tool chain of SpiNNaker writes them, and the network as `neurosparse
            plan --network` reads it; no samples
    """
    from neurosparse.export.exporter import exporters
    from neurosparse.nn.compact import compact
    from neurosparse.run.folder import RunFolder
    from neurosparse.run.job import dataset_of
    from neurosparse.spiking.twin import Conversion

    exporter = exporters.load(target)()
    asked = Conversion(
        steps=parse_steps(steps), allowed_loss=parse_fraction(allowed_loss), coding=coding, seed=coding_seed,
        weight_bits=weight_bits,
    )  # fmt: skip
    folder = RunFolder(run)
    trained, plan = folder.trained(), folder.plan()
    widths = {p.name: plan.width(p.name) for p in plan.graph.populations if plan.width(p.name)}
    compacted = compact(trained, widths) if compacting else None
    summary = exporter.export(
        trained, dataset_of(folder.config(), folder.fingerprints()["data"]), out or run / "export" / target,
        plan=plan, overwrite=overwrite, samples=samples, asked=asked, compacted=compacted,
    )  # fmt: skip
    if compacted is not None:
        kept = ", ".join(
            f"{name} {neurons.size:,} of {whole:,}"
            for (name, neurons), whole in zip(compacted.kept.items(), trained.sizes, strict=True)
        )
        click.echo(f"neurons kept: {kept}")
    for name, size in summary.files.items():
        click.echo(f"{summary.folder / name}  {format_bytes(size)}")
    for line in summary.told:
        click.echo(line)
