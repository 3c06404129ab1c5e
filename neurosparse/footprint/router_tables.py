"""The multicast entries of every router, before compression, as the tool chain makes them for a measured network.

Followed step by step as pacman/operations/router_algorithms/application_router.py and
pacman/operations/routing_table_generators/merged_routing_table_generator.py do it (SpiNNaker_PACMAN 1!7.4.1). Where the
tool chain goes through a set of chips, so does this: the order of a set of pairs of small numbers is the same in every
run of CPython for chips put in in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neurosparse.footprint.keys import KeyBlock
from neurosparse.footprint.listeners import WHOLE, Edge, edges_from
from neurosparse.footprint.routes import XY, Mesh, Tree
from neurosparse.footprint.values import Footprint

LINKS = 6

# Of one router: by sender and its core (or WHOLE), the route and whether the router would do without the entry.
_Table = dict[tuple[str, int], tuple[int, bool]]


@dataclass(frozen=True)
class Entry:
    """One entry of a router: spikes whose key agrees with `key` in the bits of `mask` take `route`.

    Attributes
    ----------
    route : int
        Bit k for link k, bit 6 + p for core p.
    default : bool
        Whether they would go on straight without the entry too.
    """

    key: int
    mask: int
    route: int
    default: bool


def router_tables(footprint: Footprint) -> dict[XY, tuple[Entry, ...]]:
    """Return the entries of every router that has any, before compression, in their order.

    Raises
    ------
    OverBudget
        There is no way between two chips, where the tool chain fails as well.
    """
    mesh = Mesh(footprint.profile, footprint.boards)
    tables: dict[XY, _Table] = {}
    for name in footprint.keys:
        _Sender(footprint, name, mesh, tables).route(tuple(edges_from(footprint, name)))
    most = {name: len(footprint.cores_of(name)) - 1 for name in footprint.keys}
    full = 2**footprint.profile.routing.key_bits - 1
    return {xy: tuple(_merged(table, footprint.keys, most, full)) for xy, table in tables.items()}


class _Wanted:
    """What cores of one chip want to hear of one sender."""

    def __init__(self, sources: range) -> None:
        self._sources = sources
        self.cores: dict[int, list[int]] = {}

    def add(self, core: int, sources: Iterable[int], apart: bool) -> None:
        """Let a core hear some sources; `apart` on chips of the sender, where its cores are never taken as a whole.

        Once a whole is told apart, its parts share one list: a core added to one of them hears all, as in the source.
        """
        for source in sources:
            if WHOLE in self.cores and (apart or source != WHOLE):
                shared = self.cores.pop(WHOLE)
                self.cores.update(dict.fromkeys(self._sources, shared))
            told_apart = apart or any(k != WHOLE for k in self.cores)
            for k in self._sources if source == WHOLE and told_apart else (source,):
                self.cores.setdefault(k, []).append(core)


class _Sender:
    """One sender whose spikes are being routed: its places, the trees that grow from it, and who wants what where."""

    def __init__(self, footprint: Footprint, name: str, mesh: Mesh, tables: dict[XY, _Table]) -> None:
        self._name, self._mesh, self._tables = name, mesh, tables
        self._on: dict[XY, list[int]] = {}
        for k, core in enumerate(footprint.cores_of(name)):
            self._on.setdefault((core.x, core.y), []).append(k)
        self._cores = range(sum(map(len, self._on.values())))
        self._trees: dict[XY, Tree] = {}
        self._wanted: dict[XY, _Wanted] = {}
        # Chips of the sender from which its spikes leave it; a set, for its order.
        self._exits: set[XY] = set()

    def route(self, edges: Sequence[Edge]) -> None:
        """Route everything that it sends, and write it into the tables of the routers on the way."""
        own: set[XY] = set()
        for edge in edges:
            if edge.target == self._name:
                own.update(self._want(edge, apart=True))
            else:
                self._reach(self._want(edge, apart=False))
        for xy in self._exits:
            if xy not in self._wanted:
                self._wanted[xy] = _Wanted(self._cores)
                self._wanted[xy].cores = {k: [] for on in self._on.values() for k in on}
            self._write_all(self._trees[xy])
        for xy, cores in self._on.items():
            trees: dict[XY, Tree] = {}
            self._mesh.spread(xy, self._on, self._exits | own, trees)
            for k in cores:
                self._write_one(trees[xy], k, own)

    def _want(self, edge: Edge, apart: bool) -> set[XY]:
        """Note what the cores of a target want to hear; return their chips."""
        chips: set[XY] = set()
        for core, sources in edge.heard:
            xy = (core.x, core.y)
            self._wanted.setdefault(xy, _Wanted(self._cores)).add(core.p, sources, apart or xy in self._on)
            chips.add(xy)
        return chips

    def _reach(self, chips: set[XY]) -> None:
        """Grow trees to the chips of a target.

        Source: ``_route_source_to_target`` and ``_find_target_xy``, application_router.py.
        """
        shared: set[XY] = set()
        for xy in self._on:
            if xy in chips:
                shared.add(xy)
        if len(chips) == 1:
            (goal,), shared = chips, set()
        elif shared:
            goal = next(iter(shared))
        else:
            goal = next((xy for xy in chips if xy in self._trees), list(chips)[-1])
        first, last = self._mesh.join(next(iter(self._on)), goal, self._trees, self._on, chips)
        if len(shared) > 1:
            self._spread_from(shared, chips)
        self._mesh.spread(last, chips, chips, self._trees)
        if len(shared) <= 1 and first in self._on:
            self._exits.add(first)

    def _spread_from(self, shared: set[XY], chips: set[XY]) -> None:
        """Grow trees from every chip that source and target share to what of the target can be reached from it first.

        Takes the chips reached out of `chips`. Source: ``_route_multiple_source_to_target``, application_router.py.
        """
        closed = set(shared)
        for xy in shared:
            reached = self._mesh.reachable(xy, chips, closed)
            wanted = reached & chips
            self._mesh.spread(xy, reached, wanted, self._trees)
            self._exits.add(xy)
            chips -= wanted
            closed |= reached

    def _write_all(self, root: Tree) -> None:
        """Write the tree from an exit: for all cores of the sender as a whole, except where targets tell them apart.

        Source: ``_convert_a_route`` with ``ensure_all_source``, application_router.py.
        """
        for xy, links, came_by in _walk(root):
            if xy not in self._wanted:
                self._write(xy, WHOLE, links, (), came_by)
                continue
            wanted = self._wanted[xy].cores
            for k, cores in wanted.items():
                self._write(xy, k, links, cores, came_by)
            if WHOLE not in wanted:
                for k in self._cores:
                    if k not in wanted:
                        self._write(xy, k, links, (), came_by)

    def _write_one(self, root: Tree, k: int, own: set[XY]) -> None:
        """Write the tree from a core of the sender to its exits, and to its own cores where it is its own target.

        Source: ``_make_source_to_source_routes`` and ``_make_source_to_source_edge_routes``, application_router.py.
        """
        for xy, links, came_by in _walk(root):
            wanted = self._wanted[xy].cores if own and xy in self._wanted else {}
            self._write(xy, k, links, wanted.get(k, ()), came_by)

    def _write(self, xy: XY, k: int, links: Sequence[int], cores: Iterable[int], came_by: int | None) -> None:
        """Write an entry, joined with the one that there is.

        Sources: ``RoutingEntry`` of spinn_machine/routing_entry.py, SpiNNMachine 1!7.4.1;
        pacman/model/routing_table_by_partition/multicast_routing_table_by_partition.py.
        """
        table = self._tables.setdefault(xy, {})
        route = sum(1 << link for link in set(links)) | sum(1 << LINKS + p for p in set(cores))
        entry = (route, len(links) == 1 and came_by is not None and (came_by + 3) % LINKS == links[0])
        known = table.setdefault((self._name, k), entry)
        if known != entry:
            table[self._name, k] = (known[0] | route, False)


def _walk(root: Tree) -> Iterable[tuple[XY, list[int], int | None]]:
    """Yield each chip of a tree, the links by which it goes on, and the link by which it came (none at the root)."""
    waiting: list[tuple[Tree, int | None]] = [(root, None)]
    seen = set()
    while waiting:
        tree, came_by = waiting.pop()
        if tree.xy not in seen:
            seen.add(tree.xy)
            yield tree.xy, [link for link, _ in tree.branches], came_by
            waiting += [(branch, (link + 3) % LINKS) for link, branch in tree.branches]


def _merged(table: _Table, keys: Mapping[str, KeyBlock], most: Mapping[str, int], full: int) -> Iterable[Entry]:
    """Yield the entries of one router, those of neighbouring cores of a sender that go the same way as one.

    Source: merged_routing_table_generator.py.
    """
    rows = list(table.items())
    start = 0
    while start < len(rows):
        (name, k), (route, default) = rows[start]
        block, stop = keys[name], start + 1
        if k == WHOLE:
            yield Entry(block.key, block.mask, route, default)
        else:
            while stop < len(rows) and rows[stop][0] == (name, k + stop - start) and rows[stop][1][0] == route:
                stop += 1
            for first, count in _groups(k, stop - start, most[name]):
                mask = full - (count << block.atom_bits) + 1
                yield Entry(block.of_core(first), mask, route, rows[start + first - k][1][1])
        start = stop


def _groups(first: int, count: int, last: int) -> Iterable[tuple[int, int]]:
    """Yield (first core, cores that the mask spans) of the entries for `count` cores in a row; `last` is the sender's.

    A mask spans a power of two of cores, from a multiple of it on. Behind the last core of the sender there are no
    keys, so that a mask may span more there. Source: ``merge_machine_entries``,
    pacman/model/routing_info/app_vertex_routing_info.py.
    """
    stop = first + count
    at = first
    while at < stop:
        span = at & -at if at else 1 << (count - 1).bit_length()
        if count > 1 and span > stop - at and stop - 1 != last:
            span = 1 << (stop - at).bit_length() - 1
        yield at, span if count > 1 else 1
        at += span
