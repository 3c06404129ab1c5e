"""How training shows itself: one line that moves on a terminal, one line an epoch anywhere else."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from neurosparse.train.events import EpochEnd, Event, Progress


class ProgressLine:
    """Shows events on `console`; use it as a context manager.

    Parameters
    ----------
    console : Console
        Where the line goes: by custom standard error, so that standard output holds facts alone.
    epochs, steps : int
        Of the whole run.
    """

    def __init__(self, console: Console, epochs: int, steps: int) -> None:
        self._console, self._epochs, self._steps = console, epochs, steps
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None
        # Time is taken from the first event on: before it, the kernels may have been compiled.
        self._first: tuple[float, int] | None = None
        self._last: EpochEnd | None = None

    def __enter__(self) -> ProgressLine:
        """Start the moving line."""
        if self._live:
            self._live.__enter__()
            self._live.update(Text("loading the kernels, which are compiled once"))
        else:
            self._console.print("loading the kernels, which are compiled once", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last line standing."""
        if self._live:
            self._live.__exit__(kind, fault, trace)

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, EpochEnd):
            self._last = event
        if isinstance(event, EpochEnd | Progress):
            if self._live:
                self._live.update(Text(self._line(event), no_wrap=True, overflow="ellipsis"))
            elif isinstance(event, EpochEnd):
                self._console.print(self._line(event), highlight=False, soft_wrap=True)

    def _line(self, event: EpochEnd | Progress) -> str:
        """Return the line: epoch, loss, validation accuracy, rewired, live of budget, time left."""
        parts = [f"epoch {event.epoch}/{self._epochs}", f"loss {event.loss:.4f}"]
        if self._last:
            parts.append(f"validation {100 * self._last.validation_accuracy:.2f} %")
        parts += [f"rewired {event.rewired:,}", f"live {event.live:,} / {event.budget:,}"]
        now = time.monotonic()
        began, done = self._first = self._first or (now, event.step)
        if event.step > done:
            left = (now - began) / (event.step - done) * (self._steps - event.step)
            parts.append(f"{int(left // 60)}:{int(left % 60):02d} left")
        return "  ".join(parts)
