"""Long short-term memory on the synapse store: sparse input and recurrent weights, one or both directions of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING
from neurosparse.nn.checkpoints import CheckpointedRecurrence
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.recurrence import GATES, Recurrence
from neurosparse.nn.step_mask import StepMask
from neurosparse.nn.weights import check_shapes, first_weights
from neurosparse.nn.workers import Workers
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


class LSTM:
    """Long short-term memory with forget gates and without peepholes, trained by backpropagation through time.

    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997); forget gates: Gers, Schmidhuber
    and Cummins, "Learning to Forget", Neural Computation 12 (2000), who start their biases above zero: here at 1, the
    other biases at 0. Both directions of time: Graves and Schmidhuber, Neural Networks 18 (2005). Equations:
    `neurosparse.kernels.lstm`.

    Parameters
    ----------
    store : SynapseStore
    projections : tuple of Projection
        Of the store: features onto ``4 * units`` columns, units onto ``4 * units`` columns, the gates i, f, g and o
        being blocks of `units` columns; two more for the other direction of time if `bidirectional`.
    shape : tuple of int
        Features and steps of a sample.
    units : int
        Of each direction.
    bidirectional : bool
    workers : Workers
    batch : int
    below : Activation
        Of the layer that made the input.
    lengths : ndarray of int64, shape (at most batch,), optional
        Steps of each sample that count, read anew by every `forward`; all unless told. The state is zero, and so is the
        output, where a step does not count: after the end of a sample, and so before its last step in the other
        direction of time.
    checkpoint_every : int, optional
        Keep the states of every so many steps alone, and compute the gates between them again on the way back: to the
        last bit the same, in less memory where there are many steps (see `CheckpointedRecurrence`).
    clip : float
        The largest norm of the gradient of all weights and biases of a direction (see `Gathered`); 0 for any.

    Attributes
    ----------
    projections : tuple of Projection
    shape : tuple of int
        Features and steps of the output: ``units`` or ``2 * units``, the other direction of time last.
    bias : ndarray of float32, shape (4 * units,) or (8 * units,)
    bias_velocity : ndarray of float32, of the shape of the biases, or (0,) where the store has no momentum
    """

    def __init__(
        self,
        store: SynapseStore,
        projections: tuple[Projection, ...],
        shape: tuple[int, int],
        units: int,
        bidirectional: bool,
        workers: Workers,
        batch: int,
        below: Activation,
        lengths: np.ndarray | None = None,
        checkpoint_every: int | None = None,
        clip: float = 0.0,
    ) -> None:
        features, steps = shape
        directions = 1 + bidirectional
        wanted = ((features, GATES * units), (units, GATES * units)) * directions
        check_shapes(projections, wanted, f"an LSTM of {units:,} units in {directions} directions")
        if checkpoint_every is not None and checkpoint_every < 1:
            raise BadInput(f"states cannot be kept every {checkpoint_every} steps", help="at least 1")
        self.projections, self.shape = projections, (directions * units, steps)
        self._store, self._units = store, units
        self.bias = np.zeros(directions * GATES * units, np.float32)
        self.bias_velocity = np.zeros(self.bias.size if store.velocity.size else 0, np.float32)
        self._mask = StepMask(steps, batch, lengths)
        self._directions: list[Recurrence] = []
        for k in range(directions):
            own = slice(k * GATES * units, (k + 1) * GATES * units)
            self.bias[own][units : 2 * units] = 1.0
            biases = self.bias[own], self.bias_velocity[own]
            pair = projections[2 * k], projections[2 * k + 1]
            held = min(checkpoint_every or steps, steps)
            kind = Recurrence if held == steps else CheckpointedRecurrence
            self._directions.append(kind(store, pair, biases, workers, self._mask.keep, below, bool(k), held, clip))
        self._room = np.zeros((0, 0), np.float32)

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection a half-normal size with variance ``gain**2 / fan_in``, fan-in as it is live.

        Without the factor 2 that makes up for rectifiers (see `first_weights`): the sums of each projection then
        have about the variance of their inputs.
        """
        for p in self.projections:
            first_weights(p, gain, seed, fan_in_of, factor=1.0)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (units * steps, batch) from `x` (features * steps, batch), both float32 and C-ordered."""
        self._mask.look()
        sequence = self._by_time(x)
        for direction, h in zip(self._directions, self._outputs(y), strict=True):
            direction.forward(sequence, h)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Go back through time, write `dx` unless it is empty, and move weights and biases.

        Parameters
        ----------
        x : ndarray of float32, shape (features * steps, batch)
        dx : ndarray of float32, shape (features * steps, batch) or (0, 0)
            Gradient of what made `x`, with the gates of the layer below.
        y, dy : ndarray of float32, shape (units * steps, batch)
            The output that `forward` computed, and the gradient of the mean loss with respect to it.
        laws : tuple of Law
            One for each projection; biases move with that of the input.
        """
        sequence, back = self._by_time(x), self._by_time(dx) if dx.size else dx
        outputs = zip(self._directions, self._outputs(y), self._outputs(dy), strict=True)
        for k, (direction, h, dh) in enumerate(outputs):
            room = back
            if k and back.size:
                # The second direction's share is added to that of the first.
                self._room = room = self._room if self._room.shape == back.shape else np.empty_like(back)
            direction.backward(sequence, room, h, dh, (laws[2 * k], laws[2 * k + 1]))
            if room is not back:
                back += room

    def state(self) -> dict[str, np.ndarray]:
        """Return what changes in training beside the store: the arrays themselves."""
        velocity = {"bias_velocity": self.bias_velocity} if self.bias_velocity.size else {}
        return {"bias": self.bias} | velocity

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """Return the biases of the gates with the input of each direction; the recurrent sums have no others."""
        own = self.bias.reshape(-1, GATES * self._units)
        return tuple(bias for row in own for bias in (row, NOTHING[0:0].ravel()))

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return, for each projection, its input and the gradient of its sums over all steps, as `backward` left them.

        Empty where gradients are not kept: with `checkpoint_every`.
        """
        return tuple(pair for direction in self._directions for pair in direction.signals)

    def _by_time(self, x: np.ndarray) -> np.ndarray:
        """Return a signal as a matrix of features by steps and samples."""
        return x.reshape(x.shape[0] // self.shape[1], -1)

    def _outputs(self, y: np.ndarray) -> list[np.ndarray]:
        """Return the part of each direction of an output, as a matrix of units by steps and samples."""
        h = self._by_time(y)
        return [h[begin : begin + self._units] for begin in range(0, h.shape[0], self._units)]
