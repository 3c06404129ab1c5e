"""Spiking neurons in less memory: some states are kept, and the steps between them are taken again on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.spikes import add_lanes, push_spikes
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.layer import Law, Signal
from neurosparse.nn.lif import Lif, rooms_for

#: Rooms of `fire` that the next step reads: potential, current, refractory steps left and adaptation.
_STATE = (0, 1, 2, 5)


class CheckpointedLif(Lif):
    """`Lif` with the slopes of so many steps at a time, and the states of every so many.

    Of n steps it keeps ``n / every`` states and the slopes and delayed signals of `every` steps, in place of all: least
    with about the square root of n (Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174).
    Spikes, the output, stay; every step is taken twice. Gradients are gathered piece by piece: 64 bytes a connection
    for the time of a backward visit. All results are those of `Lif` to the last bit; `signals` are empty.

    Parameters
    ----------
    every : int
        Steps from one state that is kept to the next.
    arguments, options
        As `Lif` takes them.

    Raises
    ------
    BadInput
        `every` is no number of steps, or as `Lif` does.
    """

    def __init__(self, every: int, *arguments: Any, **options: Any) -> None:
        if every < 1:
            raise BadInput(f"states cannot be kept every {every} steps", help="at least 1")
        n_steps = arguments[2][1]
        super().__init__(*arguments, **options, held=min(every, n_steps))
        batch, n_adaptive = self._mask.keep.shape[1], self._rooms[-1].shape[0]
        self._pieces = [(begin, min(begin + every, n_steps)) for begin in range(0, n_steps, every)]
        self._states = [[buffer(self._rooms[k].shape[0], batch) for k in _STATE] for _ in self._pieces]
        # The rooms of `Lif` hold what the way back leaves from piece to piece.
        self._again = rooms_for(self.bias.size, n_adaptive, batch)

    def _fire_all(self, x: np.ndarray, spikes: np.ndarray) -> None:
        """Take all steps, and keep the state before each piece."""
        for state, steps in zip(self._states, self._pieces, strict=True):
            for kept, k in zip(state, _STATE, strict=True):
                kept[:] = self._rooms[k]
            self._fire(x, spikes, steps, self._rooms)

    def _learn(self, x: np.ndarray, spikes: np.ndarray, dz: np.ndarray, below: np.ndarray, laws: Sequence[Law]) -> None:
        """Take the steps of each piece again and back, write `below` unless empty, and move weights at the end."""
        batch, n_live = self._mask.keep.shape[1], [self._store.live_of(p) for p in self.projections]
        sums = [np.zeros((live, WIDTH), np.float32) for live in n_live]
        for state, steps in zip(self._states[::-1], self._pieces[::-1], strict=True):
            for kept, k in zip(state, _STATE, strict=True):
                self._again[k][:] = kept
            self._fire(x, spikes, steps, self._again)
            self._fire_back(spikes, dz, steps, bool(below.size))
            part = below[:, steps[0] * batch : steps[1] * batch] if below.size else NOTHING
            for which, signal in enumerate(self._signals(x, spikes, steps)):
                self._gather(which, signal, self._pushed(signal[0], part) if which == 0 else NOTHING, sums[which])
        for which, live in enumerate(n_live):
            gradient = np.empty(live, np.float32)
            add_lanes(sums[which], gradient)
            self._descend(which, (self._seen[1], NOTHING, NOTHING, NOTHING, 0, gradient), laws[which])

    def _gather(self, which: int, signal: Signal, dx: np.ndarray, sums: np.ndarray) -> None:
        """Add to the gradients of a projection those of some steps, and write `dx` unless it is empty."""
        row_start, target, _, _ = self.projections[which].slots
        jobs = []
        for rows in self._store.segments(self.projections[which]):
            own = sums[row_start[rows[0]] - row_start[0] :]
            jobs.append((row_start, target, self._seen[which], signal[0], dx, signal[1], rows, own))
        self._workers.run(push_spikes, jobs, self._store.live_of(self.projections[which]) * signal[1].shape[1])
