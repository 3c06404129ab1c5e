"""Leaky integrate-and-fire neurons on the synapse store, some with adaptive thresholds, feedforward or recurrent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.lanes import ALWAYS_OPEN
from neurosparse.kernels.neurons import fire, fire_back
from neurosparse.kernels.products import descend_bias
from neurosparse.kernels.recurrent import push_back
from neurosparse.kernels.spikes import push_spikes
from neurosparse.kernels.through_time import descend_steps
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer, padded
from neurosparse.nn.delays import delayed, undelayed
from neurosparse.nn.descent import descend_by
from neurosparse.nn.gathered import Gathered
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.rates import Rates
from neurosparse.nn.step_mask import StepMask
from neurosparse.nn.walk import walk
from neurosparse.nn.weights import check_shapes, first_weights
from neurosparse.nn.workers import Workers, cut
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore

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
    clip : float
        The largest norm of the gradient of all weights and biases (see `Gathered`); 0 for any.
    held : int, optional
        Steps for whose slopes there is room: all of them (see `neurosparse.nn.lif_checkpoints` for fewer).

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
        clip: float = 0.0,
        held: int | None = None,
    ) -> None:
        features, steps = shape
        wanted = ((features * input_delays, neurons), (neurons * delays, neurons))[: max(len(projections), 1)]
        if min(input_delays, delays) < 1:
            raise BadInput("a connection takes at least one of one delay", help="input_delays and delays from 1")
        check_shapes(projections, wanted, f"a layer of {neurons:,} spiking neurons")
        if not 0 <= n_adaptive <= neurons:
            raise BadInput(f"{n_adaptive:,} of {neurons:,} neurons cannot be adaptive")
        if learning not in LEARNING:
            raise BadInput(f"spiking neurons do not learn by {learning!r}", help=f"known: {', '.join(LEARNING)}")
        self.projections, self.shape, self.cell = projections, (neurons, steps), cell
        self._store, self._workers = store, workers
        self._input_delays, self._eprop = input_delays, learning == "eprop"
        # What has no delays is not there.
        self._delays = delays if len(projections) == 2 else 0
        self._clip, self._gathered = clip, Gathered(store, projections, workers, clip, in_lanes=True)
        self._rates = Rates(neurons, cell.dt, rate_strength, rate_target)
        self.bias = np.zeros(neurons, np.float32)
        self.bias_velocity = np.zeros(neurons if store.velocity.size else 0, np.float32)
        # What the products see, and how the gates of what made their inputs are closed.
        self._seen = tuple((store.seen, ceiling, np.float32(0.0)) for ceiling in (below.gates, ALWAYS_OPEN))
        self._mask = StepMask(steps, batch, lengths)
        width = padded(batch)
        # Slopes of spikes on the way out, gradients of sums on the way back.
        self._slope = buffer(neurons, (held or steps) * width)
        self._rooms = rooms_for(neurons, n_adaptive, batch)
        rows = neurons * (max(self._delays, 1) + 1)
        self._later = buffer(rows, batch).reshape(-1, neurons, width)
        self._local = NOTHING
        self._units = cut(neurons, store.parts)
        self.signals: tuple[Signal, ...] = ((NOTHING, NOTHING),) * len(projections)

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection a half-normal size with variance ``gain**2 / fan_in``, fan-in as it is live.

        In thresholds; Bellec et al. 2018 and 2020 draw from a normal distribution of variance 1 / fan-in.
        """
        for p in self.projections:
            first_weights(p, gain, seed, fan_in_of, factor=1.0)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute the spikes `y` (neurons * steps, batch) from `x` (features * steps, batch), float32 and C-ordered."""
        keep = self._mask.look()
        self._fire_all(self._by_time(x), self._by_time(y))
        self._rates.count(self._rooms[4].sum(axis=1, dtype=np.float64), float(keep.sum(dtype=np.float64)))

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
        spikes, sequence, below = self._by_time(y), self._by_time(x), self._below(dx)
        self._learn(sequence, spikes, self._by_time(dy), below, laws)
        if dx.size and self._input_delays > 1:
            undelayed(below, self._input_delays, self._mask.keep.shape[1], self._by_time(dx))
        rate, _, _, momentum, _ = laws[0].numbers()
        descend_bias(self.bias, self.bias_velocity, self._rooms[4], rate, momentum)

    def _fire_all(self, x: np.ndarray, spikes: np.ndarray) -> None:
        """Take all steps."""
        self._fire(x, spikes, (0, self.shape[1]), self._rooms)

    def _learn(self, x: np.ndarray, spikes: np.ndarray, dz: np.ndarray, below: np.ndarray, laws: Sequence[Law]) -> None:
        """Visit all steps again, write `below`, the gradient of the delayed input, unless empty, and move weights."""
        steps = 0, self.shape[1]
        self._fire_back(spikes, dz, steps, bool(below.size))
        self.signals = self._signals(x, spikes, steps)
        if self._clip:
            self._gathered.begin()
            self._gather(self.signals, below)
            self._gathered.descend(laws, self._rooms[4])
            return
        for which, (old, sums) in enumerate(self.signals):
            dx = self._pushed(old, below) if which == 0 else NOTHING
            projection, signals = self.projections[which], (self._seen[which], old, dx, sums, 0, _EMPTY)
            work = self._store.live_of(projection) * sums.shape[1]
            descend_by(descend_steps, signals, self._store, projection, laws[which], self._workers, work)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """Return the biases with the input; the recurrent sums have no others."""
        return (self.bias, _EMPTY)[: len(self.projections)]

    @property
    def rate_loss(self) -> float:
        """Return what the regularisation of rates added to the loss of the last batch."""
        return self._rates.loss

    def state(self) -> dict[str, np.ndarray]:
        """Return what changes in training beside the store: the arrays themselves."""
        velocity = {"bias_velocity": self.bias_velocity} if self.bias_velocity.size else {}
        return {"bias": self.bias} | velocity

    def tally(self) -> np.ndarray:
        """Return the mean rate of every neuron since the last call, Hz, float64 (neurons,), and count anew."""
        return self._rates.tell()

    def _fire(self, x: np.ndarray, spikes: np.ndarray, steps: tuple[int, int], state: Sequence[np.ndarray]) -> None:
        """Take steps for which there is room, from the state that earlier ones left."""
        inputs = self._rows(0), x, self._input_delays, self.bias
        recurrent, made = (self._rows(-1), self._delays), (spikes, self._slope)
        arrays = inputs, recurrent, made, self._mask.keep, tuple(state), self.cell.numbers()
        live = sum(self._store.live_of(p) for p in self.projections)
        self._walk(fire, arrays, live, self._delays, steps, 1)

    def _fire_back(self, spikes: np.ndarray, dz: np.ndarray, steps: tuple[int, int], asked: bool) -> None:
        """Turn the slopes of the steps taken last into gradients of their sums; of the input's too, where asked."""
        delays = 0 if self._eprop else self._delays
        if self._local.shape != (wanted := self._slope.shape if self._eprop and asked else NOTHING.shape):
            self._local = np.zeros(wanted, np.float32)
        made, rooms = (spikes, self._slope, self._local), (self._later[: delays + 1], *self._rooms)
        arrays = (self._rows(-1), delays), made, dz, self._rates.wish(), rooms, self.cell.numbers()
        live = self._store.live_of(self.projections[-1]) if delays else 0
        self._walk(fire_back, arrays, live, delays, steps, -1)

    def _walk(
        self,
        kernel: Callable[..., None],
        arrays: tuple[Any, ...],
        live: int,
        delays: int,
        steps: tuple[int, int],
        stride: int,
    ) -> None:
        """Visit some steps: neurons that are connected wait for each other after every one."""
        begin, end = steps
        work = (live + 4 * self.bias.size) * self._mask.keep.shape[1]
        if delays:
            walk(kernel, arrays, steps, (begin,), self._units, self._workers, work, stride)
        else:
            jobs = [(*arrays, (begin, end, begin), units) for units in self._units]
            self._workers.run(kernel, jobs, work * (end - begin))

    def _rows(self, which: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the weights of a projection as the products see them."""
        row_start, target, _, _ = self.projections[which].slots
        return row_start, target, self._store.seen

    def _signals(self, x: np.ndarray, spikes: np.ndarray, steps: tuple[int, int]) -> tuple[Signal, ...]:
        """Return, for each projection, what it brought to the steps visited last, and the gradients of their sums."""
        (begin, end), batch = steps, self._mask.keep.shape[1]
        sums = self._slope[:, : (end - begin) * batch]
        signals = [(delayed(x, self._input_delays, batch, steps), sums)]
        if self._delays:
            # What arrives one step later and after: nothing at the first.
            sent = max(begin - 1, 0), end - 1
            late = sums[:, (sent[0] + 1 - begin) * batch :]
            signals.append((delayed(spikes, self._delays, batch, sent), late))
        return tuple(signals)

    def _gather(self, signals: tuple[Signal, ...], below: np.ndarray) -> None:
        """Add to the gradients those of some steps, and write `below`, the part of these steps, unless it is empty."""
        for which, (old, sums) in enumerate(signals):
            dx = self._pushed(old, below) if which == 0 else NOTHING
            self._gathered.add(push_spikes, which, (self._seen[which], old, dx, sums))

    def _below(self, dx: np.ndarray) -> np.ndarray:
        """Return room for the gradient of the input, a row for each delay."""
        if not dx.size or self._input_delays == 1:
            return self._by_time(dx) if dx.size else dx
        return np.empty((self.projections[0].n_pre, self._by_time(dx).shape[1]), np.float32)

    def _pushed(self, x: np.ndarray, dx: np.ndarray) -> np.ndarray:
        """Return what of the gradient `dx` of the input the visit of the weights is still to write.

        With e-prop nothing: it is written here, by the first step alone which the input can move.
        """
        if not (self._eprop and dx.size):
            return dx
        local = self._local[:, : dx.shape[1]]
        jobs = [(self._rows(0), local, dx, rows) for rows in self._store.segments(self.projections[0])]
        self._workers.run(push_back, jobs, self._store.live_of(self.projections[0]) * x.shape[1])
        ceiling = self._seen[0][1]
        if ceiling >= 0:
            dx[(x >= ceiling) | (x.view(np.uint32) == 0)] = 0
        return NOTHING

    def _by_time(self, x: np.ndarray) -> np.ndarray:
        """Return a signal as a matrix of features by steps and samples."""
        return x.reshape(x.shape[0] // self.shape[1], -1)


def rooms_for(neurons: int, n_adaptive: int, batch: int) -> list[np.ndarray]:
    """Return what `fire` keeps from step to step, or `fire_back`: five rooms for all neurons, one for the adaptive."""
    return [*(buffer(neurons, batch) for _ in range(5)), buffer(n_adaptive, batch)]
