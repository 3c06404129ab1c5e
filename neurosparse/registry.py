"""Names to objects, loaded only when asked for, from tables of strings and from entry points."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from neurosparse.errors import BadInput, did_you_mean


class Registry:
    """A table of names, each naming the object that it loads on first use.

    Parameters
    ----------
    noun : str
        What an entry is, for error messages: ``"exporter"``.
    builtin : mapping of str to str
        Name to ``"module:attribute"``.
    group : str
        The entry-point group in which other packages add entries, for example ``"neurosparse.exporters"``.
    """

    def __init__(self, noun: str, builtin: Mapping[str, str], group: str) -> None:
        self._noun = noun
        self._builtin = dict(builtin)
        self._group = group

    def names(self) -> list[str]:
        """Return every name, the built-in ones first, each group sorted."""
        added = {point.name for point in entry_points(group=self._group)} - set(self._builtin)
        return sorted(self._builtin) + sorted(added)

    def load(self, name: str) -> Any:
        """Return the object called `name`.

        Raises
        ------
        BadInput
            No entry has that name.
        """
        if name in self._builtin:
            module, _, attribute = self._builtin[name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        for point in entry_points(group=self._group, name=name):
            return point.load()
        raise unknown_name(self._noun, name, self.names())


def unknown_name(noun: str, name: str, known: list[str]) -> BadInput:
    """Return the error for a name that is not in a list, with the nearest one that is."""
    help = f"{did_you_mean(name, known)}known: {', '.join(known) or 'none'}"
    return BadInput(f"there is no {noun} called {name!r}", help=help)
