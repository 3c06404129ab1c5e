"""Slices placed on cores in the order in which the tool chain places them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.topology import board_chips
from neurosparse.units import format_bytes


@dataclass(frozen=True)
class Load:
    """What one population asks for: the bytes of SDRAM that each of its cores books, in slice order."""

    population: str
    sdram: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """A core: chip (x, y), core p."""

    x: int
    y: int
    p: int


def place(loads: Sequence[Load], profile: RowsProfile, boards: int = 1) -> tuple[tuple[Place, ...], ...]:
    """Return the cores of each population, in slice order.

    A population starts on the first chip with room and grows over linked chips, so that its cores lie together.
    Of linked chips those on the board it is on come first.
    Source: pacman/operations/placer_algorithms/application_placer.py, SpiNNaker_PACMAN 1!7.4.1.

    Raises
    ------
    OverBudget
        No linked chips have enough cores and SDRAM left for a population.
    """
    machine = _Machine(profile, boards)
    return tuple(machine.place(load) for load in loads)


def full_above(profile: RowsProfile) -> int:
    """Return the bytes of SDRAM, monitors included, above which a chip counts as full and is passed over.

    That is less than one core's share left. Source: application_placer.py ``__cap_sdram``, SpiNNaker_PACMAN 1!7.4.1.
    """
    room = profile.chip.sdram - profile.monitors.sdram
    most_cores = max(cores for _, _, cores in profile.board.map)
    return room - room // (most_cores - profile.monitors.cores)


class _Neighbours:
    """Chips beside those of a population, in the order in which they are to be tried: its present board first."""

    def __init__(self, boards: dict[tuple[int, int], tuple[int, int]], start: tuple[int, int]) -> None:
        self._boards = boards
        self._board = boards[start]
        # Dictionaries for their order: each chip once, where it first came up.
        self._same: dict[tuple[int, int], None] = {}
        self._other: dict[tuple[int, int], None] = {}

    def add(self, chip: tuple[int, int]) -> None:
        """Put a chip at the end, unless it is there."""
        (self._same if self._boards[chip] == self._board else self._other)[chip] = None

    def pop(self) -> tuple[int, int] | None:
        """Return the next chip, or None where there is none left; one of another board makes that the present one."""
        if self._same:
            chip = next(iter(self._same))
            del self._same[chip]
            return chip
        if not self._other:
            return None
        chip = next(iter(self._other))
        del self._other[chip]
        self._board, waiting, self._other = self._boards[chip], self._other, {}
        for other in waiting:
            self.add(other)
        return chip


class _Machine:
    """The chips of a machine as they fill up."""

    def __init__(self, profile: RowsProfile, boards: int) -> None:
        chips = board_chips(profile, boards)
        self._boards = {(chip.x, chip.y): chip.board for chip in chips}
        self._name = profile.name
        self._chips = {(chip.x, chip.y): chip for chip in chips}
        self._free = {(chip.x, chip.y): list(chip.application_cores) for chip in chips}
        self._used = {(chip.x, chip.y): chip.monitor_sdram for chip in chips}
        self._full: set[tuple[int, int]] = set()
        self._fresh = iter(list(self._chips))
        self._again: list[tuple[int, int]] = []
        self._cap = full_above(profile)

    def place(self, load: Load) -> tuple[Place, ...]:
        """Place one population: try one start after another until it fits around it."""
        tried: list[tuple[int, int]] = []
        while True:
            places = self._grow(load, tried)
            if places is not None:
                break
        self._again += tried
        for spot, sdram in zip(places, load.sdram, strict=True):
            self._free[spot.x, spot.y].remove(spot.p)
            self._used[spot.x, spot.y] += sdram
        return places

    def _grow(self, load: Load, tried: list[tuple[int, int]]) -> tuple[Place, ...] | None:
        """Return the places from the next start on, or None where the chips linked to it have no room."""
        seen: set[tuple[int, int]] = set()
        chip = self._start(load, tried, seen)
        neighbours = _Neighbours(self._boards, chip)
        places = []
        free, used = self._open(chip, seen, neighbours)
        for sdram in load.sdram:
            if not free or used + sdram > self._chips[chip].sdram:
                linked = self._neighbour(sdram, seen, neighbours)
                if linked is None:
                    return None
                chip = linked
                free, used = self._open(chip, seen, neighbours)
            places.append(Place(*chip, free.pop(0)))
            used += sdram
        return tuple(places)

    def _start(self, load: Load, tried: list[tuple[int, int]], seen: set[tuple[int, int]]) -> tuple[int, int]:
        """Return the next chip to start from that has room for the first core."""
        while True:
            chip = self._again.pop(0) if self._again else next(self._fresh, None)
            if chip is None:
                raise OverBudget(
                    f"population {load.population!r} finds no room on {self._name}: no linked chips have enough left",
                    numbers={
                        "needs": f"{len(load.sdram):,} cores with {format_bytes(max(load.sdram))} of SDRAM each",
                        "there is": f"{sum(map(len, self._free.values())):,} free cores, and what the chips have left",
                    },
                )
            if chip not in self._full:
                tried.append(chip)
                if self._has_room(chip, load.sdram[0], seen):
                    return chip

    def _neighbour(self, sdram: int, seen: set[tuple[int, int]], neighbours: _Neighbours) -> tuple[int, int] | None:
        """Return the next chip beside those of the population that has room, or None."""
        while (chip := neighbours.pop()) is not None:
            if self._has_room(chip, sdram, seen):
                return chip
        return None

    def _has_room(self, chip: tuple[int, int], sdram: int, seen: set[tuple[int, int]]) -> bool:
        """Say whether one more core fits on a chip; remember the chip as full or as seen."""
        if not self._free[chip] or self._used[chip] > self._cap:
            self._full.add(chip)
            return False
        seen.add(chip)
        return self._used[chip] + sdram <= self._chips[chip].sdram

    def _open(
        self, chip: tuple[int, int], seen: set[tuple[int, int]], neighbours: _Neighbours
    ) -> tuple[list[int], int]:
        """Take a chip: add its neighbours to those to come, return its free cores and its used SDRAM."""
        for place in self._chips[chip].neighbours:
            if place not in self._full and place not in seen:
                neighbours.add(place)
        return list(self._free[chip]), self._used[chip]


def boards_for(loads: Sequence[Load], profile: RowsProfile) -> tuple[int, int]:
    """Return how many boards the tool chain takes for a network, and the chips that it counts.

    It fills one perfect chip after the other; a machine of several boards comes in whole units.
    Source: pacman/model/partitioner_splitters chip_counter.py, SpiNNaker_PACMAN 1!7.4.1.
    """
    most_cores = max(cores for _, _, cores in profile.board.map) - profile.monitors.cores
    room = profile.chip.sdram - profile.monitors.sdram
    chips, cores, free = 0, 0, 0
    for load in loads:
        for sdram in load.sdram:
            if cores < 1 or free < sdram:
                chips, cores, free = chips + 1, most_cores, room
            cores, free = cores - 1, free - sdram
    boards = max(1, -(-chips // profile.board.chips))
    if boards > 1 and profile.board.grid is not None:
        unit = len(profile.board.grid.origins)
        units = -(-boards // unit)
        columns = math.ceil(math.sqrt(units))
        boards = columns * -(-units // columns) * unit
    return boards, chips


def shares(
    loads: Sequence[Load], places: Sequence[Sequence[Place]], profile: RowsProfile, boards: int = 1
) -> dict[Place, int]:
    """Return the bytes of SDRAM that each core may use.

    The rule: what the monitors leave of a chip is divided equally among the cores placed on it; a core whose own
    regions need more than that takes what they need, and the others divide the rest equally. Not divided is the last
    bit by which the tool chain would take the chip for full, so that it finds every core where the plan puts it,
    however much of the slots training fills.
    """
    needs: dict[tuple[int, int], list[tuple[int, Place]]] = {}
    for load, spots in zip(loads, places, strict=True):
        for size, spot in zip(load.sdram, spots, strict=True):
            needs.setdefault((spot.x, spot.y), []).append((size, spot))
    chips = {(chip.x, chip.y): chip for chip in board_chips(profile, boards)}
    shares = {}
    for xy, cores in needs.items():
        left = full_above(profile) - chips[xy].monitor_sdram
        if sum(size for size, _ in cores) > left:
            left = chips[xy].application_sdram
        # From the neediest on: once one needs no more than an equal part, none of the others does.
        for taken, (size, spot) in enumerate(sorted(cores, key=lambda core: -core[0])):
            shares[spot] = max(size, left // (len(cores) - taken))
            left -= shares[spot]
    return shares
