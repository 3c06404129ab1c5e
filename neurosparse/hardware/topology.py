"""The chips of a board, their neighbours, and the cores and SDRAM that monitors leave on each."""

from __future__ import annotations

from dataclasses import dataclass

from neurosparse.hardware.profile import Profile


@dataclass(frozen=True)
class Chip:
    """A chip of the board.

    Attributes
    ----------
    x, y : int
        Its coordinates on the hexagonal mesh.
    cores : int
        All its cores, monitors included.
    monitor_cores : int
        Cores 0 .. monitor_cores - 1 are the tool chain's own.
    sdram : int
        Usable bytes, monitors included.
    monitor_sdram : int
        Bytes of it that the monitors book.
    neighbours : tuple of (int, int)
        The chips it is linked to, in the order of its links.
    """

    x: int
    y: int
    cores: int
    monitor_cores: int
    sdram: int
    monitor_sdram: int
    neighbours: tuple[tuple[int, int], ...]

    @property
    def application_cores(self) -> range:
        """Return the numbers of the cores left to the application."""
        return range(self.monitor_cores, self.cores)

    @property
    def application_sdram(self) -> int:
        """Return the bytes of SDRAM left to the application."""
        return self.sdram - self.monitor_sdram


def board_chips(profile: Profile) -> tuple[Chip, ...]:
    """Return the chips of the board, ordered by x, then y: the order in which the tool chain tries them.

    Source: pacman/operations/placer_algorithms/application_placer.py ``_chip_order``, SpiNNaker_PACMAN 1!7.4.1.
    """
    places = {(x, y) for x, y, _ in profile.board.map}
    chips = []
    for x, y, cores in sorted(profile.board.map):
        is_ethernet = (x, y) == profile.board.ethernet_chip
        steps = ((x + dx, y + dy) for dx, dy in profile.board.links)
        chips.append(
            Chip(
                x=x,
                y=y,
                cores=cores,
                monitor_cores=profile.monitors.cores + (profile.monitors.ethernet_cores if is_ethernet else 0),
                sdram=profile.chip.sdram,
                monitor_sdram=profile.monitors.sdram + (profile.monitors.ethernet_sdram if is_ethernet else 0),
                neighbours=tuple(place for place in steps if place in places),
            )
        )
    return tuple(chips)


def application_cores(profile: Profile) -> int:
    """Return how many cores of the board are left to the application."""
    return sum(len(chip.application_cores) for chip in board_chips(profile))
