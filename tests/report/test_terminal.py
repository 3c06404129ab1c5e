"""A report on a terminal and in a pipe: no figure is lost."""

import io
from dataclasses import asdict

from booked import PROFILE

from neurosparse.graph import feedforward
from neurosparse.mapping.plan import make_plan
from neurosparse.report.terminal import print_plan, print_report
from neurosparse.shares import split_budget

_SIZES = (20, 300, 10)
_PLAN = make_plan(feedforward(_SIZES, split_budget(_SIZES, 500)), PROFILE)


class _NarrowTerminal(io.StringIO):
    """A file that says that it is a terminal."""

    def isatty(self):
        return True


def _document():
    """Return a report by hand, as it stands in a run folder."""
    cores = [
        {
            "population": core.population,
            "slice": [core.start, core.stop],
            "chip": [core.x, core.y],
            "core": core.p,
            "neurons": core.neurons,
            "synapses": {"live": 1_234, "capacity": sum(core.slots.values())},
            "regions": dict(core.regions),
            "memories": {name: asdict(usage) for name, usage in core.memories.items()},
        }
        for core in _PLAN.cores
    ]
    return {
        "fits": True,
        "accuracy": {"train": 1.0, "validation": None, "test": 0.9712},
        "synapses": {"live": 499, "budget": 500, "steps": 6_000, "steps_over_budget": 0},
        "biases": 310,
        "cores": cores,
        "explanation": None,
        "profile": {"name": "spinnaker", "covers": [], "does_not_cover": []},
    }


def test_a_report_says_what_was_reached():
    file = io.StringIO()
    print_report(_document(), file)
    lines = file.getvalue().splitlines()
    assert lines[-5].startswith("fullest core: hidden1 0-255 on chip (0, 0) core 4, DTCM 39.")
    assert lines[-4:] == [
        "synapses 499 live of 500   biases 310",
        "over budget: 0 of 6,000 steps",
        "accuracy train 100.00 %   test 97.12 %",
        "fits spinnaker",
    ]
    assert all("1,234" in line for line in lines[1:5])


def test_a_report_that_does_not_fit_says_so():
    file = io.StringIO()
    print_report({**_document(), "fits": False}, file)
    assert file.getvalue().splitlines()[-1] == "does not fit spinnaker"


def test_nothing_is_cut_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    piped, narrow = io.StringIO(), _NarrowTerminal()
    print_plan(_PLAN, piped)
    print_plan(_PLAN, narrow)
    assert "…" not in piped.getvalue()
    assert "…" not in narrow.getvalue()
    assert not any(line != line.rstrip() for line in piped.getvalue().splitlines())
    assert "not stated" in piped.getvalue()
