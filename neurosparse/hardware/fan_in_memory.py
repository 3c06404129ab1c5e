"""A machine whose neurons each compare incoming tags with a few entries of their own: DYNAP-SE2."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from neurosparse.hardware.figures import Count, Part, Positive
from neurosparse.hardware.numbered import NumberedProfile


class Cam(Part):
    """The content-addressable memory of a neuron: an entry a synapse."""

    entries: Positive


class Tags(Part):
    """The tags that name senders: how many there are, and how many a neuron and an input take."""

    available: Positive
    per_neuron: Positive
    per_input: Positive


class Destinations(Part):
    """The chips that a sender can reach: destinations of a neuron, those taken to watch it, and those of an input."""

    per_neuron: Positive
    watching: Count
    per_input: Positive


class FanInProfile(NumberedProfile):
    """A machine of content-addressable fan-in."""

    kind: Literal["fan-in-memory"]
    cam: Cam
    tags: Tags
    destinations: Destinations

    @model_validator(mode="after")
    def _can_send(self) -> FanInProfile:
        """Refuse watching that takes all destinations."""
        if self.destinations.watching >= self.destinations.per_neuron:
            raise ValueError("watching leaves a neuron no destination")
        return self
