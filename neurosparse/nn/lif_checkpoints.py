"""Spiking neurons in less memory: some states are kept, and the steps between them are taken again on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.layer import Law
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
        batch = self._mask.keep.shape[1]
        self._gathered.begin()
        for state, steps in zip(self._states[::-1], self._pieces[::-1], strict=True):
            for kept, k in zip(state, _STATE, strict=True):
                self._again[k][:] = kept
            self._fire(x, spikes, steps, self._again)
            self._fire_back(spikes, dz, steps, bool(below.size))
            part = below[:, steps[0] * batch : steps[1] * batch] if below.size else NOTHING
            self._gather(self._signals(x, spikes, steps), part)
        self._gathered.descend(laws, self._rooms[4])
