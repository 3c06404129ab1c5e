"""Stores and names for the projections of an architecture."""

from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore


def store_for(architecture, connectivity=0.3, **options):
    """Return a filled store whose projections are the matrices of an architecture."""
    layouts = [
        unbounded(f"p{k}", m.rows, m.columns, max(1, round(connectivity * m.rows * m.columns)))
        for k, m in enumerate(architecture.matrices)
    ]
    store = SynapseStore(Layout(tuple(layouts)), **options)
    store.fill(3)
    return store


def ends_for(store):
    """Return names for the projections of a store and what they join."""
    return [(f"p{k}", f"n{k}", f"n{k + 1}") for k in range(len(store.projections))]
