"""How a sweep shows itself: one line that moves on a terminal, one line a finished run anywhere else."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from neurosparse.run.pool import Failed, Finished, News, Order


class SweepLine:
    """Shows what happens to runs on `console`; use it as a context manager.

    Parameters
    ----------
    console : Console
        Where the line goes: by custom standard error, so that standard output holds facts alone.
    runs, done : int
        Of the whole sweep, and how many of them are finished already.
    """

    def __init__(self, console: Console, runs: int, done: int) -> None:
        self._console, self._runs, self._done = console, runs, done
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None
        self._parts: dict[Path, float] = {}
        self._accuracy: dict[Path, float] = {}
        # Time is taken from the first news on: before it, processes start and kernels may be compiled.
        self._first: tuple[float, float] | None = None
        self._last = ""

    def __enter__(self) -> SweepLine:
        """Start the moving line."""
        if self._live:
            self._live.__enter__()
            self._live.update(Text(f"{self._done}/{self._runs} runs"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last line standing."""
        if self._live:
            self._live.__exit__(kind, fault, trace)

    def show(self, news: News | Finished | Failed) -> None:
        """Show what happened."""
        path = news.order.path
        if isinstance(news, News):
            self._first = self._first or (time.monotonic(), self._taken() + news.done)
            self._parts[path] = news.done
            if news.validation is not None:
                self._accuracy[path] = news.validation
                self._last = self._told(news.order)
        else:
            self._parts.pop(path, None)
            self._done += 1
            self._last = self._told(news.order) + (f"  failed: {news.kind}" if isinstance(news, Failed) else "")
        if self._live:
            self._live.update(Text(self._line(), no_wrap=True, overflow="ellipsis"))
        elif not isinstance(news, News):
            self._console.print(self._line(), highlight=False, soft_wrap=True)

    def _told(self, order: Order) -> str:
        """Return point, seed, and what is known of the accuracy."""
        told = f"{order.path.parent.name} seed {order.config.settings.seed}"
        accuracy = self._accuracy.get(order.path)
        return told if accuracy is None else f"{told}  validation {100 * accuracy:.2f} %"

    def _taken(self) -> float:
        """Return how many runs are done, parts of runs included."""
        return self._done + sum(self._parts.values())

    def _line(self) -> str:
        """Return the line: runs done of all, the run that it tells of, time left."""
        parts = [f"{self._done}/{self._runs} runs", self._last]
        now, taken = time.monotonic(), self._taken()
        if self._first is not None and taken > self._first[1]:
            left = (now - self._first[0]) / (taken - self._first[1]) * (self._runs - taken)
            parts.append(f"{int(left // 60)}:{int(left % 60):02d} left")
        return "  ".join(part for part in parts if part)
