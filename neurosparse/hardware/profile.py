"""What every machine's profile states: its names, what its figures cover, and the source of each figure."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from neurosparse.hardware.figures import Part


class Profile(Part):
    """A machine, as data; each kind of machine adds the tables that its memory model computes with.

    Attributes
    ----------
    name, title : str
    kind : str
        The kind of memory model that its figures feed.
    covers, does_not_cover : tuple of str
        What a plan for this machine says, and what it leaves open, in sentences; they stand in plans and reports.
    sources : dict of str to str
        Where each figure comes from, by its dotted key: ``sources["row.header_words"]``.
    """

    schema_name: Literal["neurosparse.profile/1"] = Field(alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: Annotated[str, Field(min_length=1)]
    kind: str
    covers: tuple[str, ...] = ()
    does_not_cover: tuple[str, ...] = ()
    sources: dict[str, str]

    @property
    def most_neurons(self) -> int:
        """Return the most neurons that a core holds."""
        raise NotImplementedError

    @property
    def numbering(self) -> tuple[int, int]:
        """Return the number of chips, and of the most cores of one."""
        raise NotImplementedError

    @cached_property
    def fingerprint(self) -> str:
        """Return the sha256 of the figures in canonical form; sources and sentences do not change it."""
        words = {"sources", "title", "covers", "does_not_cover"}
        figures = self.model_dump(mode="json", by_alias=True, exclude=words)
        return hashlib.sha256(json.dumps(figures, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
