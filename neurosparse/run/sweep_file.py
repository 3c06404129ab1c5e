"""The description of a sweep, a TOML file: every fault is told at once, with its line, before anything runs."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from neurosparse.config import configure
from neurosparse.errors import BadInput, FileFault
from neurosparse.registry import unknown_name
from neurosparse.report.sweep import CONNECTIONS, setting_text
from neurosparse.rewire.library import rules
from neurosparse.run.sweep import Point, Sweep, Where
from neurosparse.settings import WITHOUT_EFFECT, Settings, faults_of

#: Two names of one number: naming it anew replaces it whole, as on the command line.
_ONE_NUMBER = frozenset({"connectivity", "synapses"})

#: Characters of a folder's name that file systems hold.
_LONGEST_NAME = 255

#: Settings that a sweep sets itself.
_OURS = {
    "seed": "the seeds of a sweep are named once: seeds = 5",
    **dict.fromkeys(WITHOUT_EFFECT, "every run has one thread; --jobs says how many runs go on side by side"),
}


def _seeds(value: Any) -> Any:
    """Return the seeds 1 to `value`, or leave a list for the type to judge."""
    if isinstance(value, list):
        if len(set(map(repr, value))) < len(value):
            raise ValueError("a seed is named twice")
        return value
    if type(value) is not int or not 1 <= value <= 100_000:
        raise ValueError("give the number of seeds, or a list of them")
    return list(range(1, value + 1))


class _Tables(BaseModel):
    """The file before its settings are looked at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(max_length=200, pattern=r"^[^\n\r]*$")] = ""
    seeds: Annotated[
        list[Annotated[int, Field(ge=0, lt=2**63)]], BeforeValidator(_seeds), Field(min_length=1, max_length=100_000)
    ]
    settings: dict[str, Any] = Field(default_factory=dict)
    sweep: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
    where: list[dict[str, Any]] = Field(default_factory=list)
    x: str | None = None
    series: str | list[str] | None = None


# Each setting judged by itself; how they go together is judged point by point.
_each: Any = create_model(
    "_each",
    __config__=ConfigDict(extra="forbid"),
    **{name: (field.annotation, field) for name, field in Settings.model_fields.items()},  # type: ignore[call-overload]
)


