"""How a number falls over a run: the learning rate, the l1 prior, the temperature."""

from __future__ import annotations

import math

from neurosparse.errors import BadInput

SCHEDULES = ("constant", "cosine", "linear")


def part_left(schedule: str, step: int, steps: int) -> float:
    """Return what is left of a number at `step` (from 1) of a run of `steps`, as a fraction of what it begins with.

    ``"constant"``: all of it. ``"cosine"``: half a cosine from 1 down to 0 (Loshchilov and Hutter 2017,
    arXiv:1608.03983, eq. 5 without restarts). ``"linear"``: a straight line from 1 down to 0.

    Raises
    ------
    BadInput
        The schedule is unknown.
    """
    done = (step - 1) / steps
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * done))
    if schedule == "linear":
        return 1.0 - done
    raise BadInput(f"there is no schedule {schedule!r}", help=f"known: {', '.join(SCHEDULES)}")
