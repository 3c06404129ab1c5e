"""`neurosparse plan`: what every core would hold, and whether it fits."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from neurosparse.errors import BadInput, NeurosparseError, OverBudget
from neurosparse.hardware.library import load_profile
from neurosparse.hardware.profile import Profile
from neurosparse.units import parse_counts, parse_rates, parse_share

_LIMITS = ("neurons_per_core", "synapses_per_core", "max_row_length", "max_fan_in", "budget", "timesteps")
_OF_LAYERS = ("connectivity", "synapses", *_LIMITS[:-1])


@click.command()
@click.option("--profile", default="spinnaker", show_default=True, help="A machine by name, or a profile's TOML file.")
@click.option("--layers", help="All layers, input to output: 784,300,100,10, or 1x28x28,conv:16:5,10.")
@click.option("--connectivity", help="Connections as a fraction of all pairs of neurons: 1.33%; or one a projection.")
@click.option("--synapses", help="Connections as a number, instead, or one number a projection.")
@click.option("--neurons-per-core", type=int, help="Put no more neurons than this on a core.")
@click.option("--synapses-per-core", type=int, help="Put no more synapses than this on a core.")
@click.option("--max-row-length", help="Synapses of one sign from one source onto one core, at most; or 2,4 by layer.")
@click.option("--max-fan-in", help="Synapses of one neuron, at most; or one number a projection.")
@click.option("--budget", help='Memory of a core that synapses may take: "80%" or "64 KiB".')
@click.option(
    "--network", type=click.Path(path_type=Path), help="A network with its connections: .json, .npz (scipy) or .csv."
)
@click.option("--boards", type=int, help="With --network: boards there are.  [default: as many as it takes]")
@click.option(
    "--timesteps", type=int, default=1000, show_default=True, help="Steps for which spikes and recordings are booked."
)
@click.option("--what-if", is_flag=True, help="Say too what would fit otherwise: budgets, neurons a core, rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def command(profile: str, layers: str | None, network: Path | None, as_json: bool, **options: Any) -> None:
    """Say what every core would hold, and whether it fits.

    With --layers, for any connections within a budget: every core gets synapse slots that it is sure to hold. With
    --network, for connections as they are, equal to what the tool chain would book and write, byte for byte.

    Exits with 1 where it does not fit, after saying what would.
    """
    if (layers is None) == (network is None):
        raise click.UsageError("give either --layers, for a budget, or --network, for connections as they are")
    machine = load_profile(profile)
    try:
        if network is not None:
            for name in _OF_LAYERS:
                if options[name] is not None and name != "neurons_per_core":
                    raise click.UsageError(f"--{name.replace('_', '-')} goes with --layers, not with --network")
            _plan_network(network, machine, options, as_json)
        else:
            if options["boards"] is not None:
                raise click.UsageError("--boards goes with --network")
            _plan_layers(str(layers), machine, options, as_json)
    except NeurosparseError as fault:
        if as_json:
            click.echo(json.dumps(_refusal(fault), indent=2))
        raise


def _refusal(fault: NeurosparseError) -> dict[str, Any]:
    """Return what does not fit, or cannot be planned, as a document."""
    return {
        "schema": "neurosparse.refusal/1",
        "fits": False,
        "kind": fault.kind,
        "what": fault.what,
        "numbers": fault.numbers,
        "where": fault.where,
        "help": fault.help,
    }


def _plan_network(path: Path, profile: Profile, options: dict[str, Any], as_json: bool) -> None:
    """Plan a network with its connections."""
    from neurosparse.description.files import read_network
    from neurosparse.footprint.measure import measure
    from neurosparse.footprint.population import narrowed
    from neurosparse.footprint.whatif import what_if, widths_of
    from neurosparse.hardware.compressed_rows import RowsProfile
    from neurosparse.report.footprint import footprint_document
    from neurosparse.report.terminal_footprint import print_footprint, print_widths

    if not isinstance(profile, RowsProfile):
        raise BadInput(
            f"connections as they are cannot be planned on {profile.name}: its memory model is {profile.kind}",
            help="plan a budget on it (--layers), or take a machine of compressed rows: spinnaker, spinn3",
        )
    for name in ("boards", "timesteps", "neurons_per_core"):
        if options[name] is not None and options[name] < 1:
            raise BadInput(
                f"{options[name]} {name} make no sense", where=f"--{name.replace('_', '-')}", help="at least 1"
            )
    network = read_network(path)
    if options["neurons_per_core"] is not None:
        network = narrowed(network, profile, options["neurons_per_core"])
    boards, timesteps = options["boards"], options["timesteps"]
    try:
        footprint = measure(network, profile, boards=boards, timesteps=timesteps)
    except OverBudget:
        if options["what_if"] and not as_json:
            print_widths(widths_of(network, profile, boards, timesteps))
        raise
    otherwise = what_if(footprint, boards) if options["what_if"] else None
    if as_json:
        click.echo(json.dumps(footprint_document(footprint, otherwise), indent=2))
    else:
        print_footprint(footprint, otherwise)
    if footprint.overflowing is not None:
        raise click.exceptions.Exit(1)


def _plan_layers(layers: str, profile: Profile, options: dict[str, Any], as_json: bool) -> None:
    """Plan a budget for a chain of layers."""
    from neurosparse.architecture.architecture import planned
    from neurosparse.mapping.most import graph_within
    from neurosparse.mapping.otherwise import otherwise_of
    from neurosparse.mapping.plan import make_plan
    from neurosparse.report.terminal import print_otherwise, print_plan

    architecture = planned(layers)
    limits = {name: options[name] for name in _LIMITS}
    for name, parse in (("max_row_length", parse_counts), ("max_fan_in", parse_counts), ("budget", parse_share)):
        if limits[name] is not None:
            limits[name] = parse(limits[name])
    fraction = parse_rates(options["connectivity"]) if options["connectivity"] is not None else None
    synapses = parse_counts(options["synapses"]) if options["synapses"] is not None else None
    graph, limits = graph_within(architecture, profile, fraction, synapses, limits)
    plan = make_plan(graph, profile, **limits)
    otherwise = otherwise_of(plan) if options["what_if"] else None
    if as_json:
        extra = {"what_if": asdict(otherwise)} if otherwise is not None else {}
        click.echo(json.dumps({"fits": True, **plan.to_json(), **extra}, indent=2))
    else:
        print_plan(plan)
        if otherwise is not None:
            print_otherwise(otherwise)
