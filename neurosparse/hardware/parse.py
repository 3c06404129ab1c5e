"""The text of a profile read into its validated value, with every fault of a file shown at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from neurosparse.errors import BadInput
from neurosparse.hardware.kinds import PROFILES
from neurosparse.hardware.profile import Profile
from neurosparse.registry import unknown_name

# These describe the file; everything else in it is a figure and needs a source.
_WORDS = ("schema", "name", "title", "kind", "covers", "does_not_cover")


def no_other(name: str) -> str:
    """Refuse to look up another profile, where there is nowhere to look."""
    raise unknown_name("profile", name, [])


def parse_profile(text: str, where: str, text_of: Callable[[str], str] = no_other) -> Profile:
    """Return the profile that the TOML `text` holds.

    A profile that says ``like = "name"`` has the tables of the one of that name, but for those it has itself.

    Parameters
    ----------
    text : str
        A document in which every figure is ``{ value = ..., source = "..." }``.
    where : str
        How to call the document in messages.
    text_of : callable
        Returns the text of another profile by its name.

    Raises
    ------
    BadInput
        The text is not TOML (with the line), or has faults: all of them, each with its key.
    """
    try:
        document = _complete(tomllib.loads(text), text_of)
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"the profile is not TOML: {fault}", where=where) from fault
    faults: list[tuple[str, str]] = []
    sources: dict[str, str] = {}
    figures = {}
    for key, value in document.items():
        figures[key] = value if key in _WORDS else _without_sources(value, key, sources, faults)
    profile: Profile
    try:
        profile = PROFILES.validate_python({**figures, "sources": sources})
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            # The first step of the path is the kind of machine, once that is known.
            path = error["loc"][1:] if error["loc"] else ("kind",)
            key = ".".join(str(part) for part in path) or "profile"
            faults.append((key, _in_words(error)))
    if faults:
        raise _all_faults(faults, where)
    return profile


def _complete(document: dict[str, Any], text_of: Callable[[str], str]) -> dict[str, Any]:
    """Return a profile with the tables of the one that it is like."""
    other = document.pop("like", None)
    if other is None:
        return document
    base = tomllib.loads(text_of(str(other)))
    return {**_complete(base, text_of), **document}


def _without_sources(value: Any, key: str, sources: dict[str, str], faults: list[tuple[str, str]]) -> Any:
    """Return the plain figures under `key`; put their sources into `sources`, and what is wrong into `faults`."""
    if isinstance(value, Mapping) and "value" in value:
        source = value.get("source")
        sources[key] = source if isinstance(source, str) else ""
        if not sources[key].strip():
            faults.append((key, 'this figure names no source; add source = "..."'))
        for extra in sorted(set(value) - {"value", "source"}):
            faults.append((f"{key}.{extra}", "a figure has a value and a source, nothing else"))
        return value["value"]
    if isinstance(value, Mapping):
        return {name: _without_sources(item, f"{key}.{name}", sources, faults) for name, item in value.items()}
    faults.append((key, 'this figure names no source; write { value = ..., source = "..." }'))
    return value


def _in_words(error: Mapping[str, Any]) -> str:
    """Say in a user's words what pydantic found."""
    match error["type"]:
        case "union_tag_not_found" | "missing":
            return "missing"
        case "extra_forbidden":
            return "not known here; misspelt?"
        case "union_tag_invalid":
            return f"there is no kind of machine called {error['ctx']['tag']!r}; known: {error['ctx']['expected_tags']}"
        case "value_error":
            return str(error["msg"]).removeprefix("Value error, ")
        case _:
            message = str(error["msg"])
            return f"{message[0].lower()}{message[1:]}, not {error['input']!r}"


def _all_faults(faults: Sequence[tuple[str, str]], where: str) -> BadInput:
    """Return one error that lists every fault with its key."""
    listed = "".join(f"\n  {key}: {fault}" for key, fault in sorted(faults))
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return BadInput(f"the profile has {count}{listed}", where=where)
