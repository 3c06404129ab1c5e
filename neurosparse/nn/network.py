"""A chain of sparse layers on one synapse store: forward, loss, and one backward visit that learns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.batch import gather
from neurosparse.kernels.chain import learn
from neurosparse.kernels.dropout import drop_out, pass_back
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.evaluation import evaluate
from neurosparse.nn.layer import Law
from neurosparse.nn.linear import Linear
from neurosparse.nn.losses import SoftmaxCrossEntropy
from neurosparse.nn.snapshot import Ends, trained_projections
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.nn.workers import Workers
from neurosparse.store.store import SynapseStore


class Network:
    """Layers with an activation and a last one without, one for each projection of the store.

    Parameters
    ----------
    store : SynapseStore
        Its projections are the layers, in order; `fill` it first.
    batch : int
        The largest number of samples at a time; activations are allocated for it once.
    workers : Workers, optional
    activation : Activation
        Of the hidden layers.
    dropout : sequence of float, optional
        The rate of dropout at the input of each layer while learning, in [0, 1); none unless told.
    preconditioner : sequence of float, optional
        A factor on the steps of each layer (see `Law`); 1 unless told.
    smoothing : float
        The part of a label that is spread evenly over all classes while learning.

    Attributes
    ----------
    layers : tuple of Linear
    store : SynapseStore
    """

    def __init__(
        self,
        store: SynapseStore,
        batch: int,
        workers: Workers | None = None,
        activation: Activation = RELU,
        *,
        dropout: Sequence[float] | None = None,
        preconditioner: Sequence[float] | None = None,
        smoothing: float = 0.0,
    ) -> None:
        self.store, self.activation = store, activation
        workers = workers or Workers(1)
        last = len(store.projections) - 1
        n_inputs = store.projections[0].n_pre
        posts = [p.n_post for p in store.projections]
        # All layers in one array each, one after the other, as the rows of the store are.
        self._bias = np.zeros(sum(posts), np.float32)
        self._bias_velocity = np.zeros(sum(posts) if store.velocity.size else 0, np.float32)
        self._activations = buffer(n_inputs + sum(posts), batch), buffer(sum(posts), batch)
        edges = [0, *accumulate(posts)]
        biases = [(self._bias[a:b], self._bias_velocity[a:b]) for a, b in pairwise(edges)]
        self.layers = tuple(
            Linear(store, p, bias, p.index < last, activation, workers)
            for p, bias in zip(store.projections, biases, strict=True)
        )
        self.loss = SoftmaxCrossEntropy(smoothing)
        self._dropout = np.array(dropout or [0.0] * len(posts), np.float32)
        self._preconditioner = np.array(preconditioner or [1.0] * len(posts), np.float32)
        x, dx = self._activations
        self._x = [x[:n_inputs], *(x[n_inputs + a : n_inputs + b] for a, b in pairwise(edges))]
        # Nobody asks for the gradient of the input.
        self._dx = [NOTHING, *(dx[a:b] for a, b in pairwise(edges))]
        self._signals = tuple(zip(self._x[:-1], self._dx[1:], strict=True))
        self._seen = store.seen, np.float32(activation.ceiling), np.float32(activation.levels)
        self._in_one_call = store.parts == 1
        self._rectified = [activation] * last + [IDENTITY]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of neurons of each layer, input to output."""
        return (self.layers[0].n_inputs, *(layer.n_outputs for layer in self.layers))

    @property
    def biases(self) -> int:
        """Return the number of biases, which are counted apart from the connections."""
        return sum(layer.n_outputs for layer in self.layers)

    def effective(self) -> list[int]:
        """Return how many connections of each projection lie on a path from an input to an output."""
        return self.store.effective().tolist()

    @property
    def signals(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Return, for each projection, its input and the gradient of its sums as the last step left them.

        The gradient of the mean loss with respect to the weight of a pair (i, j), live or dormant, is the sum over the
        batch of ``x[i] * dy[j]``; float32 (n_pre, batch) and (n_post, batch).
        """
        return self._signals

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection its first weight (see `Linear.initialise`)."""
        for layer in self.layers:
            layer.initialise(gain, seed, fan_in_of)

    def read(self, samples: np.ndarray, order: np.ndarray, scale: float, lengths: np.ndarray | None = None) -> None:
        """Put ``samples[order] * scale`` into the input.

        Parameters
        ----------
        samples : ndarray of uint8 or float32, shape (n_samples, n_inputs)
        order : ndarray of int64, shape (n_chosen,)
            At most `batch` of them.
        lengths
            Without meaning here: there is no time.
        """
        if samples.ndim != 2 or samples.shape[1] != self._x[0].shape[0] or order.size > self._x[0].shape[1]:
            raise BadInput(
                "the samples do not fit the network's input",
                numbers={
                    "samples": f"{samples.shape}, {order.size} chosen",
                    "input": f"{self._x[0].shape[0]} neurons, at most {self._x[0].shape[1]} at a time",
                },
            )
        gather(samples, order, np.float32(scale), self._x[0])

    def forward(self) -> np.ndarray:
        """Return the sums of the last layer for the input that was read: float32 (n_classes, batch)."""
        self.store.look()
        for layer, x, y in zip(self.layers, self._x[:-1], self._x[1:], strict=True):
            layer.forward(x, y)
        return self._x[-1]

    def learn(self, label: np.ndarray, law: Law) -> tuple[float, int]:
        """Take one step on the batch that was read; the dead leave gaps that the rewiring rule must close.

        Returns
        -------
        float, int
            Mean loss and number of right decisions before the step.
        """
        if self._in_one_call:
            self.store.look()
            died = self.store.died[0]
            deaths = died[: law.dies * died.size], self.store.mortal
            return learn(
                self.store.slots, self._seen, self.store.blocks, self.store.segment_end, deaths,
                (self._bias, self._bias_velocity), self._activations, label, law.numbers(), (law.seed, law.step),
                (self._dropout, self.loss.smoothing), self._preconditioner,
            )  # fmt: skip
        self.store.look()
        for k, layer in enumerate(self.layers):
            if self._dropout[k]:
                drop_out(self._x[k], self._dropout[k], (law.seed, law.step), self.store.projections[k].rows[0])
            layer.forward(self._x[k], self._x[k + 1])
        loss, right = self.loss(self._x[-1], label, self._dx[-1])
        for k in range(len(self.layers) - 1, -1, -1):
            own = law._replace(preconditioner=float(self._preconditioner[k]))
            self.layers[k].backward(self._x[k], self._dx[k], self._x[k + 1], self._dx[k + 1], [own])
            if k and self._dropout[k]:
                pass_back(self._dx[k], self._dropout[k])
        return loss, right

    def evaluate(
        self, samples: np.ndarray, label: np.ndarray, scale: float, lengths: np.ndarray | None = None
    ) -> tuple[float, float]:
        """Return mean loss and accuracy (a fraction) over `samples`, shape (n_samples, n_inputs)."""
        return evaluate(self, self._x[0].shape[1], samples, label, scale, lengths)

    def silent(self) -> tuple[str, ...]:
        """Return nothing: there are no spiking neurons."""
        return ()

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change in training beside those of the store, by name: not copies."""
        return {f"{name}{k}": array for k, layer in enumerate(self.layers) for name, array in layer.state().items()}

    def trained(self, ends: Sequence[Ends]) -> TrainedNetwork:
        """Return a copy of the network as it is seen, as a value, its projections and populations named by `ends`."""
        return TrainedNetwork(trained_projections(self.store, self.layers, ends, self._rectified))
