"""Slices placed on cores in the order in which the tool chain places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget
from neurosparse.hardware.profile import Profile
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


def place(loads: Sequence[Load], profile: Profile) -> tuple[tuple[Place, ...], ...]:
    """Return the cores of each population, in slice order.

    A population starts on the first chip with room and grows over linked chips, so that its cores lie together.
    Source: pacman/operations/placer_algorithms/application_placer.py, SpiNNaker_PACMAN 1!7.4.1, on one board.

    Raises
    ------
    OverBudget
        No linked chips have enough cores and SDRAM left for a population.
    """
    board = _Board(profile)
    return tuple(board.place(load) for load in loads)


def full_above(profile: Profile) -> int:
    """Return the bytes of SDRAM, monitors included, above which a chip counts as full and is passed over.

    That is less than one core's share left. Source: application_placer.py ``__cap_sdram``, SpiNNaker_PACMAN 1!7.4.1.
    """
    room = profile.chip.sdram - profile.monitors.sdram
    most_cores = max(cores for _, _, cores in profile.board.map)
    return room - room // (most_cores - profile.monitors.cores)


class _Board:
    """The chips of a board as they fill up."""

    def __init__(self, profile: Profile) -> None:
        chips = board_chips(profile)
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
        neighbours: dict[tuple[int, int], None] = {}
        chip = self._start(load, tried, seen)
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

    def _neighbour(
        self, sdram: int, seen: set[tuple[int, int]], neighbours: dict[tuple[int, int], None]
    ) -> tuple[int, int] | None:
        """Return the next chip beside those of the population that has room, or None."""
        while neighbours:
            chip = next(iter(neighbours))
            del neighbours[chip]
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
        self, chip: tuple[int, int], seen: set[tuple[int, int]], neighbours: dict[tuple[int, int], None]
    ) -> tuple[list[int], int]:
        """Take a chip: add its neighbours to those to come, return its free cores and its used SDRAM."""
        for place in self._chips[chip].neighbours:
            if place not in self._full and place not in seen:
                neighbours[place] = None
        return list(self._free[chip]), self._used[chip]
