"""A machine whose cores keep a list of synapses for each incoming axon in memory words: Loihi."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from neurosparse.hardware.figures import Bytes, Count, Part, Positive
from neurosparse.hardware.numbered import NumberedProfile


class AxonList(Part):
    """The list of an axon: blocks of synapses with a header of bits, each rounded up to whole words.

    Attributes
    ----------
    memory : int
        Bytes that the lists of a core share.
    word_bits : int
        A block takes whole words of so many bits.
    block_synapses, block_bits : int
        The most synapses of a block, and the bits of its header.
    index_bits : tuple of int
        The widths that the index of a neuron on its core may take.
    delay_bits, tag_bits : int
        Bits of a synapse beside its weight and index.
    """

    memory: Bytes
    word_bits: Positive
    block_synapses: Positive
    block_bits: Count
    index_bits: tuple[Count, ...]
    delay_bits: Count
    tag_bits: Count


class Axons(Part):
    """The axons of a core: incoming ones, each from one neuron, and outgoing ones, each from one to another core."""

    incoming: Positive
    outgoing: Positive


class AxonProfile(NumberedProfile):
    """A machine of axon lists."""

    kind: Literal["axon-lists"]
    axon_list: AxonList
    axons: Axons

    @model_validator(mode="after")
    def _can_name_its_neurons(self) -> AxonProfile:
        """Refuse indices too short for the neurons of a core, and populations that share its memory."""
        if self.cores.shared:
            raise ValueError("the lists of a core are those of one population: cores.shared must be false")
        if 2 ** max(self.axon_list.index_bits, default=0) < self.cores.neurons:
            raise ValueError(f"no index is wide enough for {self.cores.neurons} neurons on a core")
        return self
