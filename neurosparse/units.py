"""Quantities with units, parsed once at the door and plain numbers inside."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable
from typing import Any

from neurosparse.errors import BadInput

_BYTES = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_QUANTITY = re.compile(r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*")


def as_value_error(fault: BadInput) -> ValueError:
    """Return a fault as pydantic takes it from a validator: what is wrong, and the next step."""
    return ValueError("; ".join(filter(None, (fault.what, fault.help))))


def at_the_door(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Return a validator, as pydantic takes it, that parses text and leaves any other value for the type to judge."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except BadInput as fault:
            raise as_value_error(fault) from fault

    return check


def parse_bytes(text: str | int) -> int:
    """Return the whole number of bytes that `text` names.

    Parameters
    ----------
    text : str or int
        A number with an optional unit: ``65536``, ``"64 KiB"``, ``"117.75 MiB"``, ``"128 kB"`` (decimal).

    Raises
    ------
    BadInput
        The text is not a quantity, its unit is unknown, or it does not come to whole bytes.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = _QUANTITY.fullmatch(str(text))
    unit = match.group(2).lower() or "b" if match else ""
    if match is None or unit not in _BYTES:
        raise BadInput(f"{text!r} is not a number of bytes", help='write it like 65536, "64 KiB" or "117.75 MiB"')
    value = float(match.group(1).replace(",", "").replace("_", "")) * _BYTES[unit]
    if value != int(value):
        raise BadInput(f"{text!r} does not come to a whole number of bytes", numbers={"bytes": f"{value}"})
    return int(value)


def parse_fraction(text: str | float) -> float:
    """Return the fraction in [0, 1] that `text` names, as ``"1.33%"`` or ``"0.0133"``.

    Raises
    ------
    BadInput
        The text is not a number, or lies outside [0, 1].
    """
    try:
        value = float(text[:-1]) / 100 if isinstance(text, str) and text.strip().endswith("%") else float(text)
    except ValueError:
        value = float("nan")
    if not 0.0 <= value <= 1.0:
        raise BadInput(f"{text!r} is not a fraction between 0 and 1", help="write it like 1.33% or 0.0133")
    return value


def parse_share(text: str | float | int) -> float | int:
    """Return a share of a memory: a fraction in (0, 1] as a float, as ``"80%"`` or ``0.8``, or whole bytes as an int.

    Raises
    ------
    BadInput
        The text is neither, or names nothing or more than the whole.
    """
    value: float | int = 0
    with contextlib.suppress(BadInput):
        if isinstance(text, float) or (isinstance(text, str) and text.strip().endswith("%")):
            value = parse_fraction(text)
        elif (not isinstance(text, bool) and not str(text).strip().isdigit()) or type(text) is int:
            value = parse_bytes(text)
    if value <= 0:
        # A bare number may be meant either way.
        raise BadInput(f"{text!r} is not a share of a memory", help='write it like 80%, "64 KiB" or 65536B')
    return value


def parse_steps(text: str) -> int | None:
    """Return the number of time steps that `text` names, or None for ``"auto"``.

    Raises
    ------
    BadInput
        The text is neither a whole number nor ``"auto"``.
    """
    if text.strip().lower() == "auto":
        return None
    if not text.strip().isdecimal() or len(text) > 12:
        raise BadInput(f"{text!r} is not a number of time steps", where="--steps", help="write 64, or auto")
    return int(text)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Return the layer sizes that `text` names, as ``"784,300,100,10"`` or ``"784-300-100-10"``.

    Raises
    ------
    BadInput
        A size is not a positive whole number.
    """
    sizes = []
    for part in re.split(r"[,-]", text):
        if not part.strip().isdecimal() or len(part) > 12 or int(part) < 1:
            raise BadInput(f"{part.strip()!r} in {text!r} is not a layer size", help="write sizes like 300,100")
        sizes.append(int(part))
    return tuple(sizes)


def parse_rates(text: str) -> float | tuple[float, ...]:
    """Return the rate that `text` names, or the rates where it names several: ``"20%"``, ``"0.2,0.5"``.

    Raises
    ------
    BadInput
        One of them is not a number in [0, 1].
    """
    rates = tuple(parse_fraction(part) for part in text.split(","))
    return rates[0] if len(rates) == 1 else rates


def parse_factors(text: str) -> float | tuple[float, ...]:
    """Return the factor that `text` names, or the factors where it names several: ``"2"``, ``"1,0.5,2"``.

    Raises
    ------
    BadInput
        One of them is not a number above zero.
    """
    try:
        factors = tuple(float(part) for part in text.split(","))
    except ValueError:
        factors = (math.nan,)
    if not all(0 < factor < math.inf for factor in factors):
        raise BadInput(f"{text!r} is not a factor above zero or a list of them", help="write 2 or 1,0.5,2")
    return factors[0] if len(factors) == 1 else factors


def parse_counts(text: str) -> int | tuple[int, ...]:
    """Return the count that `text` names, or the counts where it names several: ``"3"``, ``"3,3,5"``.

    Raises
    ------
    BadInput
        One of them is not a positive whole number.
    """
    try:
        counts = parse_sizes(text)
    except BadInput:
        raise BadInput(f"{text!r} is not a positive number or a list of them", help="write 3 or 3,3,5") from None
    return counts[0] if len(counts) == 1 else counts


def format_bytes(count: int | float) -> str:
    """Return `count` bytes for people: exact below 1 KiB, three or four digits above."""
    value = float(count)
    if abs(value) < 1024:
        return f"{int(value)} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if abs(value) < 1024 or unit == "TiB":
            break
    return f"{value:.1f} {unit}"


def format_count(count: int) -> str:
    """Return a whole number with its thousands set apart."""
    return f"{count:,}"


def format_percent(fraction: float, digits: int = 1) -> str:
    """Return `fraction` as a percentage."""
    return f"{100 * fraction:.{digits}f} %"
