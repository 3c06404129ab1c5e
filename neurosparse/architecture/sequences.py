"""Layers of sequences: recurrent ones, spiking ones, and what reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from neurosparse.architecture.layer import LayerSpec, Matrix, Shape, Weightless, layer_text, shape_text
from neurosparse.errors import BadInput


@dataclass(frozen=True)
class Lstm:
    """Long short-term memory with forget gates (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    With `checkpoint_every` the states of every so many steps alone are kept while learning, and those between are
    computed again: the same results in less memory, least with the square root of the steps. With `clip` the gradient
    of all weights and biases of a direction is scaled down to this Euclidean norm where it is longer.
    """

    word: ClassVar[str] = "lstm"
    units: int
    checkpoint_every: int = 0
    clip: float = 0.0
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
    Recurrent connections may take 1 to `delays` steps, which is part of where they are, and those from the layer before
    one of `input_delays`, the fastest being there in the step in which they were sent. `rate_cost` times the mean
    squared distance of rates from `rate`, both in spikes/ms, is added to the loss. `checkpoint_every` and `clip` are
    those of `Lstm`.
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
    clip: float = 0.0
    input_delays: int = 1

    def shape(self, before: Shape) -> Shape:
        """Return (neurons, steps)."""
        if self.adaptive > self.neurons:
            raise BadInput(
                f"the layer {layer_text(self)} has more adaptive neurons than neurons",
                numbers={"adaptive": f"{self.adaptive:,}", "neurons": f"{self.neurons:,}"},
            )
        if self.delays > 1 and self.recurrent == "no":
            raise BadInput(
                f"the layer {layer_text(self)} has delays of recurrent connections, and no such connections",
                help="leave out delays, or recurrent=no",
            )
        return (self.neurons, _sequence(before, self)[1])

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return the matrix from the input, and where neurons are recurrent that from each of them, with all delays."""
        sources = _sequence(before, self)[0] * self.input_delays
        own = (Matrix(self.neurons * self.delays, self.neurons, recurrent=True, delays=self.delays),)
        return (
            Matrix(sources, self.neurons, delays=self.input_delays),
            *(own if self.recurrent == "yes" else ()),
        )  # fmt: skip


@dataclass(frozen=True)
class Leaky(Weightless):
    """Every feature of a sequence as a leaky integrator with the time constant `tau`, in steps, sees it."""

    word: ClassVar[str] = "leaky"
    tau: float = 20.0

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return _sequence(before, self)


@dataclass(frozen=True)
class Last(Weightless):
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


def _sequence(before: Shape, layer: LayerSpec) -> Shape:
    """Return (features, steps) of a sequence; raise BadInput where the input has no time."""
    if len(before) != 2:
        raise BadInput(
            f"the layer {layer_text(layer)} needs a sequence, and gets {shape_text(before)}: there is no time",
            help="use a data set of sequences (neurosparse data list), like mnist-rows; in a plan an input of features"
            " x steps, like 28x28",
        )
    return before
