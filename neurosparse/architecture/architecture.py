"""A network from its input to its output: layers, the shapes between them, and names for its populations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from neurosparse.architecture.images import Centre, Conv, Crop, Mirror, Norm, Pad
from neurosparse.architecture.layer import Dense, LayerSpec, Matrix, Shape, layer_text
from neurosparse.architecture.sequences import Last, Leaky, Lif, Mean
from neurosparse.architecture.words import parse_layer, parse_layers, parse_shape
from neurosparse.errors import BadInput


@dataclass(frozen=True)
class Signal:
    """What goes into a layer: its shape, and the population of neurons that it is.

    Attributes
    ----------
    shape : tuple of int
    population : str
    """

    shape: Shape
    population: str

    @property
    def neurons(self) -> int:
        """Return how many neurons the population has; a sequence is of so many at every step."""
        return self.shape[0] if len(self.shape) == 2 else math.prod(self.shape)


@dataclass(frozen=True)
class Architecture:
    """A network of layers from an input to an output.

    Attributes
    ----------
    input : tuple of int
        The shape of a sample.
    layers : tuple of LayerSpec
        The last one makes a number for each class.
    signals : tuple of Signal
        What goes into each layer, and what comes out of the last: one more than there are layers.

    Raises
    ------
    BadInput
        A layer makes no sense of what goes into it, or the network ends with a sequence or an image.
    """

    input: Shape
    layers: tuple[LayerSpec, ...]
    signals: tuple[Signal, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Follow the shapes through the layers, and name the populations."""
        signals, count = [Signal(self.input, "input")], Counter[str]()
        for k, layer in enumerate(self.layers, start=1):
            shape = layer.shape(signals[-1].shape)
            if isinstance(layer, Norm) and not (k > 1 and isinstance(self.layers[k - 2], Dense | Conv)):
                raise BadInput(
                    f"layer {k}, norm, normalises the sums of the layer before it, and there are none",
                    help="put it straight behind a convolution or a number of neurons: conv:64:5,norm,maxpool:2",
                )
            signals.append(Signal(shape, self._population(k, layer, signals[-1], shape, count)))
        if len(signals[-1].shape) != 1:
            raise BadInput(
                "the network ends with a sequence: it says how it is at each step, not what it is",
                numbers={"steps": f"{signals[-1].shape[1]}"},
                help="say how it is read, before the output: last, mean or max",
            )
        object.__setattr__(self, "signals", tuple(signals))

    def _population(self, k: int, layer: LayerSpec, before: Signal, shape: Shape, count: Counter[str]) -> str:
        """Return the name of the population that layer `k` makes, from 1."""
        if isinstance(layer, (Pad, Crop, Mirror, Centre, Norm, Leaky, Last)):
            return before.population
        if k == len(self.layers):
            return "output"
        word = "hidden" if isinstance(layer, Dense) else layer.word
        count[word] += 1
        return f"{word}{count[word]}"

    @property
    def is_chain(self) -> bool:
        """Return whether all layers are fully connectable, of neurons without time."""
        return len(self.input) != 2 and all(isinstance(layer, Dense) for layer in self.layers)

    @property
    def is_spiking(self) -> bool:
        """Return whether there are neurons that spike while the network learns."""
        return any(isinstance(layer, Lif) for layer in self.layers)

    @property
    def folded(self) -> Architecture:
        """Return what is left once normalisation has gone into the weights."""
        return Architecture(self.input, tuple(layer for layer in self.layers if not isinstance(layer, Norm)))

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """Return the weights of all projections, layer by layer."""
        return tuple(matrix for k in range(len(self.layers)) for matrix in self.matrices_of(k))

    def matrices_of(self, k: int) -> tuple[Matrix, ...]:
        """Return the weights of layer `k`, from 0."""
        return self.layers[k].matrices(self.signals[k].shape)

    def __str__(self) -> str:
        """Return the network in a line."""
        sample = str(math.prod(self.input)) if self.is_chain else "x".join(map(str, self.input))
        return "-".join([sample, *map(layer_text, self.layers)])


def architecture_of(input_: Shape, layers: Sequence[str | int], n_classes: int) -> Architecture:
    """Return the network with the layers that are named, an output, and a readout over time where none is named.

    A sequence is read at its last step unless a layer says otherwise, spikes by their rates.
    """
    specs = [parse_layer(text) for text in layers]
    if len(_after(input_, specs)) == 2:
        specs.append(Mean() if specs and isinstance(specs[-1], Lif) else Last())
    return Architecture(input_, (*specs, Dense(n_classes)))


def planned(text: str) -> Architecture:
    """Return the network that ``784,300,100,10`` or ``1x28x28,conv:16:5,10`` names, its input and output with it.

    Raises
    ------
    BadInput
        There are fewer than two layers, the input is no shape, or the output is no number of classes.
    """
    first, *layers = parse_layers(text)
    if not layers:
        raise BadInput("a network needs an input and an output layer, 1 given")
    if not layers[-1].isdecimal():
        raise BadInput(f"the output {layers[-1]!r} is not a number of classes", help="write layers like 784,300,10")
    return architecture_of(parse_shape(first), layers[:-1], int(layers[-1]))


def _after(shape: Shape, layers: Sequence[LayerSpec]) -> Shape:
    """Return the shape of what comes out of some layers."""
    for layer in layers:
        shape = layer.shape(shape)
    return shape
