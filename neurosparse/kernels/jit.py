"""The one decorator that turns a plain function on arrays into machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` on first call and keep the machine code on disk for the next process.

    The interpreter lock is released while a kernel runs. Sums may be reassociated and contracted so that they
    vectorise; NaN and infinity keep their meaning. Division by zero follows IEEE 754 instead of raising. Where no
    folder can be written the code is compiled anew in every process.
    """
    options = {"error_model": "numpy", "fastmath": {"contract", "reassoc"}, "nogil": True}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba's "no locator available": neither the package nor the user's cache is writable
        return numba.njit(**options)(function)
