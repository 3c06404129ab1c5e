"""The keys under which spikes travel: one block of keys for each population that sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget
from neurosparse.hardware.figures import Routing
from neurosparse.mapping.cost import n_bits


@dataclass(frozen=True)
class Sender:
    """A population that sends spikes, or the delay extension of one.

    Attributes
    ----------
    name : str
    cores : int
    keys : int
        Keys that its fullest core needs: neurons times stages of delay times colours.
    """

    name: str
    cores: int
    keys: int


@dataclass(frozen=True)
class KeyBlock:
    """The keys of a sender: key | core << atom_bits | neuron << colour_bits | colour.

    Attributes
    ----------
    key, mask : int
        What all its spikes have in common.
    atom_bits : int
        Bits below those of the core.
    core_mask : int
        The bits of the core, shifted down.
    """

    key: int
    mask: int
    atom_bits: int
    core_mask: int

    def of_core(self, core: int) -> int:
        """Return the first key of a core."""
        return self.key | core << self.atom_bits


def allocate(senders: Sequence[Sender], routing: Routing) -> dict[str, KeyBlock]:
    """Return the keys of each sender, in order: all blocks as large as the largest, divided as each needs.

    Source: pacman/operations/routing_info_allocator_algorithms/zoned_routing_info_allocator.py, flexible,
    SpiNNaker_PACMAN 1!7.4.1.

    Raises
    ------
    OverBudget
        The keys do not fit in the bits there are.
    """
    atom_bits = [(sender.keys - 1).bit_length() for sender in senders]
    core_bits = [(sender.cores - 1).bit_length() for sender in senders]
    block = max((a + c for a, c in zip(atom_bits, core_bits, strict=True)), default=0)
    needed = block + (max(len(senders), 1) - 1).bit_length()
    if needed > routing.key_bits:
        raise OverBudget(
            "the spikes of the network need longer keys than there are",
            numbers={"needs": f"{needed} bits", "there is": str(routing.key_bits)},
        )
    full = 2**routing.key_bits - 1
    return {
        sender.name: KeyBlock(k << block, full - (2**block - 1), atom_bits[k], 2 ** core_bits[k] - 1)
        for k, sender in enumerate(senders)
    }


def keys_of_neurons(neurons: int, colour_bits: int) -> int:
    """Return the keys that a core of neurons needs."""
    return neurons << colour_bits


def keys_of_source(neurons: int, colour_bits: int) -> int:
    """Return the keys that a core of given spikes needs: a power of two.

    Source: reverse_ip_tag_multicast_source_machine_vertex.py get_n_keys_for_partition, as seen on a virtual board.
    """
    return 2 ** n_bits(neurons) << colour_bits


def keys_of_delays(neurons: int, stages: int, colour_bits: int) -> int:
    """Return the keys that a core needs which holds back spikes in stages: a power of two for each.

    Source: spynnaker/pyNN/models/utility_models/delays/delay_extension_machine_vertex.py:254-259, sPyNNaker 1!7.4.1.
    """
    return keys_of_source(neurons, colour_bits) * stages
