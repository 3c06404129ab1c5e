"""Rules that start from all connections of a network, to compare with those that never have them."""

from __future__ import annotations

from neurosparse.errors import BadInput
from neurosparse.store.layout import Layout


def refuse_sparse(rule: str, layout: Layout) -> None:
    """Raise BadInput unless the budget is all connections."""
    pairs = sum(p.n_pre * p.n_post for p in layout.projections)
    if layout.n_slots != pairs:
        raise BadInput(
            f"the rule {rule} starts from all connections, so its budget must be all of them",
            numbers={"budget": f"{layout.n_slots:,}", "pairs": f"{pairs:,}"},
            help="--connectivity 100%",
        )
