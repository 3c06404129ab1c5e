"""Profiles by name from the package, or by path from a file."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from neurosparse.errors import BadInput, FileFault
from neurosparse.hardware.parse import parse_profile
from neurosparse.hardware.profile import Profile
from neurosparse.registry import unknown_name

_PACKAGE = "neurosparse.hardware_profiles"
_SUFFIX = ".toml"


def _folder() -> Traversable:
    """Return the folder of profiles: part of the installed package, beside the package in a source tree."""
    if find_spec(_PACKAGE) is not None:
        return resources.files(_PACKAGE)
    return Path(__file__).parents[2] / "hardware_profiles"


def profile_names() -> list[str]:
    """Return the names of the profiles that come with the package, sorted."""
    files = _folder().iterdir()
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX))


def load_profile(name_or_path: str) -> Profile:
    """Return a profile that comes with the package, or the one in a file.

    Parameters
    ----------
    name_or_path : str
        A name of `profile_names`, or a path that ends in ``.toml``.

    Raises
    ------
    BadInput
        No profile has that name, or its file has faults (all of them listed).
    FileFault
        The file cannot be read.
    """
    if name_or_path.endswith(_SUFFIX):
        return read_profile(Path(name_or_path))
    return parse_profile(_text_of(name_or_path), name_or_path, _text_of)


def _text_of(name: str) -> str:
    """Return the text of a profile that comes with the package."""
    if name not in profile_names():
        raise unknown_name("profile", name, profile_names())
    return _folder().joinpath(name + _SUFFIX).read_text(encoding="utf-8")


def read_profile(path: Path) -> Profile:
    """Return the profile in the file at `path`; raises as `load_profile` does."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise BadInput(f"the profile is not text in UTF-8: {fault.reason}", where=str(path)) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    return parse_profile(text, str(path), _text_of)
