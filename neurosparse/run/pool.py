"""Runs trained side by side in processes of their own: none is left behind, and one that is killed is told."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurosparse.config import Config
from neurosparse.run.watched import Ended

#: Kernels and libraries of a worker keep to one thread: the processes are what runs side by side.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_ASK = 0.1
"""Seconds between two questions whether to stop."""


@dataclass(frozen=True)
class Order:
    """A run to train: where its folder is or goes, and its configuration."""

    path: Path
    config: Config


@dataclass(frozen=True)
class News:
    """What a worker tells of a run.

    Attributes
    ----------
    order : Order
    done : float
        The part of its steps that is taken.
    validation : float or None
        Accuracy after an epoch, as a fraction; None between epochs.
    """

    order: Order
    done: float
    validation: float | None = None


@dataclass(frozen=True)
class Finished:
    """A run reached its end."""

    order: Order


@dataclass(frozen=True)
class Failed:
    """A run ended otherwise, and not because it was asked to stop.

    Attributes
    ----------
    order : Order
    kind, message : str
        The short name of the fault, and all that is to say of it.
    """

    order: Order
    kind: str
    message: str


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def train_all(
    orders: Iterable[Order], jobs: int, stop: Callable[[], bool] = lambda: False
) -> Generator[News | Finished | Failed, None, None]:
    """Train runs, `jobs` at a time, and yield what happens to them.

    A run goes on from its checkpoint where it has one. What the configuration of a run says of threads stays as it is;
    libraries are told to use one. When the iteration ends, however it does, no process is left; where it is given up in
    the middle they are killed, and what they trained since their last checkpoints is lost.

    Parameters
    ----------
    orders : iterable of Order
    jobs : int
    stop : callable
        Once it returns true, no run is begun, those under way write their checkpoints, and the iteration ends.
    """
    waiting, workers, asked = deque(orders), list[_Worker](), False
    try:
        while waiting or workers:
            if not asked and stop():
                asked = True
                waiting.clear()
                for worker in workers:
                    worker.process.terminate()
            while waiting and len(workers) < jobs:
                workers.append(_Worker())
                workers[-1].give(waiting.popleft())
            for worker in select.select(workers, [], [], _ASK)[0]:
                yield from worker.news(asked)
                if worker.order is None and not worker.ended and waiting and not asked:
                    worker.give(waiting.popleft())
                if worker.order is None:
                    workers.remove(worker)
                    worker.close()
    finally:
        for worker in workers:
            worker.process.kill()
            worker.close()


class _Worker:
    """A process that trains, `neurosparse.run.worker`; Ctrl-C does not reach it."""

    def __init__(self) -> None:
        # The process finds modules where we do, whatever lies in the working folder.
        script = f"import sys; sys.path[:] = {sys.path!r}; from neurosparse.run.worker import main; main({os.getpid()})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
            start_new_session=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._orders, self._said = self.process.stdin, self.process.stdout
        self._rest = b""
        self.order: Order | None = None
        self.ended = False

    def fileno(self) -> int:
        """Return the descriptor that can be read when there are news."""
        return self._said.fileno()

    def give(self, order: Order) -> None:
        """Let it train a run."""
        self.order = order
        line = json.dumps({"path": str(order.path), "config": order.config.to_json()})
        with contextlib.suppress(BrokenPipeError):  # it has ended, as `news` will find
            self._orders.write(line.encode() + b"\n")
            self._orders.flush()

    def news(self, asked: bool) -> Iterator[News | Finished | Failed]:
        """Yield what it says; afterwards `order` is None where the run has ended.

        Parameters
        ----------
        asked : bool
            Whether it was asked to stop.
        """
        part = os.read(self.fileno(), 65_536)
        *lines, self._rest = (self._rest + part).split(b"\n")
        for line in lines:
            yield from self._heard(json.loads(line), asked)
        if not part:
            self.ended = True
            order, self.order = self.order, None
            ended = Ended(self.process.wait(), ())
            if order is not None and not (asked and ended.code in (0, -signal.SIGTERM)):
                yield Failed(order, "process", _killed(ended))

    def _heard(self, said: dict[str, Any], asked: bool) -> Iterator[News | Finished | Failed]:
        """Yield what a line of its says."""
        order = self.order
        assert order is not None
        match said.get("ended"):
            case None:
                yield News(order, said["done"], said.get("validation"))
                return
            case "finished":
                yield Finished(order)
            case "failed":
                yield Failed(order, said["kind"], said["message"])
            case _:
                self.ended = True
                if not asked:
                    yield Failed(order, "process", "error[process]: its process was asked to stop, by somebody else")
        self.order = None

    def close(self) -> None:
        """Wait for its end, which comes when it has no orders."""
        for pipe in (self._orders, self._said):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process.wait()


def _killed(ended: Ended) -> str:
    """Return what is to say of a process that ended in the middle of a run."""
    lines = [f"error[process]: its process ended before its time, {ended.how}"]
    if ended.code == -signal.SIGKILL:
        lines.append("help: the kernel does so where memory runs out; fewer --jobs take less of it")
    return "\n".join(lines)
