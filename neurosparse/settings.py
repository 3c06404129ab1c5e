"""The settings of a run: what each means, which values it may have, and which go together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from neurosparse.architecture.words import parse_layers, written
from neurosparse.errors import BadInput
from neurosparse.units import (
    as_value_error,
    at_the_door,
    parse_counts,
    parse_factors,
    parse_fraction,
    parse_rates,
    parse_share,
)


def _layer(value: int | str) -> int | str:
    """Return a layer as it is written; raise ValueError where there is no such one."""
    try:
        return written(value)
    except BadInput as fault:
        raise as_value_error(fault) from fault


Fraction = Annotated[float, BeforeValidator(at_the_door(parse_fraction)), Field(gt=0, le=1)]
# One fraction for all projections, or one each.
Fractions = Annotated[Fraction | tuple[Fraction, ...], BeforeValidator(at_the_door(parse_rates))]
Layers = Annotated[tuple[Annotated[int | str, AfterValidator(_layer)], ...], BeforeValidator(at_the_door(parse_layers))]
Count = Annotated[int, Field(ge=1)]
# One number for all projections, or one each.
Limits = Annotated[Count | tuple[Count, ...], BeforeValidator(at_the_door(parse_counts))]
# One rate for all layers, or one each.
Rate = Annotated[float, Field(ge=0, le=0.999)]
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

    profile: str = Field(
        "spinnaker", description="Hardware profile: a name (neurosparse profiles list) or a TOML file."
    )
    data: str = Field(
        "digits",
        description="Data set: a name (neurosparse data list), an npz with x and y, or a folder of files as they are "
        "published: IDX, or those of a set that has a name.",
    )
    layers: Layers = Field(
        (300, 100),
        description="Layers between input and output: a number of neurons each, like 300,100, or others in their "
        "words, like conv:64:5,maxpool:2,300 or lstm:128; all of them are at the end of this help.",
    )
    connectivity: Fractions | None = Field(
        None,
        description="Budget as a fraction of all pairs of neurons of neighbouring layers; 10% unless told; or a "
        "fraction for each projection.",
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
        description="Which connections die and where newborn go: deepr, soft_deepr, set, rigl or dsr; static, where "
        "none does; or, from all connections (--connectivity 100%), pruning or l1_shrinkage.",
    )
    epochs: Count = Field(60, description="Passes over the training data.")
    batch: Count = Field(10, description="Samples a step.")
    learning_rate: Positive = Field(0.3, description="Learning rate eta at the first step.")
    schedule: Literal["cosine", "linear", "constant"] = Field("cosine", description="How the learning rate falls.")
    preconditioner: Factors = Field(
        1.0,
        description="Factor on the learning rate of each projection, and so on prior and variance of the noise: one, "
        "or one each.",
    )
    dropout: Rates = Field(
        0.0,
        description="Fraction of each projection's inputs that is set to zero in a step: one, or one each (0.2,0,0 is "
        "the input layer alone).",
    )
    label_smoothing: Annotated[float, BeforeValidator(at_the_door(parse_fraction)), Field(ge=0, lt=1)] = Field(
        0.0, description="Part of a label's probability that is spread evenly over all classes while learning."
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Part of the velocity that is kept.")
    alpha: NotNegative = Field(
        2e-4,
        description="l1 prior: a step takes eta * alpha from every connection; 0 unless told but for deepr, "
        "soft_deepr and l1_shrinkage.",
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
        "that were auditioned on live paths; anywhere unless told where a layer is no number of neurons, or there is "
        "time.",
    )
    newborn: Literal["zero", "overshoot"] = Field(
        "zero", description="What a newborn begins with: 0, or the overshoot of the one that died."
    )
    signs: Literal["anew", "fixed", "dale"] = Field(
        "anew", description="Signs drawn anew at birth, fixed for each pair, or for each source (Dale's law)."
    )
    rewire_until: Fraction = Field(
        0.8,
        description="Part of the steps that rewire; the others train what is there, deepr without prior and noise. "
        "set, rigl and dsr: 0.75, pruning: 0.5 unless told.",
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
        0,
        description="Networks of the last so many epochs that are kept; their mean prediction is reported. Samples of "
        "the posterior with --births anywhere --rewire-until 1 --schedule constant alone.",
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
    neurons_per_core: Count | None = Field(
        None, description="Fewer neurons a core than the profile allows; spinnaker2 needs to be told."
    )
    synapses_per_core: Count | None = Field(
        None, description="Fewer synapses a core than its memory allows; spinnaker2 needs to be told."
    )
    max_row_length: Limits | None = Field(
        None,
        description="Connections of one source onto one core, of each sign; a number, or one for each projection. It "
        "does not bind weights that are shared over an image.",
    )
    max_fan_in: Limits | None = Field(
        None,
        description="Connections of one neuron; a number, or one for each projection. It does not bind weights that "
        "are shared over an image.",
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
            raise ValueError(
                f"posterior_samples is {self.posterior_samples:,}, one an epoch, and epochs is {self.epochs:,}"
            )
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


def faults_of(invalid: ValidationError) -> list[ErrorDetails]:
    """Return what is wrong, without what only says that a value is not of the other type that it might have been."""
    errors = invalid.errors(include_url=False)
    other = {"tuple_type", "float_type", "int_type"}
    clear = {error["loc"][:1] for error in errors if error["type"] not in other}
    return [error for error in errors if error["type"] not in other or error["loc"][:1] not in clear]
