"""A run's configuration from a TOML file and flags; every value remembers where it came from."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from neurosparse.errors import BadInput, FileFault
from neurosparse.units import (
    at_the_door,
    parse_counts,
    parse_factors,
    parse_fraction,
    parse_rates,
    parse_share,
    parse_sizes,
)

Fraction = Annotated[float, BeforeValidator(at_the_door(parse_fraction)), Field(gt=0, le=1)]
Sizes = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(at_the_door(parse_sizes))]
Count = Annotated[int, Field(ge=1)]
# One number for all projections, or one each.
Limits = Annotated[Count | tuple[Count, ...], BeforeValidator(at_the_door(parse_counts))]
# One rate for all layers, or one each.
Rate = Annotated[float, Field(ge=0, lt=1)]
Rates = Annotated[Rate | tuple[Rate, ...], BeforeValidator(at_the_door(parse_rates))]
# Far beyond any use, and far inside what float32 holds.
_LARGE = 1e6
Positive = Annotated[float, Field(gt=0, le=_LARGE, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, le=_LARGE, allow_inf_nan=False)]
# One factor for all projections, or one each.
Factors = Annotated[Positive | tuple[Positive, ...], BeforeValidator(at_the_door(parse_factors))]
# A fraction is a float, bytes are an int.
Share = Annotated[
    Annotated[float, Field(gt=0, le=1, strict=True)] | Annotated[int, Field(ge=1, strict=True)],
    BeforeValidator(at_the_door(parse_share)),
]


#: The budget where nobody names one.
DEFAULT_CONNECTIVITY = 0.1


class Settings(BaseModel):
    """What a run is made of; the names are those of the flags of `neurosparse train` and of the keys of its TOML file.

    Each field's description says what it means; `connectivity` and `synapses` are two names of one number. Where
    neither is given, `budget` decides: as many connections as it is sure to hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str = Field("spinnaker", description="Hardware profile: a name or a TOML file.")
    data: str = Field("digits", description="Data set: a name, a folder of IDX files, or an npz with x and y.")
    layers: Sizes = Field((300, 100), description="Neurons of the hidden layers, like 300,100.")
    connectivity: Fraction | None = Field(
        None, description="Budget as a fraction of all pairs of neurons of neighbouring layers; 10% unless told."
    )
    synapses: Limits | None = Field(
        None,
        description="Budget as a number of connections, instead of --connectivity; or a number for each projection.",
    )
    budget: Share | None = Field(
        None,
        description="What the connections may take of a core's memory, like 80% of its share or '64 KiB'; without "
        "--connectivity and --synapses there are as many as are sure to fit, in rows of the length that fits most.",
    )
    scope: Literal["projection", "network"] = Field(
        "projection", description="Whether each projection keeps its budget, or connections move between projections."
    )
    rule: str = Field(
        "deepr",
        description="Which connections die and where newborn go: deepr, set, rigl or dsr; static, where none does; or, "
        "from all connections (--connectivity 100%), pruning or l1_shrinkage. What a rule does not use is refused.",
    )
    epochs: Count = Field(60, description="Passes over the training data.")
    batch: Count = Field(10, description="Samples a step.")
    learning_rate: Positive = Field(0.3, description="Learning rate eta at the first step.")
    schedule: Literal["cosine", "linear", "constant"] = Field("cosine", description="How the learning rate falls.")
    preconditioner: Factors = Field(
        1.0,
        description="Factor on the steps of each projection, with prior and variance of the noise: one, or one each.",
    )
    dropout: Rates = Field(
        0.0, description="Part of the activations that is silent in a step: one for all layers' inputs, or one each."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Part of a label that is spread evenly over all classes while learning."
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Part of the velocity that is kept.")
    alpha: NotNegative = Field(
        2e-4,
        description="l1 prior: a step takes eta * alpha from every connection; 0 unless told but for deepr and "
        "l1_shrinkage.",
    )
    alpha_schedule: Literal["cosine", "linear", "constant"] = Field(
        "constant", description="How alpha falls, and the temperature with it."
    )
    tau: NotNegative = Field(
        1.0, description="Temperature of DEEP R as tau = sqrt(2 eta T) / (eta alpha) at the first step."
    )
    births: Literal["anywhere", "paths", "auditioned"] = Field(
        "paths",
        description="Where newborn are drawn: among all dormant connections, on live paths alone, or the best of those "
        "that were auditioned on live paths.",
    )
    newborn: Literal["zero", "overshoot"] = Field(
        "zero", description="What a newborn begins with: 0, or the overshoot of the one that died."
    )
    signs: Literal["anew", "fixed", "dale"] = Field(
        "anew", description="Signs drawn anew at birth, fixed for each pair, or for each source (Dale's law)."
    )
    rewire_until: Fraction = Field(
        0.8,
        description="Part of the steps that rewire; the others train what is there, without the prior. set, rigl and "
        "dsr: 0.75, pruning: 0.5 unless told.",
    )
    audition_steps: Count = Field(
        50, description="Steps that a candidate listens to the gradient; rigl: 100 unless told."
    )
    candidates: Annotated[float, Field(gt=0, le=100)] = Field(
        0.5, description="Candidates as a part of the budget; rigl: 2 unless told."
    )
    head_start: NotNegative = Field(
        0.1, description="What an auditioned newborn begins with: a part of what it would have learned by then."
    )
    drop_fraction: Fraction = Field(
        0.3,
        description="Part of the connections that set, rigl and dsr replace at a time: set's zeta; rigl's falls from "
        "it to 0; dsr's threshold adapts to it, 0.1 unless told.",
    )
    rewire_every: Count | None = Field(
        None,
        description="Steps from one rewiring to the next; unless told set and pruning: an epoch, rigl: 500, dsr: 250.",
    )
    theta_min: Annotated[float, Field(lt=0, ge=-_LARGE)] | None = Field(
        None,
        description="The wall below zero that turns dormant connections of soft_deepr back; by default where a fifth "
        "of the budget would be active, were the loss flat.",
    )
    final_connectivity: Fraction | None = Field(
        None, description="Fraction of all connections that pruning leaves; 10% unless told."
    )
    posterior_samples: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Networks of the last so many epochs that are kept; what they predict on average is reported."
    )
    activation: Literal["relu", "qcfs"] = Field(
        "relu", description="Of hidden neurons: rectified, or clipped and in levels as spike counts are (QCFS)."
    )
    levels: Annotated[int, Field(ge=1, le=1024)] = Field(
        8, description="Levels above zero of qcfs: the time steps that its twin with soft reset (brian2) needs."
    )
    ceiling: Annotated[float, Field(ge=1e-6, le=_LARGE)] = Field(1.0, description="Highest activation of qcfs.")
    weights: Literal["float32", "int8", "int6", "int4"] = Field(
        "float32", description="Weights that the network sees in training: as they learn, or rounded to so many bits."
    )
    gain: Positive = Field(1.0, description="Scale of the first weights; 1 is the variance 2 / fan-in.")
    fan_in_of: Literal["connected", "all"] = Field(
        "connected", description="Fan-in by which first weights are scaled: of neurons with inputs, or of all."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(1, description="Names all random numbers of the run.")
    validation: Annotated[float, BeforeValidator(at_the_door(parse_fraction)), Field(gt=0, lt=1)] = Field(
        0.1, description="Fraction of the training data held out for choices."
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="Threads; the result does not depend on them.")
    neurons_per_core: Count | None = Field(None, description="Fewer neurons a core than the profile allows.")
    synapses_per_core: Count | None = Field(None, description="Fewer synapses a core than its memory allows.")
    max_row_length: Limits | None = Field(
        None,
        description="Connections of one source onto one core, of each sign; a number, or one for each projection.",
    )
    max_fan_in: Limits | None = Field(
        None, description="Connections of one neuron; a number, or one for each projection."
    )

    @model_validator(mode="after")
    def _one_budget(self) -> Settings:
        """Refuse two numbers of connections, and none without a budget of memory."""
        if self.connectivity is not None and self.synapses is not None:
            raise ValueError("give the number of connections once: either connectivity or synapses")
        if self.connectivity is None and self.synapses is None and self.budget is None:
            raise ValueError("give connectivity, synapses or budget")
        return self

    @model_validator(mode="after")
    def _samples_of_epochs(self) -> Settings:
        """Refuse more samples of the posterior than there are epochs."""
        if self.posterior_samples > self.epochs:
            raise ValueError(f"posterior_samples: there is one an epoch, and there are {self.epochs:,} epochs")
        return self

    @model_validator(mode="after")
    def _no_louder_than_the_ceiling(self) -> Settings:
        """Refuse dropout of hidden neurons whose activations are clipped: those that speak are louder than may be."""
        hidden = self.dropout[1:] if isinstance(self.dropout, tuple) else (self.dropout,)
        if self.activation == "qcfs" and any(hidden):
            raise ValueError(
                "dropout of hidden neurons does not go with --activation qcfs; that of inputs does: 0.1,0,0"
            )
        return self

    @model_validator(mode="after")
    def _levels_of_qcfs(self) -> Settings:
        """Refuse levels and a ceiling that nothing would keep to."""
        if self.activation != "qcfs" and any(getattr(self, name) != LATER[name] for name in ("levels", "ceiling")):
            raise ValueError("levels and ceiling are those of --activation qcfs")
        return self


#: Values that do not change what a run computes.
WITHOUT_EFFECT = frozenset({"threads"})

#: Settings that there were not always, and what runs did before there were: such runs are read and resumed as ever.
LATER: dict[str, Any] = {
    "births": "anywhere",
    "newborn": "zero",
    "signs": "anew",
    "rewire_until": 1.0,
    "audition_steps": 50,
    "candidates": 0.5,
    "head_start": 0.1,
    "alpha_schedule": "constant",
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "activation": "relu",
    "levels": 8,
    "ceiling": 1.0,
    "weights": "float32",
    "rule": "deepr",
    "drop_fraction": 0.3,
    "rewire_every": None,
    "final_connectivity": None,
    "theta_min": None,
    "fan_in_of": "all",
    "posterior_samples": 0,
    "preconditioner": 1.0,
}


@dataclass(frozen=True)
class Config:
    """Settings with the origin of each: ``"default"``, ``"--flag"`` or ``"file.toml:line"``.

    A stored configuration from before there was a setting has no origin for it.
    """

    settings: Settings
    origins: Mapping[str, str]

    def fingerprint(self) -> str:
        """Return the sha256 of every setting that changes what the run computes."""
        values = self.settings.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))
        values = {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return each setting as ``{"value": ..., "from": ...}``."""
        values = self.settings.model_dump(mode="json")
        return {name: {"value": values[name], "from": origin} for name, origin in self.origins.items()}

    def told(self, data: Any, profile: Any) -> dict[str, dict[str, Any]]:
        """Return the configuration as a report tells it.

        Parameters
        ----------
        data, profile : str
            The names of the data set and the machine: a report holds no path.

        Returns
        -------
        dict
            As `to_json`, without what changes neither the result nor its report.
        """
        told = self.to_json()
        told["data"]["value"], told["profile"]["value"] = data, profile
        return {name: entry for name, entry in told.items() if name not in WITHOUT_EFFECT}

    @classmethod
    def from_json(cls, document: Mapping[str, Mapping[str, Any]]) -> Config:
        """Return the configuration that `to_json` told.

        Raises
        ------
        BadInput
            A key is unknown or missing, or a value out of its range.
        """
        try:
            values = {name: entry["value"] for name, entry in document.items()}
            origins = {name: str(entry["from"]) for name, entry in document.items()}
        except (TypeError, KeyError, AttributeError) as fault:
            raise BadInput(f"this is not a stored configuration: {fault!r}") from fault
        missing = sorted(set(Settings.model_fields) - set(values) - set(LATER))
        if missing:
            raise BadInput(f"the stored configuration lacks {', '.join(missing)}")
        return cls(_validated(LATER | values, origins), origins)

    def defaulted(self, defaults: Mapping[str, Any]) -> Config:
        """Return the configuration with other defaults: values that nobody named become those.

        A number of connections is named where any of its names is.

        Raises
        ------
        BadInput
            A setting is unknown or out of its range.
        """
        values = self.settings.model_dump()
        for name, value in defaults.items():
            named = name == "connectivity" and self.settings.connectivity is None
            if self.origins.get(name, "default") == "default" and not named:
                values[name] = value
        return Config(_validated(values, self.origins), self.origins)

    def changed(self, flags: Mapping[str, Any]) -> Config:
        """Return the configuration with some settings given anew; a budget named either way replaces the other.

        Raises
        ------
        BadInput
            A setting is unknown or out of its range.
        """
        values, origins = self.settings.model_dump(), dict(self.origins)
        if {"connectivity", "synapses"} & set(flags):
            values |= {"connectivity": None, "synapses": None}
        for name, value in flags.items():
            values[name], origins[name] = value, f"--{name.replace('_', '-')}"
        return Config(_validated(values, origins), origins)


def configure(flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Config:
    """Return the configuration from flags over a file over defaults.

    Parameters
    ----------
    flags : mapping, optional
        Settings given by hand; None means not given.
    file : Path, optional
        A TOML file whose keys are those of `Settings`.

    Raises
    ------
    BadInput
        With every fault of file and flags at once, each with its place.
    FileFault
        The file cannot be read.
    """
    values: dict[str, Any] = {}
    origins = {name: "default" for name in Settings.model_fields}
    sources = [
        _read(file) if file else {},
        {name: (value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items() if value is not None},
    ]
    if not any({"connectivity", "synapses", "budget"} & set(source) for source in sources):
        values["connectivity"] = DEFAULT_CONNECTIVITY
    for source in sources:
        if {"connectivity", "synapses"} & set(source):
            # The number of connections is one thing with two names: naming it anew replaces it whole.
            for name in ("connectivity", "synapses"):
                values.pop(name, None)
                origins[name] = "default"
        for name, (value, place) in source.items():
            values[name], origins[name] = value, place
    return Config(_validated(values, origins), origins)


def _read(path: Path) -> dict[str, tuple[Any, str]]:
    """Return the values of a TOML file, each with its file and line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(f"cannot read the configuration: {fault}", where=str(path)) from fault
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"the configuration is not TOML: {fault}", where=str(path)) from fault
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*[\"']?([A-Za-z_]+)[\"']?\s*=", line):
            lines.setdefault(match.group(1), number)
    return {name: (value, f"{Path(path).name}:{lines.get(name, 1)}") for name, value in document.items()}


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    """Return the settings, or one error that tells every fault with its place."""
    try:
        return Settings(**values)
    except ValidationError as fault:
        lines, unknown = [], False
        for error in fault.errors():
            name = str(error["loc"][0]) if error["loc"] else "together"
            message = error["msg"].removeprefix("Value error, ")
            if error["type"] == "extra_forbidden":
                message, unknown = "there is no such setting", True
            given = "" if not error["loc"] else f" (given {error['input']!r}, {origins.get(name, 'default')})"
            lines.append(f"{name}: {message}{given}")
        count = len(lines)
        raise BadInput(
            f"the configuration has {count} fault{'s' if count > 1 else ''}\n  " + "\n  ".join(lines),
            help=f"settings: {', '.join(Settings.model_fields)}"
            if unknown
            else "neurosparse train --help tells every setting",
        ) from fault
