"""The kinds of machine: one profile class each, told apart by the word `kind` of a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from neurosparse.hardware.axon_lists import AxonProfile
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.crossbar import CrossbarProfile
from neurosparse.hardware.dense import DenseProfile
from neurosparse.hardware.fan_in_memory import FanInProfile
from neurosparse.hardware.stated import StatedProfile

AnyProfile = Annotated[
    RowsProfile | AxonProfile | CrossbarProfile | FanInProfile | DenseProfile | StatedProfile,
    Field(discriminator="kind"),
]

#: What validates the figures of a machine of any kind.
PROFILES: TypeAdapter[AnyProfile] = TypeAdapter(AnyProfile)
