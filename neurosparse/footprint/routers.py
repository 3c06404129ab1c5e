"""How many entries every router needs for the spikes of a measured network, and the refusal where one has too few."""

from __future__ import annotations

from dataclasses import dataclass

from neurosparse.errors import OverBudget
from neurosparse.footprint.compress import compressed
from neurosparse.footprint.router_tables import router_tables
from neurosparse.footprint.routes import XY
from neurosparse.footprint.values import Footprint


@dataclass(frozen=True)
class RouterUse:
    """The multicast entries of one router.

    Attributes
    ----------
    before : int
        Entries that the routes come to.
    after : int
        Entries that are written to it: as many, where they fit, and else what compression leaves.
    """

    before: int
    after: int


def router_entries(footprint: Footprint) -> dict[XY, RouterUse]:
    """Return the entries of every router that has any, ordered by chip.

    A table that fits is not compressed, as in the tool chain (pacman/operations/router_compressors/
    abstract_compressor.py, ``router_table_compress_as_far_as_possible = False``). One that does not fit even then ends
    its run with a MinimisationFailedError, or an IndexError where it has more routes than there are entries.

    Raises
    ------
    OverBudget
        A router has too few entries, or there is no way between two chips.
    """
    limit = footprint.profile.chip.router_entries
    uses = {}
    for xy, entries in sorted(router_tables(footprint).items()):
        after = len(entries) if len(entries) <= limit else len(compressed(entries))
        uses[xy] = RouterUse(len(entries), after)
    over = {xy: use for xy, use in uses.items() if use.after > limit}
    if over:
        xy = max(over, key=lambda xy: over[xy].after)
        raise OverBudget(
            f"the router of chip {xy} has too few entries for the spikes that pass it"
            + (f", and those of {len(over) - 1} more chips too" if len(over) > 1 else ""),
            numbers={
                "needs": f"{over[xy].after:,} ({over[xy].before:,} before compression)",
                "there is": f"{limit:,}",
                "too much": f"{over[xy].after - limit:,}",
            },
            where=f"chip {xy}",
            help="put more neurons on a core, or let neighbouring neurons connect to the same parts of their targets",
        )
    return uses
