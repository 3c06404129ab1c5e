"""Layers as one writes them: `conv:64:5:stride=2` to and from what it means."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import Any, get_args, get_type_hints

from neurosparse.architecture.layer import LayerSpec, Shape, layer_text
from neurosparse.architecture.layers import KINDS
from neurosparse.errors import BadInput, did_you_mean

_LONGEST = 400

#: What lies between two layers: a hyphen too, where it is no sign of a number (``stride=-1``, ``tau_syn=1e-3``).
_BETWEEN = re.compile(r",|(?<![=:])(?<!\de)(?<!\dE)-")


def parse_layers(text: str) -> tuple[str, ...]:
    """Return the layers of ``300,100`` or ``conv:64:5,maxpool:2,300``, each as it is written.

    Raises
    ------
    BadInput
        There is nothing between two commas or hyphens, as in ``30,-5``.
    """
    layers = tuple(part.strip() for part in _BETWEEN.split(text))
    if "" in layers:
        raise BadInput(
            f"layer {layers.index('') + 1} is empty in {text[:60]!r}", help="write layers like 300,100: numbers above 0"
        )
    return layers


def parse_shape(text: str) -> Shape:
    """Return the shape of a sample: ``784``, ``28x28`` (features x steps) or ``3x32x32`` (channels, height, width).

    Raises
    ------
    BadInput
        It is none of these.
    """
    sides = text.strip().split("x")
    if len(sides) > 3 or not all(side.isdecimal() and 0 < int(side) < 2**31 for side in sides):
        raise BadInput(
            f"{text.strip()!r} is not the shape of an input",
            help="write 784, 28x28 (features x steps) or 3x32x32 (channels, height, width)",
        )
    return tuple(map(int, sides))


def written(text: str | int) -> str | int:
    """Return a layer in the one way that it is written: fully connected ones as a number.

    Raises
    ------
    BadInput
        There is no such layer, or its numbers make no sense.
    """
    in_words = layer_text(parse_layer(text))
    return int(in_words) if in_words.isdecimal() else in_words


def parse_layer(text: str | int) -> LayerSpec:
    """Return the layer that `text` names: ``300``, ``conv:64:5:stride=2``, ``lstm:128``.

    Raises
    ------
    BadInput
        There is no such layer, or its numbers make no sense.
    """
    if len(str(text)) > _LONGEST:
        raise BadInput(f"{str(text)[:20]!r}... is too long for a layer", help="write 300, conv:64:5 or lstm:128")
    word, *values = str(text).strip().split(":")
    if word.isdecimal():
        word, values = "dense", [word, *values]
    if word not in KINDS:
        known = f"known: a number of neurons, {', '.join(list(KINDS)[1:])}"
        raise BadInput(f"there is no layer {word!r}", help=did_you_mean(word, KINDS) + known)
    kind = KINDS[word]
    names, hints = [f.name for f in fields(kind)], get_type_hints(kind)
    given: dict[str, Any] = {}
    for place, value in enumerate(values):
        at_its_place = names[place] if place < len(names) else ""
        name, content = value.split("=", 1) if "=" in value else (at_its_place, value)
        if name not in names or name in given:
            raise BadInput(f"the layer {str(text)!r} has no place for {value!r}", help=f"it is {usage(kind)}")
        least = next(f.default for f in fields(kind) if f.name == name)
        given[name] = _value(hints[name], content, f"{name} of {str(text)!r}", or_zero=least == 0)
    if missing := [f.name for f in fields(kind) if f.default is MISSING and f.name not in given]:
        raise BadInput(f"the layer {str(text)!r} lacks {' and '.join(missing)}", help=f"it is {usage(kind)}")
    spec: LayerSpec = kind(**given)
    return spec


def _value(kind: Any, text: str, what: str, *, or_zero: bool) -> Any:
    """Return a value of a layer from its text; 0 only where that says that something is not there."""
    if choices := get_args(kind):
        if text not in choices:
            raise BadInput(f"{what} is {text!r}", help=f"known: {', '.join(choices)}")
        return text
    try:
        value = kind(text)
    except ValueError:
        raise BadInput(f"{what} is no number: {text!r}") from None
    if not (value > 0 or (value == 0 and or_zero)) or not value < 2**31:
        raise BadInput(f"{what} makes no sense: {text}", help="at least 0" if or_zero else "above 0")
    return value


def usage(kind: type[Any]) -> str:
    """Return how a kind of layer is written, with what it is unless told; of words, the first is."""
    hints = get_type_hints(kind)
    needed = "".join(f":{f.name.upper()}" for f in fields(kind) if f.default is MISSING)
    other = "".join(
        f"[:{f.name}={'|'.join(dict.fromkeys((str(f.default), *get_args(hints[f.name]))))}]"
        for f in fields(kind)
        if f.default is not MISSING
    )
    return f"{kind.word}{needed}{other}"
