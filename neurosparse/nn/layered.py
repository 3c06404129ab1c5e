"""A network of any layers on one synapse store: forward, loss, and one way back on which it learns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from neurosparse.architecture.architecture import Architecture
from neurosparse.errors import BadInput
from neurosparse.kernels.batch import gather
from neurosparse.kernels.dropout import drop_out, pass_back
from neurosparse.nn.activation import RELU, Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.build import build, rectifiers
from neurosparse.nn.evaluation import evaluate
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.lif import Lif
from neurosparse.nn.losses import SoftmaxCrossEntropy
from neurosparse.nn.network import Network
from neurosparse.nn.norm import Norm
from neurosparse.nn.snapshot import Ends, trained_projections
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.nn.workers import Workers
from neurosparse.store.store import SynapseStore


class Layered:
    """The layers of an architecture, one after the other, whose weights are the projections of a store.

    Parameters
    ----------
    architecture : Architecture
    store : SynapseStore
        Its projections are the matrices of the architecture, in order; `fill` it first.
    batch : int
        The largest number of samples at a time; what goes from layer to layer is allocated for it once.
    workers : Workers, optional
    activation : Activation
        Of hidden neurons that are rectified.
    dropout : sequence of float, optional
        The rate of dropout at the input of each projection while learning, in [0, 1); none unless told.
    preconditioner : sequence of float, optional
        A factor on the steps of each projection (see `Law`); 1 unless told.
    smoothing : float
        The part of a label that is spread evenly over all classes while learning.

    Attributes
    ----------
    layers : tuple of Layer
    store : SynapseStore

    Raises
    ------
    BadInput
        The store does not have the projections of the architecture, dropout is asked for where nothing could say
        afterwards who was silent, or weights that are rounded would be normalised.
    """

    def __init__(
        self,
        architecture: Architecture,
        store: SynapseStore,
        batch: int,
        workers: Workers | None = None,
        activation: Activation = RELU,
        *,
        dropout: Sequence[float] | None = None,
        preconditioner: Sequence[float] | None = None,
        smoothing: float = 0.0,
    ) -> None:
        self.architecture, self.store = architecture, store
        self._lengths = np.zeros(buffer(1, batch).shape[1], np.int64)
        self._rectified = rectifiers(architecture, activation)
        self.layers = build(architecture, store, batch, workers or Workers(1), self._rectified, self._lengths)
        if store.seen is not store.weight and any(isinstance(layer, Norm) for layer in self.layers):
            raise BadInput(
                "weights that are rounded to a grid of steps leave it when normalisation goes into them",
                help="--weights float32, or a network without norm",
            )
        self.loss = SoftmaxCrossEntropy(smoothing)
        count = len(store.projections)
        self._factors = self._factors_of_layers(list(preconditioner or [1.0] * count))
        self._dropout = self._dropout_of_layers(list(dropout or [0.0] * count))
        sizes = [math.prod(signal.shape) for signal in architecture.signals]
        self._x = [buffer(size, batch) for size in sizes]
        # Dropout names its draws by number of the signal: those of a layer begin where the inputs of all before it end.
        dropped = [size if layer.projections else 0 for size, layer in zip(sizes, self.layers, strict=False)]
        self._first_draw = [0, *accumulate(dropped)]
        # What dropout leaves is a signal of its own: whoever made the other still needs it on the way back.
        rates = zip(self._dropout, sizes, self._x, strict=False)
        self._left = [buffer(size, batch) if rate else x for rate, size, x in rates]
        # Nobody asks for a gradient before the first layer that learns.
        first = next(k for k, layer in enumerate(self.layers) if layer.projections)
        self._dx = [buffer(size, batch) if k > first else NOTHING for k, size in enumerate(sizes)]
        self._first = first

    def _factors_of_layers(self, factors: list[float]) -> list[list[float]]:
        """Return the factors on the rates of each layer's projections; the shift of a norm moves as they before it."""
        found, last = [], [1.0]
        for layer in self.layers:
            last = [float(factors[p.index]) for p in layer.projections] or last[-1:]
            found.append(last)
        return found

    def _dropout_of_layers(self, rates: list[float]) -> list[float]:
        """Return the rate of dropout at the input of each layer, given those of the projections."""
        found, left = [], iter(rates)
        is_input = True
        for k, layer in enumerate(self.layers):
            own = [next(left) for _ in layer.projections]
            rate = own[0] if own else 0.0
            if any(other not in (0.0, rate) for other in own):
                raise BadInput("the projections of a layer share one rate of dropout", numbers={"rates": str(own)})
            if rate and not is_input and self._rectified[k].kind == "identity":
                raise BadInput(
                    f"dropout of the input of layer {k + 1} goes with rectified inputs alone",
                    numbers={"rate": f"{rate:g}"},
                    help="name a rate for each projection, and 0 here",
                )
            is_input = is_input and not own
            found.append(rate)
        return found

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the numbers of a sample and the number of classes."""
        return math.prod(self.architecture.input), self.architecture.signals[-1].shape[0]

    @property
    def biases(self) -> int:
        """Return the number of biases, which are counted apart from the connections."""
        return sum(bias.size for layer in self.layers for bias in layer.biases)

    def effective(self) -> list[int]:
        """Return how many connections of each projection lie on a path through a chain; of others, all that live."""
        if self.architecture.is_chain:
            return self.store.effective().tolist()
        return [self.store.live_of(p) for p in self.store.projections]

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return the signals of each projection (see `Layer`)."""
        return tuple(signal for layer in self.layers for signal in layer.signals)

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection its first weight."""
        for layer in self.layers:
            layer.initialise(gain, seed, fan_in_of)

    def read(self, samples: np.ndarray, order: np.ndarray, scale: float, lengths: np.ndarray | None = None) -> None:
        """Put ``samples[order] * scale`` into the input.

        Parameters
        ----------
        samples : ndarray of uint8 or float32, shape (n_samples, n_inputs)
        order : ndarray of int64, shape (n_chosen,)
            At most `batch` of them.
        lengths : ndarray of int64, shape (n_samples,), optional
            Steps of each sequence; all of them unless told.
        """
        n_inputs, columns = self._x[0].shape
        if samples.ndim != 2 or samples.shape[1] != n_inputs or order.size > columns:
            raise BadInput(
                "the samples do not fit the network's input",
                numbers={
                    "samples": f"{samples.shape}, {order.size} chosen",
                    "input": f"{n_inputs} numbers, at most {columns} samples at a time",
                },
            )
        gather(samples, order, np.float32(scale), self._x[0])
        # Where there is no sample there are no steps.
        self._lengths[:] = 0
        self._lengths[: order.size] = self.architecture.input[-1] if lengths is None else lengths[order]

    def forward(self, moment: Moment = None) -> np.ndarray:
        """Return the sums of the last layer for the input that was read: float32 (n_classes, batch)."""
        self.store.look()
        for k, layer in enumerate(self.layers):
            x = self._x[k]
            if moment is not None and self._dropout[k]:
                x = self._left[k]
                x[:] = self._x[k]
                drop_out(x, np.float32(self._dropout[k]), moment, self._first_draw[k])
            layer.forward(x, self._x[k + 1], moment)
        return self._x[-1]

    def learn(self, label: np.ndarray, law: Law) -> tuple[float, int]:
        """Take one step on the batch that was read; the dead leave gaps that the rewiring rule must close.

        Returns
        -------
        float, int
            Mean loss and number of right decisions before the step.
        """
        loss, right = self.loss(self.forward((law.seed, law.step)), label, self._dx[-1])
        loss += sum(layer.rate_loss for layer in self.layers if isinstance(layer, Lif))
        for k in range(len(self.layers) - 1, self._first - 1, -1):
            laws = [law._replace(preconditioner=factor) for factor in self._factors[k]]
            self.layers[k].backward(self._left[k], self._dx[k], self._x[k + 1], self._dx[k + 1], laws)
            if self._dx[k].size and self._dropout[k]:
                pass_back(self._dx[k], np.float32(self._dropout[k]))
        return loss, right

    def evaluate(
        self, samples: np.ndarray, label: np.ndarray, scale: float, lengths: np.ndarray | None = None
    ) -> tuple[float, float]:
        """Return mean loss and accuracy (a fraction) over `samples`, shape (n_samples, n_inputs)."""
        return evaluate(self, self._x[0].shape[1], samples, label, scale, lengths)

    def silent(self) -> tuple[str, ...]:
        """Return the populations of spiking neurons of which none fired since the last call."""
        spiking = [(k, layer) for k, layer in enumerate(self.layers) if isinstance(layer, Lif)]
        return tuple(self.architecture.signals[k + 1].population for k, layer in spiking if not layer.tally().any())

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change in training beside those of the store, by name: not copies."""
        return {f"{name}{k}": array for k, layer in enumerate(self.layers) for name, array in layer.state().items()}

    def trained(self, ends: Sequence[Ends]) -> TrainedNetwork:
        """Return a copy of the network as it is seen, as a value, its projections and populations named by `ends`.

        Normalisation is in the weights there.
        """
        projections = list(trained_projections(self.store, self.layers, ends, self._rectified[1:]))
        count = 0
        for layer in self.layers:
            count += len(layer.projections)
            if isinstance(layer, Norm):
                projections[count - 1] = layer.folded(projections[count - 1])
        architecture = self.architecture.folded
        return TrainedNetwork(tuple(projections), None if architecture.is_chain else architecture)


#: What training takes: a chain, whose steps are one call, or any layers.
AnyNetwork = Network | Layered
