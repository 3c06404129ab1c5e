"""The chips of a board, their neighbours, and the cores and SDRAM that monitors leave on each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurosparse.errors import OverBudget, shortage
from neurosparse.hardware.compressed_rows import RowsProfile
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
    board : (int, int)
        The chip at which its board begins.
    links : tuple of (int, (int, int))
        Its links: the number of each and the chip that it leads to.
    """

    x: int
    y: int
    cores: int
    monitor_cores: int
    sdram: int
    monitor_sdram: int
    neighbours: tuple[tuple[int, int], ...]
    board: tuple[int, int]
    links: tuple[tuple[int, tuple[int, int]], ...] = ()

    @property
    def application_cores(self) -> range:
        """Return the numbers of the cores left to the application."""
        return range(self.monitor_cores, self.cores)

    @property
    def application_sdram(self) -> int:
        """Return the bytes of SDRAM left to the application."""
        return self.sdram - self.monitor_sdram


def board_chips(profile: Profile, boards: int = 1) -> tuple[Chip, ...]:
    """Return the chips of a machine, ordered by x, then y: the order in which the tool chain tries them.

    Chips without coordinates stand in a row, chip k at (k, 0).

    Parameters
    ----------
    boards : int
        How many boards are needed at least; a larger machine is made of whole units of boards, as the profile's grid
        says, in a rectangle that is as wide as it is high or wider.

    Sources: pacman/operations/placer_algorithms/application_placer.py ``_chip_order``, SpiNNaker_PACMAN 1!7.4.1;
    spinn_machine/version/version_48_chips.py:96-104 ``size_from_n_boards``, SpiNNMachine 1!7.4.1.

    Raises
    ------
    OverBudget
        More than one board, of a machine whose boards are not joined.
    """
    if isinstance(profile, RowsProfile):
        return _mesh(profile, boards)
    chips, cores = profile.numbering
    return tuple(Chip(k, 0, cores, 0, 0, 0, (), (0, 0)) for k in range(chips))


def _mesh(profile: RowsProfile, boards: int) -> tuple[Chip, ...]:
    """Return the chips of joined boards on their mesh."""
    origins = _origins(profile, boards)
    cores_of = {(x + bx, y + by): (cores, (bx, by)) for bx, by in origins for x, y, cores in profile.board.map}
    ethernet = {(bx + profile.board.ethernet_chip[0], by + profile.board.ethernet_chip[1]) for bx, by in origins}
    chips = []
    for (x, y), (cores, board) in sorted(cores_of.items()):
        is_ethernet = (x, y) in ethernet
        steps = [(link, step(profile, x, y, link)) for link in range(len(profile.board.links))]
        links = tuple((n, to) for n, to in steps if to in cores_of and (x, y, n) not in profile.board.down_links)
        chips.append(
            Chip(
                x=x,
                y=y,
                cores=cores,
                monitor_cores=profile.monitors.cores + (profile.monitors.ethernet_cores if is_ethernet else 0),
                sdram=profile.chip.sdram,
                monitor_sdram=profile.monitors.sdram + (profile.monitors.ethernet_sdram if is_ethernet else 0),
                neighbours=tuple(dict.fromkeys(place for _, place in links)),
                board=board,
                links=links,
            )
        )
    return tuple(chips)


def step(profile: RowsProfile, x: int, y: int, link: int) -> tuple[int, int]:
    """Return where a link of a chip leads, whether or not a chip is there: to the other side where the board wraps."""
    dx, dy = profile.board.links[link]
    if profile.board.wraps is None:
        return x + dx, y + dy
    return (x + dx) % profile.board.wraps[0], (y + dy) % profile.board.wraps[1]


def _origins(profile: RowsProfile, boards: int) -> list[tuple[int, int]]:
    """Return the chips at which the boards of a machine begin."""
    if boards <= 1:
        return [(0, 0)]
    grid = profile.board.grid
    if grid is None:
        raise OverBudget(
            f"the network needs more than one board, and those of {profile.name} are not joined",
            numbers=shortage(boards, 1, "boards"),
        )
    units = -(-boards // len(grid.origins))
    width = math.ceil(math.sqrt(units))
    height = -(-units // width)
    return [
        (grid.period * column + x, grid.period * row + y)
        for column in range(width)
        for row in range(height)
        for x, y in grid.origins
    ]


def application_cores(profile: Profile) -> int:
    """Return how many cores of the board are left to the application."""
    return sum(len(chip.application_cores) for chip in board_chips(profile))
