"""Steps of time, taken one after the other by one thread or by several that wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurosparse.nn.workers import Workers


def walk(
    kernel: Callable[..., None],
    arrays: tuple[Any, ...],
    steps: tuple[int, int],
    told: tuple[Any, ...],
    units: Sequence[tuple[int, int]],
    workers: Workers,
    work: int,
    stride: int,
) -> None:
    """Take steps in one call, or one by one in parts where each is work enough for several threads.

    Parameters
    ----------
    kernel : callable
        Takes `arrays`, a tuple of the first step, the one after the last and what is `told`, and a range of units.
    steps : (int, int)
        The first step and the one after the last.
    units : sequence of (int, int)
        Ranges, one for each thread, that together are all units.
    work : int
        Multiply-adds of a step.
    stride : int
        1 upwards, -1 downwards.
    """
    if len(units) == 1 or work < workers.MIN_WORK:
        kernel(*arrays, (*steps, *told), (0, units[-1][1]))
        return
    for n in range(*steps)[::stride]:
        workers.run(kernel, [(*arrays, (n, n + 1, *told), part) for part in units], work)
