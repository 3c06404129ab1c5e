"""A process that trains one run after another: orders come in on standard input, news go out on standard output.

Both are JSON, one document a line. SIGTERM asks it to stop after the step under way, with the checkpoint written; so
does the end of the process that started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurosparse.config import Config
from neurosparse.errors import NeurosparseError
from neurosparse.run.training import resume, start
from neurosparse.train.events import EpochEnd, Progress

_EVERY = 0.25
"""Seconds between two signs of life."""


def main(parent: int) -> None:
    """Serve the process `parent` until it closes our standard input, asks us to stop, or is gone."""
    asked = False

    def note(*_: object) -> None:
        nonlocal asked
        asked = True

    def stop() -> bool:
        return asked or os.getppid() != parent

    def tell(**news: Any) -> None:
        nonlocal asked
        try:
            out.write(json.dumps(news) + "\n")
            out.flush()
        except OSError:  # nobody listens any more
            asked = True

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What anything else prints must not come between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        tell(**_train(Path(order["path"]), Config.from_json(order["config"]), stop, tell))
        if stop():
            break


def _train(path: Path, config: Config, stop: Callable[[], bool], tell: Callable[..., None]) -> dict[str, Any]:
    """Train the run at `path` to its end, from its checkpoint where there is one, and return how it ended."""
    try:
        run = resume(path) if path.exists() else start(config, path)
        said = 0.0
        for event in run.events(stop):
            if isinstance(event, EpochEnd):
                tell(done=event.step / run.trainer.steps, validation=event.validation_accuracy)
            elif isinstance(event, Progress) and time.monotonic() - said > _EVERY:
                tell(done=event.step / event.steps)
            else:
                continue
            said = time.monotonic()
    except NeurosparseError as fault:
        return {"ended": "failed", "kind": fault.kind, "message": str(fault)}
    except MemoryError:
        return {"ended": "failed", "kind": "memory", "message": "error[memory]: not enough memory"}
    except OSError as fault:
        return {"ended": "failed", "kind": "file", "message": f"error[file]: {fault}"}
    except Exception:
        message = "error[internal]: this is a fault of neurosparse, not yours: please report it"
        return {"ended": "failed", "kind": "internal", "message": f"{message}\n{traceback.format_exc()}"}
    return {"ended": "finished" if run.folder.is_finished else "stopped"}
