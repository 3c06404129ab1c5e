"""What a layer is in words and numbers: what shape it makes of its input, and which weights it needs."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from typing import ClassVar, Protocol

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
    delays : int
        How many a connection may have: row ``i * delays + d`` is of source i and takes d steps more than the fastest.
    """

    rows: int
    columns: int
    positions: int = 1
    recurrent: bool = False
    backward: bool = False
    delays: int = 1


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


class Weightless:
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


def shape_text(shape: Shape) -> str:
    """Return what a shape is of."""
    kinds = {1: "{} neurons", 2: "{} features at {} steps", 3: "{} channels of {} x {}"}
    return kinds[len(shape)].format(*shape)
