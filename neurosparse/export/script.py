"""Scripts from templates: each comes out as one file, whatever parts its template shares with others."""

from __future__ import annotations

from importlib.resources import files

import jinja2


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
