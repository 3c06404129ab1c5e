"""A machine whose cores keep synapses as compressed rows in memory that the cores of a chip share: SpiNNaker."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from neurosparse.hardware.figures import (
    Board,
    Chip,
    CoreLimits,
    DelayExtension,
    Monitors,
    NeuronModel,
    PoissonModel,
    Regions,
    RingBuffer,
    Routing,
    Row,
    SourceModel,
)
from neurosparse.hardware.profile import Profile


class RowsProfile(Profile):
    """A machine of compressed rows; its figures are plain numbers, bytes unless said otherwise."""

    kind: Literal["compressed-rows"]
    board: Board
    chip: Chip
    core: CoreLimits
    monitors: Monitors
    row: Row
    ring_buffer: RingBuffer
    regions: Regions
    neuron_models: dict[str, NeuronModel]
    source_models: dict[str, SourceModel]
    poisson_models: dict[str, PoissonModel] = Field(default_factory=dict)
    delay_extension: DelayExtension
    routing: Routing

    @property
    def most_neurons(self) -> int:
        """Return the most neurons that the tool chain puts on a core."""
        return self.core.neurons

    @property
    def numbering(self) -> tuple[int, int]:
        """Return the number of chips of a board, and of the most cores of one."""
        return self.board.chips, max(cores for _, _, cores in self.board.map)

    @model_validator(mode="after")
    def _leaves_cores(self) -> RowsProfile:
        """Refuse monitors that leave no core or no SDRAM to the application."""
        taken = self.monitors.cores + self.monitors.ethernet_cores
        fewest = min(cores for _, _, cores in self.board.map)
        if taken >= fewest:
            raise ValueError(f"monitors take {taken} cores of a chip that has {fewest}")
        if self.monitors.sdram + self.monitors.ethernet_sdram >= self.chip.sdram:
            raise ValueError("monitors take all SDRAM of a chip")
        return self
