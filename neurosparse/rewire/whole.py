"""Rules that start from all connections of a network, to compare with those that never have them."""

from __future__ import annotations

from neurosparse.errors import BadInput
from neurosparse.store.layout import Layout


def refuse_sparse(rule: str, layout: Layout, what_is_left: str) -> None:
    """Raise BadInput unless the budget is all connections; the flag `what_is_left` says how many are left."""
    pairs = sum(p.n_pre * p.n_post for p in layout.projections)
    if layout.n_slots != pairs:
        raise BadInput(
            f"the rule {rule} starts from all connections, so its budget must be all of them",
            numbers={"budget": f"{layout.n_slots:,}", "pairs": f"{pairs:,}"},
            help=f"--connectivity 100%, or leave it and --synapses out; {what_is_left} decides how many are left",
        )
