"""Faults as the user meets them: what, where, the numbers, and what to try."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping


def shortage(needs: int, there_is: int, noun: str = "", write: Callable[[int], str] = "{:,}".format) -> dict[str, str]:
    """Return the numbers of what does not fit: how much is needed, how much there is, and how much that is too much.

    Parameters
    ----------
    noun : str
        What is counted, in the plural.
    write : callable
        How an amount is written: thousands set apart, unless told otherwise.
    """
    return {
        "needs": f"{write(needs)} {noun}".rstrip(),
        "there is": write(there_is),
        "too much": write(needs - there_is),
    }


class NeurosparseError(Exception):
    """A fault that has an explanation.

    Parameters
    ----------
    what : str
        One sentence: what is wrong, with the name of the thing.
    numbers : mapping of str to str, optional
        The figures behind it in reading order, for example ``{"needs": "71.8 KiB", "there is": "63.0 KiB"}``.
    where : str, optional
        The place in the user's own words: a file and line, an option, a key.
    help : str, optional
        The next step to try.

    Attributes
    ----------
    kind : str
        The short name of the fault, printed in brackets.
    exit_code : int
        What a command that ends with this fault returns to the shell.
    """

    kind = "error"
    exit_code = 70

    def __init__(
        self,
        what: str,
        *,
        numbers: Mapping[str, str] | None = None,
        where: str | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.numbers = dict(numbers or {})
        self.where = where
        self.help = help

    def __str__(self) -> str:
        """Return the whole message as the command line prints it, without colour."""
        lines = [f"error[{self.kind}]: {self.what}"]
        detail = "   ".join(f"{name} {value}" for name, value in self.numbers.items())
        if self.where:
            detail = f"{detail}   --> {self.where}" if detail else f"--> {self.where}"
        if detail:
            lines.append(f"  {detail}")
        if self.help:
            lines.append(f"help: {self.help}")
        return "\n".join(lines)


class OverBudget(NeurosparseError):
    """Something does not fit: more is needed than there is."""

    kind = "over-budget"
    exit_code = 1


class Diverged(NeurosparseError):
    """Training left the finite numbers."""

    kind = "diverged"
    exit_code = 1


class CheckFailed(NeurosparseError):
    """A run folder breaks one of the invariants it claims to keep."""

    kind = "check"
    exit_code = 1


class BadInput(NeurosparseError):
    """The user asked for something that has no meaning: an unknown name, a value out of range, a fault in a file."""

    kind = "bad-input"
    exit_code = 2


class FileFault(NeurosparseError):
    """A file is missing, damaged, not what it should be, or cannot be written."""

    kind = "file"
    exit_code = 3


class Unavailable(NeurosparseError):
    """Something outside is needed and not there: a network, a download, a simulator."""

    kind = "unavailable"
    exit_code = 3


class BrokenInvariant(NeurosparseError):
    """A promise of this program's own code was broken; please report it."""

    kind = "internal"
    exit_code = 70


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest of some names was meant, or nothing where none is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}? " if near else ""
