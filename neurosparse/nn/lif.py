"""Leaky integrate-and-fire neurons on the synapse store, some with adaptive thresholds, feedforward or recurrent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.lanes import ALWAYS_OPEN
from neurosparse.kernels.neurons import fire, fire_back
from neurosparse.kernels.products import descend_bias
from neurosparse.kernels.recurrent import push_back
from neurosparse.kernels.through_time import descend_steps
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer, padded
from neurosparse.nn.delays import delayed, undelayed
from neurosparse.nn.descent import descend_by
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.weights import first_weights
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore

LEARNING = ("bptt", "eprop")
_EMPTY = np.zeros(0, np.float32)


class Lif:
    """Spiking neurons whose output is their spikes, 1 or 0 at each step; equations: `neurosparse.kernels.neurons`.

    Learning is by backpropagation through time with a slope in place of the derivative of a spike ("long short-term
    memory and learning-to-learn in networks of spiking neurons", Bellec et al., NeurIPS 2018), or by e-prop (Bellec et
    al., "A solution to the learning dilemma for recurrent networks of spiking neurons", Nature Communications 11:3625,
    2020, eq. 1) with symmetric feedback: the sum over time of learning signal times eligibility trace, ``sum_t L_j^t
    e_ji^t``. The learning signal is the gradient that the layer above gives for each spike. As the traces of a neuron
    obey linear equations, the sum over time may be taken the other way round: then each neuron filters its learning
    signals back in time by its own membrane, current and adaptation, and no trace of any synapse is kept. That is
    backpropagation through time without what passes through recurrent connections. What goes to the layer below is the
    gradient by the first step alone which an input can move.

    A connection's delay is part of its index: row ``i * delays + d`` of a projection holds the connections of source i
    that take ``d + 1`` steps. Recurrent ones act d + 1 steps after the spike. Input at step t through a delay of one
    step (d = 0) acts at step t; so on a machine, where it takes a step, it is to be sent a step earlier.

    Parameters
    ----------
    store : SynapseStore
    projections : tuple of Projection
        Of the store: ``features * input_delays`` onto the neurons; where it is recurrent, ``neurons * delays`` onto the
        neurons.
    shape : tuple of int
        Features and steps of a sample.
    neurons : int
    n_adaptive : int
        The last so many of the neurons have an adaptive threshold.
    cell : LifCell
    workers : Workers
    batch : int
    below : Activation
        Of the layer that made the input.
    lengths : ndarray of int64, shape (at most batch,), optional
        Steps of each sample that count, read anew by every `forward`; all unless told.
    input_delays, delays : int
        How many delays connections may have.
    learning : str
        ``"bptt"`` or ``"eprop"``.
    rate_strength : float
        Of the regularisation of rates (as in Bellec et al. 2018 and 2020, here a mean over neurons): ``rate_strength *
        mean_j (rate_j - target)**2`` is added to the loss, with rates in spikes/ms over all steps and samples of a
        batch.
    rate_target : float, Hz

    Attributes
    ----------
    projections : tuple of Projection
    shape : tuple of int
        Neurons and steps.
    cell : LifCell
    bias : ndarray of float32, shape (neurons,)
    bias_velocity : ndarray of float32, shape (neurons,), or (0,) where the store has no momentum
    signals : tuple of Signal

    Raises
    ------
    BadInput
        The projections are others, or a number makes no sense.
    """

    def __init__(
        self,
        store: SynapseStore,
        projections: tuple[Projection, ...],
        shape: tuple[int, int],
        neurons: int,
        n_adaptive: int,
        cell: LifCell,
        workers: Workers,
        batch: int,
        below: Activation,
        lengths: np.ndarray | None = None,
        *,
        input_delays: int = 1,
        delays: int = 1,
        learning: str = "bptt",
        rate_strength: float = 0.0,
        rate_target: float = 10.0,
    ) -> None:
        features, steps = shape
        wanted = ((features * input_delays, neurons), (neurons * delays, neurons))[: max(len(projections), 1)]
        if min(input_delays, delays) < 1:
            raise BadInput("a connection takes at least one of one delay", help="input_delays and delays from 1")
        if tuple((p.n_pre, p.n_post) for p in projections) != wanted:
            raise BadInput(
                f"a layer of {neurons:,} spiking neurons needs other projections",
                numbers={
                    "needs": ", ".join(f"{a:,} x {b:,}" for a, b in wanted),
                    "there is": ", ".join(f"{p.n_pre:,} x {p.n_post:,}" for p in projections),
                },
            )
        if not 0 <= n_adaptive <= neurons:
            raise BadInput(f"{n_adaptive:,} of {neurons:,} neurons cannot be adaptive")
        if learning not in LEARNING:
            raise BadInput(f"spiking neurons do not learn by {learning!r}", help=f"known: {', '.join(LEARNING)}")
        self.projections, self.shape, self.cell = projections, (neurons, steps), cell
        self._store, self._workers, self._lengths = store, workers, lengths
        self._input_delays, self._eprop = input_delays, learning == "eprop"
        # What has no delays is not there.
        self._delays = delays if len(projections) == 2 else 0
        self._strength, self._target = rate_strength, rate_target / 1000
        self.bias = np.zeros(neurons, np.float32)
        self.bias_velocity = np.zeros(neurons if store.velocity.size else 0, np.float32)
        ceiling = below.gates
        self._gates = store.seen, ceiling, np.float32(0.0)
        self._open = store.seen, ALWAYS_OPEN, np.float32(0.0)
        self._keep = buffer(steps, batch)
        self._keep[:, :batch] = 1.0
        width = padded(batch)
        # Slopes of spikes on the way out, gradients of sums on the way back.
        self._slope = buffer(neurons, steps * width)
        self._rooms = [buffer(neurons, batch) for _ in range(5)]
        self._adaptation = buffer(n_adaptive, batch)
        rows = neurons * (max(self._delays, 1) + 1)
        self._later = buffer(rows, batch).reshape(-1, neurons, width)
        self._local = NOTHING
        self._units = list(pairwise(neurons * part // store.parts for part in range(store.parts + 1)))
        self._spikes, self._shown = np.zeros(neurons), 0.0
        self._counted = self._spikes, self._shown
        self.signals: tuple[Signal, ...] = ((NOTHING, NOTHING),) * len(projections)

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection a half-normal size with variance ``gain**2 / fan_in``, fan-in as it is live.

        In thresholds; Bellec et al. 2018 and 2020 draw from a normal distribution of variance 1 / fan-in.
        """
        for p in self.projections:
            first_weights(p, gain, seed, fan_in_of, factor=1.0)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute the spikes `y` (neurons * steps, batch) from `x` (features * steps, batch), float32 and C-ordered."""
        if self._lengths is not None:
            steps = np.arange(self._keep.shape[0])[:, None]
            self._keep[:, : self._lengths.size] = steps < self._lengths
        inputs = self._rows(0), self._by_time(x), self._input_delays, self.bias
        state = (*self._rooms, self._adaptation)
        made = self._by_time(y), self._slope
        arrays = inputs, (self._rows(-1), self._delays), made, self._keep, state, self.cell.numbers()
        live = sum(self._store.live_of(p) for p in self.projections)
        self._walk(fire, arrays, live, self._delays, 1)
        self._counted = self._rooms[4].sum(axis=1, dtype=np.float64), float(self._keep.sum(dtype=np.float64))
        self._spikes += self._counted[0]
        self._shown += self._counted[1]

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Go back through time, write `dx` unless it is empty, and move weights and biases.

        Parameters
        ----------
        x : ndarray of float32, shape (features * steps, batch)
        dx : ndarray of float32, shape (features * steps, batch) or (0, 0)
            Gradient of what made `x`, with the gates of the layer below.
        y, dy : ndarray of float32, shape (neurons * steps, batch)
            The spikes that `forward` computed, and the gradient of the mean loss with respect to them.
        laws : sequence of Law
            One for each projection; biases move with that of the input.
        """
        spikes, batch = self._by_time(y), self._keep.shape[1]
        delays = 0 if self._eprop else self._delays
        self._local = self._room(self._local, self._slope.shape) if self._eprop and dx.size else NOTHING
        rooms = (self._later[: delays + 1], *self._rooms, self._adaptation)
        made = spikes, self._slope, self._local
        arrays = (self._rows(-1), delays), made, self._by_time(dy), self._wish(), rooms, self.cell.numbers()
        live = self._store.live_of(self.projections[-1]) if delays else 0
        self._walk(fire_back, arrays, live, delays, -1)
        sequence, sums = delayed(self._by_time(x), self._input_delays, batch), self._slope
        pairs = [(sequence, sums)]
        if self._delays:
            # What arrives one step later and after.
            pairs.append((delayed(spikes[:, :-batch], self._delays, batch), sums[:, batch:]))
        self.signals = tuple(pairs)
        below = self._below(dx)
        if self._local.size:
            self._push(sequence, below)
        self._descend(0, self._gates, NOTHING if self._local.size else below, laws[0])
        if self._delays:
            self._descend(1, self._open, NOTHING, laws[1])
        if dx.size and self._input_delays > 1:
            undelayed(below, self._input_delays, batch, self._by_time(dx))
        rate, _, _, momentum, _ = laws[0].numbers()
        descend_bias(self.bias, self.bias_velocity, self._rooms[4], rate, momentum)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """Return the biases with the input; the recurrent sums have no others."""
        return (self.bias, _EMPTY)[: len(self.projections)]

    @property
    def rate_loss(self) -> float:
        """Return what the regularisation of rates added to the loss of the last batch."""
        return self._strength * float(np.square(self._mean_rates() - self._target).mean())

    def state(self) -> dict[str, np.ndarray]:
        """Return what changes in training beside the store: the arrays themselves."""
        velocity = {"bias_velocity": self.bias_velocity} if self.bias_velocity.size else {}
        return {"bias": self.bias} | velocity

    def tally(self) -> np.ndarray:
        """Return the mean rate of every neuron since the last call, Hz, float64 (neurons,), and count anew."""
        rates = self._spikes / max(self._shown, 1.0) * (1000 / self.cell.dt)
        self._spikes, self._shown = np.zeros_like(self._spikes), 0.0
        return rates

    def _mean_rates(self) -> np.ndarray:
        """Return the mean rates of the last batch, spikes/ms."""
        spikes, steps = self._counted
        return spikes / (max(steps, 1.0) * self.cell.dt)

    def _wish(self) -> np.ndarray:
        """Return what the regularisation of rates adds to the gradient of each spike of a neuron."""
        per_spike = 2 * self._strength / (self.bias.size * max(self._counted[1], 1.0) * self.cell.dt)
        return (per_spike * (self._mean_rates() - self._target)).astype(np.float32)

    def _walk(self, kernel: Callable[..., None], arrays: tuple[Any, ...], live: int, delays: int, stride: int) -> None:
        """Visit all steps: in one call, in a part for each range of neurons, or step by step in such parts.

        Neurons that are connected wait for each other after every step.
        """
        n_steps, batch = self._keep.shape
        work = (live + 4 * self.bias.size) * batch
        if not delays:
            jobs = [(*arrays, (0, n_steps), units) for units in self._units]
            self._workers.run(kernel, jobs, work * n_steps)
        elif len(self._units) == 1 or work < self._workers.MIN_WORK:
            kernel(*arrays, (0, n_steps), (0, self.bias.size))
        else:
            for t in range(n_steps)[::stride]:
                self._workers.run(kernel, [(*arrays, (t, t + 1), units) for units in self._units], work)

    def _rows(self, which: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the weights of a projection as the products see them."""
        row_start, target, _, _ = self.projections[which].slots
        return row_start, target, self._store.seen

    def _descend(self, which: int, seen: tuple[np.ndarray, np.float32, np.float32], dx: np.ndarray, law: Law) -> None:
        """Move the weights of a projection down the gradients that its signals make."""
        (x, dy), projection = self.signals[which], self.projections[which]
        work = self._store.live_of(projection) * x.shape[1]
        signals = seen, x, dx, dy, 0, _EMPTY
        descend_by(descend_steps, signals, self._store, projection, law, self._workers, work)

    def _below(self, dx: np.ndarray) -> np.ndarray:
        """Return room for the gradient of the input, a row for each delay."""
        if not dx.size or self._input_delays == 1:
            return self._by_time(dx) if dx.size else dx
        return np.empty((self.projections[0].n_pre, self._slope.shape[1]), np.float32)

    def _push(self, x: np.ndarray, dx: np.ndarray) -> None:
        """Write the gradient of the input by the first step alone which it can move."""
        jobs = [(self._rows(0), self._local, dx, rows) for rows in self._store.segments(self.projections[0])]
        self._workers.run(push_back, jobs, self._store.live_of(self.projections[0]) * x.shape[1])
        ceiling = self._gates[1]
        if ceiling >= 0:
            dx[(x >= ceiling) | (x.view(np.uint32) == 0)] = 0

    def _room(self, old: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array of a shape, the old one if it has it."""
        return old if old.shape == shape else np.zeros(shape, np.float32)

    def _by_time(self, x: np.ndarray) -> np.ndarray:
        """Return a signal as a matrix of features by steps and samples."""
        return x.reshape(x.shape[0] // self.shape[1], -1)
