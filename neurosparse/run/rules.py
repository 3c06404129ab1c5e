"""From a configuration to the rewiring rule of a run: its defaults, what it does not use, and the rule itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.images import AveragePool, Conv, Norm
from neurosparse.architecture.layer import Dense, layer_text
from neurosparse.config import Config
from neurosparse.each import one_each
from neurosparse.errors import BadInput
from neurosparse.kernels.rewire import ANEW, DALE, FIXED
from neurosparse.rewire.library import rules
from neurosparse.rewire.rule import Options, Rule
from neurosparse.settings import Settings
from neurosparse.store.store import SynapseStore

SIGNS = {"anew": ANEW, "fixed": FIXED, "dale": DALE}

#: The settings that are for rules: each rule says which of them it uses.
FOR_RULES = (
    "scope", "alpha", "alpha_schedule", "tau", "births", "newborn", "signs", "rewire_until", "audition_steps",
    "candidates", "head_start", "drop_fraction", "rewire_every", "final_connectivity",
    "theta_min", "preconditioner",
)  # fmt: skip


def with_defaults(config: Config, architecture: Architecture) -> Config:
    """Return the configuration of a new run, in which what nobody named is what the rule says for such a network.

    Births keep to live paths in chains of fully connectable layers alone: elsewhere they are drawn anywhere.

    Raises
    ------
    BadInput
        There is no such rule.
    """
    births = {} if architecture.is_chain else {"births": "anywhere"}
    return config.defaulted(births | dict(_class_of(config.settings).defaults))


def refuse_unfit(settings: Settings, architecture: Architecture) -> None:
    """Raise BadInput where a setting makes no sense with the layers of the network.

    Live paths, and what is made of a trained network by itself, are known for chains of fully connectable layers; a
    shared weight has no pair of neurons whose activities would say what gradient a dormant one has. Signs of sources
    are drawn for rows of weights, of which recurrent neurons, those of images, and inputs of several windows have more.
    """
    if architecture.is_chain:
        return
    convolves = any(isinstance(layer, Conv) for layer in architecture.layers)
    for name, asked, instead in (
        (f"births {settings.births}", settings.rule == "deepr" and settings.births != "anywhere", "--births anywhere"),
        ("the rule rigl", settings.rule == "rigl" and convolves, "--rule deepr"),
        ("posterior_samples", settings.posterior_samples > 0, "--posterior-samples 0"),
    ):
        if asked:
            raise BadInput(
                f"{name} goes with fully connected layers alone, not with {architecture}", help=f"use {instead}"
            )
    forgetful = [layer_text(layer) for layer in architecture.layers if getattr(layer, "checkpoint_every", 0)]
    if settings.rule == "rigl" and forgetful:
        raise BadInput(
            f"the rule rigl hears gradients of all steps, and {forgetful[0]} keeps those of none",
            help="leave checkpoint_every out, or use --rule deepr",
        )
    several_rows = (
        any(m.positions > 1 or m.recurrent or m.delays > 1 for m in architecture.matrices),
        any(isinstance(layer, AveragePool) and 0 < layer.stride < layer.size for layer in architecture.layers),
    )
    if settings.signs == "dale" and any(several_rows):
        raise BadInput(
            f"signs dale gives every row of weights a sign, and a neuron of {architecture} has several rows",
            help="use --signs anew or --signs fixed",
        )
    for layer, signal in zip(architecture.layers, architecture.signals, strict=False):
        if isinstance(layer, Norm) and settings.batch * math.prod(signal.shape[1:]) == 1:
            raise BadInput(
                "the layer norm normalises over a batch of one number, of which nothing is left",
                numbers={"batch": "1"},
                help="--batch 2 at least",
            )
    if settings.activation == "qcfs" and not any(isinstance(layer, Dense | Conv) for layer in architecture.layers[:-1]):
        raise BadInput(
            f"--activation qcfs is of rectified neurons, and {architecture} has none", help="use --activation relu"
        )


def refuse_unused(config: Config) -> None:
    """Raise BadInput where a setting was named that the rule does not use, and not as it is anyway."""
    rule = _class_of(config.settings)
    known = {name: field.default for name, field in Settings.model_fields.items()} | dict(rule.defaults)
    for name in FOR_RULES:
        origin = config.origins.get(name, "default")
        value = getattr(config.settings, name)
        if name not in rule.uses and origin != "default" and value != known[name]:
            flags = sorted(f"--{used.replace('_', '-')}" for used in rule.uses)
            raise BadInput(
                f"the rule {config.settings.rule} does not use {name}, which is {value!r}",
                where=origin,
                help=f"of what is for rules, it uses {', '.join(flags)}",
            )


def keeps_budget(settings: Settings) -> bool:
    """Return whether the rule that is asked for ends every step with exactly the budget."""
    return _class_of(settings).keeps_budget


def rule_of(settings: Settings, store: SynapseStore, inputs: np.ndarray, steps_per_epoch: int) -> Rule:
    """Return the rule that is asked for.

    Parameters
    ----------
    store : SynapseStore
    inputs : ndarray of bool, shape (n_inputs,)
        Whether each input is ever on in the training data.
    steps_per_epoch : int

    Raises
    ------
    BadInput
        The rule makes no sense with this store or these settings.
    """
    lengths = {p.name: p.max_row_length for p in store.layout.projections}
    refuse_signs_in_rows(settings, {name: f"{most:,}" for name, most in lengths.items() if most is not None})
    options = Options(
        steps=steps_per_epoch * settings.epochs,
        steps_per_epoch=steps_per_epoch,
        rate=settings.learning_rate,
        alpha=settings.alpha,
        alpha_schedule=settings.alpha_schedule,
        tau=settings.tau,
        births=settings.births,
        newborn=settings.newborn,
        signs=SIGNS[settings.signs],
        rewire_until=settings.rewire_until,
        audition_steps=settings.audition_steps,
        candidates=settings.candidates,
        head_start=settings.head_start,
        drop_fraction=settings.drop_fraction,
        rewire_every=settings.rewire_every,
        final_connectivity=settings.final_connectivity,
        theta_min=settings.theta_min,
        preconditioner=one_each("preconditioner", settings.preconditioner, len(store.projections)),
    )
    return _class_of(settings).of(store, inputs, options)


def refuse_signs_in_rows(settings: Settings, limits: Mapping[str, str]) -> None:
    """Raise BadInput where signs are for all time and rows hold only so many of each, if there are such limits."""
    if settings.signs != "anew" and limits:
        raise BadInput(
            f"--signs {settings.signs} does not go with rows that hold only so many connections of each sign",
            numbers=limits,
            help="--signs anew, or a plan without --max-row-length and --budget; --max-fan-in goes with any signs",
        )


def _class_of(settings: Settings) -> type[Rule]:
    """Return the class of the rule that is asked for."""
    found: type[Rule] = rules.load(settings.rule)
    return found