def read_sweep(path: Path) -> Sweep:
    """Return the sweep that a TOML file describes.

    Raises
    ------
    BadInput
        With every fault of the file at once, each with its line.
    FileFault
        The file cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode()
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(f"cannot read the sweep: {fault}", where=str(path)) from fault
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"the sweep is not TOML: {fault}", where=str(path)) from fault
    return _Reader(path.name, text).read(document)


class _Reader:
    """Reads one file, and gathers what is wrong with it.

    Parameters
    ----------
    file, text : str
        Name and content.
    """

    def __init__(self, file: str, text: str) -> None:
        self._file, self._text = file, text
        self._lines = _lines_of(text)
        self._faults: list[tuple[int, str]] = []

    def read(self, document: Mapping[str, Any]) -> Sweep:
        """Return the sweep, or raise BadInput with all faults."""
        try:
            tables = _Tables.model_validate(document)
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False):
                self._note(error)
            wrong = {error["loc"][0] for error in invalid.errors()}
            rest = {key: value for key, value in document.items() if key not in wrong}
            # What is left is looked at too, so that all faults are told at once.
            tables = _Tables.model_construct(**{"seeds": [], "sweep": {}, **rest})
        settings = self._judged("settings", tables.settings)
        axes = {name: self._axis(name, values) for name, values in tables.sweep.items()}
        for name in axes:
            if name in settings or (name in _ONE_NUMBER and _ONE_NUMBER & set(settings)):
                self._fault(f"sweep.{name}", "stands in [settings] too: what varies is not shared")
        wheres = tuple(self._where(index, table) for index, table in enumerate(tables.where))
        series = [tables.series] if isinstance(tables.series, str) else tables.series
        x, names = self._drawing(tables.x, series, axes) if axes else ("", ())
        self._raise()
        points = tuple(self._points(settings, axes, wheres, (*names, *(name for name in axes if name not in names))))
        if not points and not self._faults:
            self._fault("where", "no point is left")
        self._raise()
        places = {key: f"{self._file}:{line}" for key, line in self._lines.items()}
        return Sweep(
            self._text, tables.title.strip(), tuple(tables.seeds), settings, axes, wheres, x, names, points, places
        )

    def _judged(self, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as they are meant, without those that have a fault."""
        for name in sorted(_OURS.keys() & values.keys()):
            self._fault(f"{table}.{name}", _OURS[name])
        values = {name: value for name, value in values.items() if name not in _OURS}
        good = dict(values)
        rule = values.get("rule")
        if isinstance(rule, str) and rule not in rules.names():
            unknown = unknown_name("rewiring rule", rule, rules.names())
            self._fault(f"{table}.rule", f"{unknown.what}; {unknown.help}")
        try:
            _each.model_validate(values)
        except ValidationError as invalid:
            for error in faults_of(invalid):
                good.pop(str(error["loc"][0]), None)
                self._note(error, table)
        meant = _each.model_validate(good)
        return {name: getattr(meant, name) for name in good}

    def _axis(self, name: str, values: list[Any]) -> tuple[Any, ...]:
        """Return the values of a setting that varies; each must have a name of its own."""
        found: dict[str, Any] = {}
        for value in values:
            for meant in self._judged("sweep", {name: value}).values():
                said = setting_text(name, meant)
                if said in found:
                    self._fault(f"sweep.{name}", f"names {said} twice")
                found[said] = meant
            if name not in Settings.model_fields or name in _OURS:
                break  # said once, not for every value
        return tuple(found.values())

    def _where(self, index: int, table: Mapping[str, Any]) -> Where:
        """Return an exception."""
        key = f"where[{index}]"
        rest = {name: value for name, value in table.items() if name not in ("settings", "skip")}
        own, skip = table.get("settings", {}), table.get("skip", False)
        if not isinstance(own, dict) or not isinstance(skip, bool):
            self._fault(key, "settings is a table, skip is true or false")
            own, skip = {}, True
        if not rest:
            self._fault(key, 'name the points that it is for: alpha = 0.0, or scope = "network"')
        if bool(own) == skip:
            self._fault(key, "say what is otherwise at these points: a table [where.settings], or skip = true")
        own = self._judged(f"{key}.settings", own)
        return Where(self._judged(key, rest), own, skip)

    def _drawing(
        self, x: str | None, series: list[str] | None, axes: Mapping[str, tuple[Any, ...]]
    ) -> tuple[str, tuple[str, ...]]:
        """Return what goes along the axis, and what tells lines apart: all that varies, together."""
        for key, name in (("x", x), *(("series", name) for name in series or ())):
            if name is not None and name not in axes and (key, name) != ("x", CONNECTIONS):
                self._fault(key, f"{name!r} does not vary: [sweep] has {', '.join(axes)}")
        if x == CONNECTIONS and series is None:
            self._fault("x", "connections are counted, not set: say with series which settings tell lines apart")
        if x is None:
            free = [name for name in axes if name not in (series or ())] or list(axes)
            numeric = [name for name in free if all(isinstance(value, int | float) for value in axes[name])]
            x = (numeric or free)[0]
        others = tuple(name for name in axes if name != x) if series is None else tuple(series)
        if x in others or len(set(others)) < len(others):
            self._fault("series", "names a setting twice, or that of x")
        left = [name for name in axes if name not in (x, *others)]
        if left and x != CONNECTIONS:
            self._fault("series", f"leaves out {' and '.join(left)}: all that varies is x or tells lines apart")
        return x, others

    def _points(
        self,
        settings: Mapping[str, Any],
        axes: Mapping[str, tuple[Any, ...]],
        wheres: tuple[Where, ...],
        order: tuple[str, ...],
    ) -> Iterator[Point]:
        """Yield the points; those whose settings do not go together are faults."""
        matched: set[int] = set()
        refused: dict[str, list[str]] = {}
        folders: set[str] = set()
        for combination in itertools.product(*(axes[name] for name in order)):
            chosen = dict(zip(order, combination, strict=True))
            chosen = {name: chosen[name] for name in axes}
            name = _folder_name(chosen)
            if name in folders:
                self._fault("sweep", f"two points would lie in the folder {name}: call the values otherwise")
            folders.add(name)
            values = {**settings, **chosen}
            origins = {**{n: f"settings.{n}" for n in settings}, **{n: f"sweep.{n}" for n in chosen}}
            meant = [index for index, where in enumerate(wheres) if where.matches({**settings, **chosen})]
            matched.update(meant)
            if any(wheres[index].skip for index in meant):
                continue
            for index in meant:
                own = wheres[index].settings
                if _ONE_NUMBER & own.keys():
                    values = {n: value for n, value in values.items() if n not in _ONE_NUMBER}
                values |= own
                origins |= {n: f"where[{index}].settings.{n}" for n in own}
            try:
                config = configure(values)
            except BadInput as fault:
                refused.setdefault("; ".join(fault.what.splitlines()[1:]).strip(), []).append(name)
                continue
            found = {n: self._place(origins[n]) if n in values else "default" for n in config.origins}
            yield Point(name, chosen, replace(config, origins=found))
        for index in sorted(set(range(len(wheres))) - matched):
            self._fault(f"where[{index}]", "no point matches")
        for what, names in refused.items():
            self._fault("sweep", f"{what.removeprefix('together: ')} ({named(names)})")

    def _note(self, error: Any, table: str = "") -> None:
        """Gather what pydantic found."""
        steps = [step for step in error["loc"] if step not in ("str", "list[str]")]
        key = table
        for step in steps if not table else steps[:1]:
            key += f"[{step}]" if isinstance(step, int) else f".{step}" if key else str(step)
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(steps[-1]), Settings.model_fields if table else _Tables.model_fields)
            message = f"there is no such {'setting' if table else 'key'}"
            message += f"; did you mean {near[0]}?" if near else ""
        elif error["type"] == "missing":
            message = "missing; write it like " + {"seeds": "seeds = 5"}.get(key, "[sweep] and alpha = [0.0, 1e-4]")
        else:
            message += f" (given {_short(error['input'])})"
        self._fault(key, message)

    def _fault(self, key: str, message: str) -> None:
        """Gather a fault of the value at `key`."""
        self._faults.append((self._line(key), f"{key}: {message}"))

    def _line(self, key: str) -> int:
        """Return the line of a key, or of the nearest table around it."""
        while key and key not in self._lines:
            key = re.sub(r"(^|\.)[^.]*$", "", key) if not key.endswith("]") else key[: key.rindex("[")]
        return self._lines.get(key, 1)

    def _place(self, key: str) -> str:
        """Return file and line of a key."""
        return f"{self._file}:{self._line(key)}"

    def _raise(self) -> None:
        """Raise the faults that there are."""
        if self._faults:
            lines = dict.fromkeys(f"\n  {self._file}:{line} {what}" for line, what in sorted(self._faults))
            count = len(lines)
            raise BadInput(
                f"the sweep has {count} fault{'s' if count > 1 else ''}{''.join(lines)}",
                help="neurosparse train --help tells every setting",
            )


