"""Threads for kernels: the same parts in the same order of sums, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any


class Workers:
    """Runs the parts of a job side by side; kernels release the interpreter lock.

    Parameters
    ----------
    threads : int
        1 runs everything in the caller.
    """

    #: A part handed to another thread costs some 50 us; below this many multiply-adds that is not worth it.
    MIN_WORK = 4_000_000

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def run(self, function: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], work: int) -> list[Any]:
        """Call `function` with each of `jobs` and return the results in order; side by side where `work` is large."""
        first, *rest = jobs
        if self._pool is None or work < self.MIN_WORK:
            return [function(*job) for job in (first, *rest)]
        futures = [self._pool.submit(function, *job) for job in rest]
        return [function(*first), *(future.result() for future in futures)]


def cut(size: int, parts: int) -> list[tuple[int, int]]:
    """Return at most `parts` ranges of about equal size, none of them empty, that together are 0 to `size`."""
    edges = pairwise(size * part // parts for part in range(parts + 1))
    return [(begin, end) for begin, end in edges if begin < end]
