"""Scripts from templates: each is one file, whatever parts its template shares with others, with arrays beside it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from neurosparse.archive import write_arrays, write_text

SCRIPT, ARRAYS = "network.py", "network.npz"


def render(template: str, **values: object) -> str:
    """Return a script.

    Parameters
    ----------
    template : str
        The name of a template in this folder.
    **values
        What its placeholders stand for: numbers and texts of ours. Names that users give may hold anything, and never
        enter a script; they stay in the manifest.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: files("neurosparse.export").joinpath(name).read_text("utf-8")),
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False,
    )  # fmt: skip
    return environment.get_template(template).render(**values)


def write_script(new: Path, script: str, schema: str, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Write a script and the arrays that it reads into the folder `new`; return their hash as a manifest holds it."""
    write_arrays(new / ARRAYS, {"schema": schema}, arrays)
    write_text(new / SCRIPT, script)
    return {"arrays": {"file": ARRAYS, "sha256": hashlib.sha256((new / ARRAYS).read_bytes()).hexdigest()}}


def how_to_run(folder: Path, flags: str) -> str:
    """Return the line that says how to run the script of an export, as a shell takes it."""
    return f"run it: python {shlex.quote(str(folder / SCRIPT))} {flags}".rstrip()
