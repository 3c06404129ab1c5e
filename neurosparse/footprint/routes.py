"""Ways for spikes over the mesh of chips: where links lead, the shortest path, and trees that grow along them.

Followed step by step as pacman/operations/router_algorithms/application_router.py does it (SpiNNaker_PACMAN 1!7.4.1),
because the entries of every router depend on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from neurosparse.errors import OverBudget
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.topology import board_chips, step

XY = tuple[int, int]
Step = tuple[int, XY]  # a link, and the chip that it leads to

# The links that go up and down the x axis, the y axis, and the diagonal that undoes a step of both.
_AXES = ((0, 3), (2, 5), (4, 1))


@dataclass(eq=False)
class Tree:
    """A chip on the way of spikes, and the links by which they go on; a link may be listed more than once."""

    xy: XY
    branches: list[tuple[int, Tree]] = field(default_factory=list)


class Mesh:
    """The chips of a machine and the links between them.

    Parameters
    ----------
    boards : int
        Boards of the machine.
    """

    def __init__(self, profile: RowsProfile, boards: int) -> None:
        self._profile = profile
        self.links: Mapping[XY, dict[int, XY]] = {
            (chip.x, chip.y): dict(chip.links) for chip in board_chips(profile, boards)
        }

    def path(self, start: XY, goal: XY) -> list[Step]:
        """Return the steps of the way that is taken: the longest axis first, around missing chips and links.

        Sources: ``longest_dimension_first``, routing_algorithm_utilities.py; ``_path_without_errors``,
        application_router.py.

        Raises
        ------
        OverBudget
            There is no way.
        """
        straight = self._straight(start, goal)
        steps: list[Step] = []
        here, done = start, 0
        while done < len(straight):
            if self._leads(here, straight[done]):
                steps.append(straight[done])
                here, done = straight[done][1], done + 1
                continue
            there = here
            while done < len(straight) and not self._leads(there, straight[done]):
                there, done = straight[done][1], done + 1
            steps += self._shortest(here, there)
            here = there
        return _without_loops(start, steps)

    def _straight(self, start: XY, goal: XY) -> list[Step]:
        """Return the steps as if there were chips and links everywhere."""
        vector = self._vector(start, goal)
        x, y = start
        steps = []
        for axis in sorted(range(3), key=lambda axis: -abs(vector[axis])):
            link = _AXES[axis][vector[axis] < 0]
            for _ in range(abs(vector[axis])):
                x, y = step(self._profile, x, y, link)
                steps.append((link, (x, y)))
        return steps

    def _vector(self, start: XY, goal: XY) -> tuple[int, int, int]:
        """Return the steps along x, y and the diagonal: those of x and y less their middle, so that one is 0.

        Sources: ``get_vector`` of spinn_machine/no_wrap_machine.py and full_wrap_machine.py, SpiNNMachine 1!7.4.1.
        """
        x, y = goal[0] - start[0], goal[1] - start[1]
        if self._profile.board.wraps is not None:
            width, height = self._profile.board.wraps
            right, up = x % width, y % height
            ways = [(right, up), (right - width, up), (right, up - height), (right - width, up - height)]
            x, y = min(ways, key=lambda way: max(abs(way[0]), abs(way[1]), abs(way[0] - way[1])))
        middle = sorted((x, y, 0))[1]
        return x - middle, y - middle, -middle

    def _leads(self, start: XY, step: Step) -> bool:
        """Say whether a step can be taken."""
        return step[0] in self.links.get(start, {})

    def _shortest(self, start: XY, goal: XY) -> list[Step]:
        """Return the first of the shortest ways over links that there are."""
        waiting: deque[tuple[XY, list[Step]]] = deque([(start, [])])
        seen: set[XY] = set()
        while waiting:
            xy, steps = waiting.popleft()
            if xy == goal:
                return steps
            if xy not in seen:
                seen.add(xy)
                waiting += [(to, [*steps, (link, to)]) for link, to in self.links[xy].items() if to not in seen]
        raise _no_way(start, [goal])

    def reachable(self, start: XY, within: Collection[XY], closed: Collection[XY]) -> set[XY]:
        """Return the chips that can be reached through those `within` that are not `closed`, the start among them."""
        found, waiting = {start}, [start]
        while waiting:
            for to in self.links[waiting.pop()].values():
                if to in within and to not in found and to not in closed:
                    found.add(to)
                    waiting.append(to)
        return found

    def join(
        self, start: XY, goal: XY, trees: dict[XY, Tree], sources: Collection[XY], targets: Collection[XY]
    ) -> tuple[XY, XY]:
        """Grow the way from source to target; return its last chip of the source, and its first of the target.

        It leaves from where it last meets a chip of the source, or one that spikes pass already, and ends at the first
        chip of the target. Source: ``_route_pre_to_post``, application_router.py.
        """
        steps = self.path(start, goal)
        met = [k for k, (_, xy) in enumerate(steps) if xy in sources or xy in trees]
        if met:
            start, steps = steps[met[-1]][1], steps[met[-1] + 1 :]
        tree = trees.setdefault(start, Tree(start))
        for link, xy in steps:
            trees[xy] = Tree(xy)
            tree.branches.append((link, trees[xy]))
            tree = trees[xy]
            if xy in targets:
                return start, xy
        return start, goal

    def spread(self, start: XY, within: Collection[XY], wanted: Collection[XY], trees: dict[XY, Tree]) -> None:
        """Grow trees from a chip to all that are `wanted`, over chips `within` alone, nearest first.

        Source: ``_route_to_xys``, application_router.py. What it does twice is done twice: where two wanted chips lie
        behind one that is not, the links up to that one are listed twice, and a router that lists one is no longer
        said to pass spikes straight on.

        Raises
        ------
        OverBudget
            Not all can be reached.
        """
        waiting: deque[tuple[XY, list[tuple[XY, int]]]] = deque([(start, [])])
        missing, seen = set(wanted), set()
        while waiting:
            xy, path = waiting.popleft()
            missing.discard(xy)
            if xy in seen:
                continue
            seen.add(xy)
            if xy in trees:
                path = []
            elif xy in wanted:
                tree = trees[xy] = Tree(xy)
                for parent, link in reversed(path):
                    above = trees.setdefault(parent, Tree(parent))
                    above.branches.append((link, tree))
                    tree = above
                path = []
            for link, to in self.links[xy].items():
                if to in within and to not in seen:
                    waiting.append((to, [*path, (xy, link)]))
        if missing:
            raise _no_way(start, sorted(missing))


def _without_loops(start: XY, steps: list[Step]) -> list[Step]:
    """Cut out what leads back to a chip; where a chip was is remembered even after it was cut out, as in the source.

    Source: ``_path_without_loops``, application_router.py.
    """
    steps, place, k = list(steps), {start: 0}, 0
    while k < len(steps):
        xy = steps[k][1]
        if xy in place:
            del steps[place[xy] : k + 1]
            k = place[xy]
        else:
            k += 1
            place[xy] = k
    return steps


def _no_way(start: XY, missing: list[XY]) -> OverBudget:
    """Return the refusal where chips cannot be reached, at which the tool chain fails with a PacmanRoutingException."""
    return OverBudget(
        "spikes find no way over the links of the machine: the tool chain fails to route them",
        numbers={"from chip": str(start), "not reached": ", ".join(map(str, missing))},
        help="look at the map and the links of the profile's board",
    )