def named(names: list[str]) -> str:
    """Return the first few of the points, and how many more there are."""
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def _folder_name(chosen: Mapping[str, Any]) -> str:
    """Return what the folder of a point is called; where values are long, their beginning and a digest of them all."""
    name = "_".join(f"{key}={_safe(setting_text(key, value))}" for key, value in sorted(chosen.items()))
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _safe(text: str) -> str:
    """Return a text that is part of a name on every file system, and needs no quotes in a shell."""
    return re.sub(r"[^A-Za-z0-9_.,%+-]", "-", text)


def _short(value: Any) -> str:
    """Return a value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _lines_of(text: str) -> dict[str, int]:
    """Return the line of each key of a TOML file that is plainly written, and of each table."""
    lines: dict[str, int] = {}
    table, count = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*where\s*\]\]", line):
            table, count = f"where[{count}]", count + 1
            lines[table] = number
        elif head := re.match(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]\s*(#.*)?$", line):
            name = head.group(1)
            table = re.sub(r"^where\b", f"where[{count - 1}]", name) if count else name
            lines.setdefault(table, number)
        elif key := re.match(r"\s*([A-Za-z0-9_.-]+)\s*=", line):
            lines.setdefault(f"{table}.{key.group(1)}" if table else key.group(1), number)
    return lines
