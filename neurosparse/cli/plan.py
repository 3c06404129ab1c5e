"""`neurosparse plan`: what every core would hold, and whether it fits."""

from __future__ import annotations

import json

import click

from neurosparse.errors import OverBudget
from neurosparse.graph import budget_of, feedforward, split_budget
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.plan import make_plan
from neurosparse.report.terminal import print_plan
from neurosparse.units import parse_fraction, parse_sizes


@click.command()
@click.option("--profile", default="spinnaker", show_default=True, help="A machine by name, or a profile's TOML file.")
@click.option("--layers", required=True, help="Neurons of all layers, input to output: 784,300,100,10.")
@click.option("--connectivity", help="Connections as a fraction of all pairs of neurons: 1.33%.")
@click.option("--synapses", type=int, help="Connections as a number, instead.")
@click.option("--neurons-per-core", type=int, help="Put no more neurons than this on a core.")
@click.option("--synapses-per-core", type=int, help="Put no more synapses than this on a core.")
@click.option(
    "--timesteps", type=int, default=1000, show_default=True, help="Steps for which spikes and recordings are booked."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def command(
    profile: str,
    layers: str,
    connectivity: str | None,
    synapses: int | None,
    neurons_per_core: int | None,
    synapses_per_core: int | None,
    timesteps: int,
    as_json: bool,
) -> None:
    """Say what every core would hold, and whether it fits.

    Exits with 1 where it does not fit, after saying what would.
    """
    sizes = parse_sizes(layers)
    machine = load_profile(profile)
    fraction = parse_fraction(connectivity) if connectivity is not None else None
    budget = budget_of(sizes, fraction, synapses)
    graph = feedforward(sizes, split_budget(sizes, budget))
    try:
        plan = make_plan(
            graph,
            machine,
            neurons_per_core=neurons_per_core,
            synapses_per_core=synapses_per_core,
            timesteps=timesteps,
        )
    except OverBudget as fault:
        if as_json:
            refusal = {"fits": False, "what": fault.what, "numbers": fault.numbers, "help": fault.help}
            click.echo(json.dumps(refusal, indent=2))
        raise
    if as_json:
        click.echo(json.dumps({"fits": True, **plan.to_json()}, indent=2))
    else:
        print_plan(plan)
