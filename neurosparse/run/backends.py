"""The simulators that a run can be shown to: which export each takes, and what must be installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from neurosparse.errors import Unavailable
from neurosparse.registry import unknown_name


@dataclass(frozen=True)
class Backend:
    """A simulator.

    Attributes
    ----------
    name : str
    exporter : str
        What writes its script.
    flags : tuple of str
        What the script is run with.
    needs : mapping of str to str
        The modules that it loads, and the packages that pip installs them from.
    """

    name: str
    exporter: str
    flags: tuple[str, ...]
    needs: Mapping[str, str]

    def check_installed(self) -> None:
        """Raise Unavailable, which names what to install, where a module is not there; nothing is loaded."""
        # A folder that happens to have the name of a module is found too, but has no file of its own.
        found = {module: importlib.util.find_spec(module) for module in self.needs}
        missing = [self.needs[module] for module, spec in found.items() if spec is None or spec.origin is None]
        if missing:
            raise Unavailable(
                f"{self.name} cannot run here: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
                " not installed",
                where="--backend",
                help=f"pip install {' '.join(missing)}",
            )

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages; "unknown" for those that pip did not install."""
        return {package: _version(package) for package in self.needs.values()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend("nest", "pynn", ("--backend", "nest"), {"pyNN": "pynn", "nest": "nest-simulator"}),
        Backend("neuron", "pynn", ("--backend", "neuron"), {"pyNN": "pynn", "neuron": "neuron"}),
        Backend("brian2", "brian2", (), {"brian2": "brian2"}),
        Backend("pynn-brian2", "pynn", ("--backend", "brian2"), {"pyNN": "pynn", "brian2": "brian2"}),
    )
}
"""`brian2` runs cells with soft reset of its own; the others run PyNN's IF_curr_exp."""


def backend_called(name: str) -> Backend:
    """Return a simulator that is installed.

    Raises
    ------
    BadInput
        There is none of that name.
    Unavailable
        Something is not installed.
    """
    if name not in BACKENDS:
        raise unknown_name("back end", name, list(BACKENDS))
    BACKENDS[name].check_installed()
    return BACKENDS[name]
