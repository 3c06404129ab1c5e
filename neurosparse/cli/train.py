"""`neurosparse train`: from flags and a file to a run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from neurosparse.architecture.layers import KINDS
from neurosparse.architecture.words import usage
from neurosparse.config import configure
from neurosparse.settings import Settings


def _settings_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add one flag for each setting; values are judged together by `configure`, so that all faults show at once."""
    for name, field in reversed(Settings.model_fields.items()):
        default = "" if field.default is None else f"  [default: {_shown(field.default)}]"
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            metavar=_metavar(field.annotation),
            help=f"{field.description}{default}",
        )
        function = option(function)
    return function


def _metavar(kind: Any) -> str:
    """Return what stands for a value in the help: the choices where there are some."""
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    return {int: "N", float: "X", str: "NAME"}.get(kind, "VALUE")


def _shown(value: Any) -> str:
    """Return a default as one would type it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


_MEANINGS = """\b
Of words with a bar between, the first is the default. padding=same keeps the
size of an image, valid leaves its edge without; norm normalises the sums of the
layer before it over the batch; pad, crop, mirror and centre are for images:
zeros around, a part (random while learning), left and right exchanged half of
the time, and a number less. last, mean and max read a sequence over its steps.
lif learns through time or by e-prop (learning=eprop). A connection of lif takes
1 to delays steps from its own neurons, and 0 to input_delays - 1 more from the
layer before; each delay is a place of its own that a connection may move to.
Pooling strides as far as its window with stride=0. checkpoint_every keeps the
states of so many steps alone, 0 those of all; clip is the largest norm of the
gradient of weights and biases, of each direction of bilstm, 0 for any. A step of
lif is 1 ms: tau_mem, tau_syn, tau_adapt and refractory are in ms (tau_syn=0:
spikes move the potential at once), weights and beta in thresholds, rate in Hz;
adaptive is how many of the neurons, the last ones, adapt; rate_cost times the
mean squared distance from rate, in (spikes/ms)^2, joins the loss. tau of leaky is
in steps."""


def _layers() -> str:
    """Return how every layer is written, for the end of the help."""
    written = "\n".join(f"  {usage(kind)}" for kind in KINDS.values())
    return f"\b\nLayers, what is in brackets with its default:\n{written}\n\n{_MEANINGS}"


@click.command(epilog=_layers())
@_settings_options
@click.option("--config", "file", type=click.Path(path_type=Path), help="TOML file with settings; flags win over it.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder to make.  [default: runs/DATA-N]")
@click.option("--overwrite", is_flag=True, help="Replace the run folder if it is there.")
@click.option("--resume", "resumed", type=click.Path(path_type=Path), help="Go on with this run folder.")
def command(file: Path | None, out: Path | None, overwrite: bool, resumed: Path | None, **flags: Any) -> None:
    """Train a network inside the budget of a machine.

    Trains with DEEP R or another --rule inside the synapse slots that the plan gives every core, and leaves a run
    folder with configuration, plan, history, checkpoint, trained network and report. Ctrl-C finishes the step, writes
    the checkpoint and leaves with exit code 130; --resume goes on bit for bit.
    """
    if resumed is not None and (out is not None or overwrite or file is not None):
        raise click.UsageError("--resume goes on with a folder as it is: leave out --out, --overwrite and --config")

    from rich.console import Console

    from neurosparse.cli.interrupt import asked_to_stop
    from neurosparse.cli.progress import ProgressLine
    from neurosparse.report.terminal import print_report
    from neurosparse.report.words import several
    from neurosparse.run import training
    from neurosparse.run.folder import next_free

    talk = Console(stderr=True, markup=False, emoji=False)
    with asked_to_stop() as stop:
        if resumed is not None:
            run = training.resume(resumed, flags)
        else:
            config = configure(flags, file)
            name = Path(config.settings.data).stem if Path(config.settings.data).exists() else config.settings.data
            run = training.start(config, out or next_free(Path("runs"), name), overwrite=overwrite)
        job, trainer, path = run.job, run.trainer, run.folder.path
        budget = sum(p.synapses for p in job.graph.projections)
        talk.print(
            f"{job.architecture} on {job.data.name}: {budget:,} connections,"
            f" {several(len(job.plan.places), 'core')} of {job.profile.name}, into {path}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        with ProgressLine(talk, job.config.settings.epochs, trainer.steps) as line:
            for event in run.events(stop):
                line.show(event)
    if not run.folder.is_finished:
        again = run.folder.resume_command
        click.echo(f"stopped after step {trainer.position.step:,}; go on with: {again}", err=True)
        raise click.exceptions.Exit(130)
    print_report(run.folder.report())
    for name in run.silent:
        talk.print(
            f"warning: the neurons of {name} never fire: larger first weights (--gain), or a cost on their rate"
            " (rate_cost of the layer), may wake them",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
