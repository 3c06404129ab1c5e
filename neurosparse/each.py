"""Settings that are one value for all projections, or one each."""

from __future__ import annotations

from typing import Any

from neurosparse.errors import BadInput


def one_each(name: str, value: Any, count: int) -> tuple[Any, ...]:
    """Return a setting that is one value for all projections, or one each, as one each.

    Raises
    ------
    BadInput
        There are as many values neither as projections nor one.
    """
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        raise BadInput(
            f"{name.replace('_', '-')} names {len(value)} values for {count} projections",
            numbers={"given": f"{len(value)}", "projections": f"{count}"},
            help="give one for all, or one for each projection, input to output",
        )
    return value
