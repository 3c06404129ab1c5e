"""Layers in words and numbers: what shape each makes of its input, and which weights it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Literal, Protocol

from neurosparse.errors import BadInput

#: Of a sample: (neurons,), a sequence (features, steps), or an image (channels, height, width).
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Matrix:
    """The weights of one projection of a layer.

    Attributes
    ----------
    rows, columns : int
        What may be connected: sources and targets.
    positions : int
        In how many places of an image each weight is used.
    recurrent : bool
        Whether the sources are the layer's own neurons instead of its input.
    backward : bool
        Whether it reads the sequence from its end.
    """

    rows: int
    columns: int
    positions: int = 1
    recurrent: bool = False
    backward: bool = False


class LayerSpec(Protocol):
    """What a layer is, in words and numbers, without its weights.

    Attributes
    ----------
    word : str
        What it is called where layers are written.
    """

    word: ClassVar[str]

    def shape(self, before: Shape) -> Shape:
        """Return the shape of what the layer makes of an input.

        Raises
        ------
        BadInput
            The layer makes no sense of such an input.
        """
        ...

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return the weights that it needs for an input of that shape; none for most layers that only reshape."""
        ...


class _Weightless:
    """A layer without weights."""

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return nothing."""
        return ()


@dataclass(frozen=True)
class Dense:
    """Every neuron may be connected to every input; of a sequence, at each step."""

    word: ClassVar[str] = "dense"
    neurons: int

    def shape(self, before: Shape) -> Shape:
        """Return the neurons, or the neurons at each step."""
        return (self.neurons, before[1]) if len(before) == 2 else (self.neurons,)

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return one matrix."""
        return (Matrix(before[0] if len(before) == 2 else math.prod(before), self.neurons),)


Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Conv:
    """A convolution: a weight belongs to (input channel, row, column of the kernel, output channel) at every position.

    ``same`` pads with zeros as TensorFlow does, to ceil(size / stride) positions; ``valid`` does not pad.
    """

    word: ClassVar[str] = "conv"
    channels: int
    kernel: int
    stride: int = 1
    padding: Padding = "same"

    def shape(self, before: Shape) -> Shape:
        """Return (channels, height, width)."""
        _, height, width = _image(before, self)
        return (self.channels, *(_positions(n, self.kernel, self.stride, self.padding, self) for n in (height, width)))

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return one shared matrix."""
        _, *positions = self.shape(before)
        return (Matrix(before[0] * self.kernel**2, self.channels, math.prod(positions)),)


@dataclass(frozen=True)
class MaxPool(_Weightless):
    """The largest of every window of an image."""

    word: ClassVar[str] = "maxpool"
    size: int
    stride: int = 0
    padding: Padding = "same"

    def shape(self, before: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = _image(before, self)
        stride = self.stride or self.size
        return (channels, *(_positions(n, self.size, stride, self.padding, self) for n in (height, width)))


@dataclass(frozen=True)
class AveragePool(MaxPool):
    """The mean of every window of an image, of what lies inside it."""

    word: ClassVar[str] = "avgpool"


@dataclass(frozen=True)
class Crop(_Weightless):
    """A part of an image: a random one while learning, the centre otherwise."""

    word: ClassVar[str] = "crop"
    size: int

    def shape(self, before: Shape) -> Shape:
        """Return (channels, size, size)."""
        channels, *sides = _image(before, self)
        if self.size > min(sides):
            raise _larger("the part", self.size, sides, self)
        return (channels, self.size, self.size)


@dataclass(frozen=True)
class Mirror(_Weightless):
    """An image, or while learning half of the time its mirror image, left and right exchanged."""

    word: ClassVar[str] = "mirror"

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return _image(before, self)


@dataclass(frozen=True)
class Centre(_Weightless):
    """A constant less, so that inputs from 0 to 1 lie around zero; it goes into biases where weights follow."""

    word: ClassVar[str] = "centre"
    value: float = 0.5

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return before


@dataclass(frozen=True)
class Norm(_Weightless):
    """Sums normalised over the batch, before the rectifier; it folds into the weights before it (see `nn.norm`)."""

    word: ClassVar[str] = "norm"

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        if len(before) == 2:
            raise BadInput("the layer norm normalises images or neurons, and gets a sequence", help="leave it out")
        return before


@dataclass(frozen=True)
class Lstm:
    """Long short-term memory with forget gates (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    With `checkpoint_every` the states of every so many steps alone are kept while learning, and those between are
    computed again: the same results in less memory, least with the square root of the steps.
    """

    word: ClassVar[str] = "lstm"
    units: int
    checkpoint_every: int = 0
    directions: ClassVar[int] = 1

    def shape(self, before: Shape) -> Shape:
        """Return (units, steps), those of both directions one after the other."""
        return (self.units * self.directions, _sequence(before, self)[1])

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return the matrices from input and from units to the gates, for each direction."""
        features, _ = _sequence(before, self)
        gates = 4 * self.units
        return tuple(
            Matrix(rows, gates, recurrent=recurrent, backward=bool(direction))
            for direction in range(self.directions)
            for rows, recurrent in ((features, False), (self.units, True))
        )


@dataclass(frozen=True)
class BiLstm(Lstm):
    """An LSTM that reads forwards and one that reads backwards, of so many units each (Graves and Schmidhuber 2005)."""

    word: ClassVar[str] = "bilstm"
    directions: ClassVar[int] = 2


@dataclass(frozen=True)
class Lif:
    """Leaky integrate-and-fire neurons, the last `adaptive` of them with an adaptive threshold; a step is 1 ms.

    Times are in ms, `beta` in thresholds, `rate` in Hz; `tau_syn` is 0 for spikes that move the potential at once.
    Recurrent connections may take 1 to `delays` steps, which is part of where they are. `rate_cost` times the squared
    distance of rates from `rate` is added to the loss. `checkpoint_every` is that of `Lstm`: the same results in less
    memory.
    """

    word: ClassVar[str] = "lif"
    neurons: int
    adaptive: int = 0
    recurrent: Literal["yes", "no"] = "yes"
    delays: int = 1
    tau_mem: float = 20.0
    tau_syn: float = 0.0
    tau_adapt: float = 200.0
    beta: float = 0.17
    refractory: int = 0
    learning: Literal["bptt", "eprop"] = "bptt"
    rate_cost: float = 0.0
    rate: float = 10.0
    checkpoint_every: int = 0

    def shape(self, before: Shape) -> Shape:
        """Return (neurons, steps)."""
        if self.adaptive > self.neurons:
            raise BadInput(
                f"the layer {layer_text(self)} has more adaptive neurons than neurons",
                numbers={"adaptive": f"{self.adaptive:,}", "neurons": f"{self.neurons:,}"},
            )
        return (self.neurons, _sequence(before, self)[1])

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return the matrix from the input, and where neurons are recurrent that from each of them and each delay."""
        own = (Matrix(self.neurons * self.delays, self.neurons, recurrent=True),)
        return (Matrix(_sequence(before, self)[0], self.neurons), *(own if self.recurrent == "yes" else ()))


@dataclass(frozen=True)
class Leaky(_Weightless):
    """Every feature of a sequence as a leaky integrator with the time constant `tau`, in steps, sees it."""

    word: ClassVar[str] = "leaky"
    tau: float = 20.0

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return _sequence(before, self)


@dataclass(frozen=True)
class Last(_Weightless):
    """What a sequence is at its last step."""

    word: ClassVar[str] = "last"

    def shape(self, before: Shape) -> Shape:
        """Return (features,)."""
        return _sequence(before, self)[:1]


@dataclass(frozen=True)
class Mean(Last):
    """The mean of a sequence over its steps."""

    word: ClassVar[str] = "mean"


@dataclass(frozen=True)
class Max(Last):
    """The maximum of a sequence over its steps."""

    word: ClassVar[str] = "max"


#: By the word that names them.
KINDS: dict[str, type[Any]] = {
    kind.word: kind
    for kind in (
        Dense,
        Conv,
        Norm,
        MaxPool,
        AveragePool,
        Crop,
        Mirror,
        Centre,
        Lstm,
        BiLstm,
        Lif,
        Leaky,
        Last,
        Mean,
        Max,
    )
}


def layer_text(spec: LayerSpec) -> str:
    """Return a layer as `parse_layer` reads it, without what is as it would be anyway."""
    if isinstance(spec, Dense):
        return str(spec.neurons)
    parts = [spec.word]
    for f in fields(spec):  # type: ignore[arg-type]
        value = getattr(spec, f.name)
        if f.default is MISSING:
            parts.append(str(value))
        elif value != f.default:
            parts.append(f"{f.name}={value}")
    return ":".join(parts)


def _image(before: Shape, layer: LayerSpec) -> Shape:
    """Return (channels, height, width) of an image; raise BadInput where the input is none."""
    if len(before) != 3:
        raise BadInput(
            f"the layer {layer_text(layer)} needs images, and gets {_words(before)}",
            help="put it before fully connected layers, and use a data set of images",
        )
    return before


def _sequence(before: Shape, layer: LayerSpec) -> Shape:
    """Return (features, steps) of a sequence; raise BadInput where the input has no time."""
    if len(before) != 2:
        raise BadInput(
            f"the layer {layer_text(layer)} needs a sequence, and gets {_words(before)}: there is no time",
            help="use a data set of sequences (neurosparse data lists them), like mnist-rows",
        )
    return before


def _positions(size: int, window: int, stride: int, padding: Padding, layer: LayerSpec) -> int:
    """Return how many places a window has along a side."""
    if window > size:
        raise _larger("the kernel" if isinstance(layer, Conv) else "the window", window, [size], layer)
    return -(-size // stride) if padding == "same" else (size - window) // stride + 1


def padding_before(size: int, window: int, stride: int, padding: Padding) -> int:
    """Return how many rows or columns of padding lie before an image: half of what ``same`` needs, rounded down."""
    if padding == "valid":
        return 0
    return max((-(-size // stride) - 1) * stride + window - size, 0) // 2


def _larger(what: str, window: int, sides: Sequence[int], layer: LayerSpec) -> BadInput:
    """Return the refusal of a window that is larger than its image."""
    return BadInput(
        f"{what} of the layer {layer_text(layer)} is larger than the image",
        numbers={"needs": f"{window}", "there is": f"{min(sides)}", "too much": f"{window - min(sides)}"},
        help=f"at most {min(sides)}",
    )


#: What to do where a machine that holds every synapse by itself cannot take a layer.
HOLDS_WEIGHTS_ONCE = (
    "use a machine that holds each weight once (--profile spinnaker2 with --neurons-per-core and --synapses-per-core)"
)


def no_synapses(layer: LayerSpec) -> BadInput:
    """Return the refusal of a layer on a machine that holds every synapse by itself."""
    return BadInput(
        f"the layer {layer_text(layer)} cannot be told as synapses between neurons",
        help=f"conv, avgpool, crop, mirror, centre and numbers of neurons can, and lif layers with what reads them (one"
        f" leaky, last or mean); for others {HOLDS_WEIGHTS_ONCE}",
    )


def _words(shape: Shape) -> str:
    """Return what a shape is of."""
    kinds = {1: "{} neurons", 2: "{} features at {} steps", 3: "{} channels of {} x {}"}
    return kinds[len(shape)].format(*shape)
