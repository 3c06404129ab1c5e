"""The shape of a network file, schema ``neurosparse.network/1``: what each entry may say, judged all at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neurosparse.errors import BadInput

SCHEMA = "neurosparse.network/1"

# Printable, so that a name cannot spoil a table or a terminal.
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]
Whole = Annotated[int, Field(strict=True, lt=2**31)]
# Far beyond any network, and far inside what the tool chain's numbers hold.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
_TOLD = 20


class _Entry(BaseModel):
    """A part of the document: nothing in it that is not known here."""

    model_config = ConfigDict(extra="forbid")


class PopulationEntry(_Entry):
    """One population: see `neurosparse.description.network.Population` for what the numbers mean."""

    name: Name
    n: Whole
    model: Name
    record: list[Name] = []
    sampling: Number | None = None
    max_neurons_per_core: Whole | None = None
    n_synapse_cores: Whole = 0
    rate: Number | None = None
    spikes_per_step: Whole | None = None
    params: str | None = None
    """A remark; cell parameters do not change what a machine books."""
    spike_source: str | None = None
    """A remark; the rate of a Poisson source may stand in it as ``rate=10.0``."""


class ProjectionEntry(_Entry):
    """One projection; the arrays of a list lie in the npz beside the document."""

    pre: Name
    post: Name
    receptor: Literal["excitatory", "inhibitory"]
    connector: Literal["FromList", "AllToAll", "OneToOne", "FixedProbability"]
    weight: Number | None = None
    delay: Number | None = None
    p: Number | None = None
    n_synapses: Whole | None = None
    npz_keys: Annotated[list[Name], Field(min_length=4, max_length=4)] | None = None
    stdp: str | None = None

    @model_validator(mode="after")
    def _has_what_its_connector_needs(self) -> ProjectionEntry:
        """Refuse a rule without its values, and values that a connector has no use for."""
        needed = {"FromList": (), "FixedProbability": ("weight", "delay", "p")}.get(self.connector, ("weight", "delay"))
        for name in ("weight", "delay", "p"):
            if name in needed and getattr(self, name) is None:
                raise ValueError(f"{self.connector} needs {name!r}")
            if name not in needed and getattr(self, name) is not None:
                raise ValueError(f"{self.connector} has no {name!r}")
        return self


class NetworkDocument(_Entry):
    """The whole document."""

    kind: Literal["neurosparse.network/1"] | None = Field(None, alias="schema")
    timestep: Number = 1.0
    runtime: Number | None = None
    """How long the network runs (ms); the tool chain books for 1,000 timesteps whatever it is."""
    board_version: Whole | None = None
    populations: list[PopulationEntry]
    projections: list[ProjectionEntry] = []


def parse_document(document: Any, where: str) -> NetworkDocument:
    """Return the document checked, or raise BadInput with every fault and its entry."""
    try:
        return NetworkDocument.model_validate(document)
    except ValidationError as invalid:
        faults = [f"{_entry(error['loc'])}: {_in_words(error)}" for error in invalid.errors(include_url=False)]
    count = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
    if len(faults) > _TOLD:
        faults = [*faults[:_TOLD], "..."]
    raise BadInput(f"the network has {count}\n  " + "\n  ".join(faults), where=where)


def _entry(location: tuple[int | str, ...]) -> str:
    """Return the place of a fault as one writes it: ``populations[2].n``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "document"


def _in_words(error: Any) -> str:
    """Say in a user's words what pydantic found."""
    match error["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            return "there is no such key"
        case "value_error":
            return str(error["msg"]).removeprefix("Value error, ")
        case _:
            given = repr(error["input"])
            given = given if len(given) <= 60 else f"{given[:60]}..."
            return f"{error['msg'][0].lower()}{error['msg'][1:]}, not {given}"
