"""Tables and figures of a sweep: means and deviations over seeds, the same for the same results."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from neurosparse.report.sweep import PointResult, RunResult, Spread, SweepResult, setting_text
from neurosparse.report.sweep_figure import sweep_figure


def run(seed, test, weights=100):
    return RunResult(seed, weights, 100, 40, test - 0.01, test, 50, 0, 25)


def point(connectivity, rule, *tests, weights=(100, 100)):
    runs = tuple(run(k, test, w) for k, (test, w) in enumerate(zip(tests, weights, strict=False), 1))
    return PointResult(f"{rule}-{connectivity}", {"connectivity": connectivity, "rule": rule}, runs)


POINTS = (
    point(0.01, "deepr", 0.9, 0.92),
    point(0.1, "deepr", 0.95, 0.95),
    point(0.01, "soft", 0.8, 0.9, weights=(90, 93)),
    point(0.1, "soft"),
)
FAILED = (("soft-0.1", 1, "diverged"), ("soft-0.1", 2, "process"))
RESULT = SweepResult("Of $x$ & <y>", "connectivity", ("rule",), {"layers": (30, 20)}, (1, 2), POINTS, FAILED)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("connectivity", 0.0133, "1.33%"),
        ("budget", 0.8, "80%"),
        ("budget", 65536, "65536"),
        ("alpha", 1e-5, "1e-05"),
        ("alpha", 0.0, "0"),
        ("layers", (300, 100), "300,100"),
        ("data", "some/where/mine.npz", "mine.npz"),
        ("scope", "network", "network"),
    ],
)
def test_values_are_written_as_one_types_them(name, value, text):
    assert setting_text(name, value) == text


def test_a_row_a_point_with_mean_and_deviation():
    head, first, _, third, last = RESULT.lines()
    assert head == (
        "connectivity", "rule", "weights", "budget", "biases", "validation", "test", "seeds", "over budget",
        "rewired a step",
    )  # fmt: skip
    assert first == ("1%", "deepr", "100", "100", "40", "90.00 +- 1.41 %", "91.00 +- 1.41 %", "2", "0", "0.50")
    assert third[2] == "91.5"
    assert last == ("10%", "soft", "", "", "", "", "", "0 of 2", "", "")


def test_one_seed_has_no_deviation():
    assert Spread.of([0.5]) == Spread(0.5, None)
    alone = SweepResult("", "connectivity", ("rule",), {}, (1,), (point(0.1, "deepr", 0.5),))
    assert list(alone.lines())[1][6] == "50.00 %"
    assert alone.to_json()["points"][0]["test"] == {"mean": 0.5, "sd": None}
    assert b"s.d." not in sweep_figure(alone, "svg")


def test_the_weights_that_are_left_may_stand_along_the_axis():
    result = SweepResult("", "connections", ("rule",), {}, (1, 2), POINTS, FAILED)
    assert next(iter(result.lines()))[:3] == ("connectivity", "rule", "weights")
    picture = ET.fromstring(sweep_figure(result, "svg"))
    texts = {"".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"connections (left at the end)", "91.5", "100", "deepr", "soft"} <= texts
    nothing = SweepResult("", "connections", ("rule",), {}, (1,), POINTS[3:], FAILED)
    assert b"soft" in sweep_figure(nothing, "svg")


def test_a_setting_that_is_called_as_a_figure_has_a_column_of_its_own():
    runs = (run(1, 0.5),)
    points = tuple(PointResult(w, {"weights": w, "validation": 0.1, "budget": 0.8}, runs) for w in ("float32", "int8"))
    result = SweepResult("", "weights", ("validation", "budget"), {}, (1,), points)
    head, first, _ = result.lines()
    assert head[:5] == ("--weights", "--validation", "--budget", "weights", "budget")
    assert first[:4] == ("float32", "10%", "80%", "100")
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [(row["weights_setting"], row["budget_setting"], row["weights"]) for row in rows] == [
        ("float32", "0.8", "100.0"), ("int8", "0.8", "100.0"),
    ]  # fmt: skip


def test_csv_and_document_say_the_same():
    rows = list(csv.DictReader(io.StringIO(RESULT.to_csv())))
    document = json.loads(json.dumps(RESULT.to_json(), allow_nan=False))
    assert document["schema"] == "neurosparse.sweep/1"
    assert document["settings"] == {"layers": [30, 20]}
    assert document["failed"][0] == {"point": "soft-0.1", "seed": 1, "kind": "diverged"}
    for row, told in zip(rows, document["points"], strict=True):
        assert row["rule"] == told["settings"]["rule"]
        if told["test"] is None:
            assert row["test_mean"] == row["test_sd"] == row["weights"] == ""
            assert row["seeds"] == "0"
            continue
        assert [float(row["test_mean"]), float(row["test_sd"])] == list(told["test"].values())
        assert (float(row["weights"]), int(row["seeds"])) == (told["weights"], len(told["runs"]))
        assert float(row["rewired_a_step"]) == told["rewired_a_step"] == 0.5


def test_equal_results_give_equal_drawings_whatever_matplotlib_is_set_to():
    first = [sweep_figure(RESULT, form) for form in ("svg", "png")]
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "other", "axes.grid": False}):
        assert [sweep_figure(RESULT, form) for form in ("svg", "png")] == first
        assert matplotlib.rcParams["font.size"] == 30, "and it is left as it was"
    assert not re.search(rb"<dc:date>|\d\d:\d\d:\d\d", first[0])
    assert first[1].startswith(b"\x89PNG")
    assert b"Software" not in first[1]


def said(result):
    """Return the texts of a figure."""
    tree = ET.fromstring(sweep_figure(result, "svg"))
    return ["".join(e.itertext()).strip() for e in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_the_figure_names_axes_units_and_lines():
    texts = said(RESULT)
    assert "Of $x$ & <y>" in texts
    assert "connectivity (% of all pairs of neurons)" in texts
    assert "test accuracy (%), mean and s.d. of 2 seeds" in texts
    assert [text for text in texts if text in ("rule", "deepr", "soft")] == ["rule", "deepr", "soft"]
    assert texts[:2] == ["1", "10"], "the values stand at the axis, in percent"


def test_values_for_each_projection_stand_in_the_unit_of_the_axis():
    points = tuple(PointResult(str(v), {"connectivity": v}, (run(1, 0.5),)) for v in (0.01, (0.01, 0.025, 1.0)))
    assert said(SweepResult("", "connectivity", (), {}, (1,), points))[:2] == ["1", "1,2.5,100"]


def ticks(values, name="connectivity"):
    """Return where the values stand along the axis, from 0 to 1."""
    points = tuple(PointResult(str(value), {name: value}, (run(1, 0.5), run(2, 0.6))) for value in values)
    text = sweep_figure(SweepResult("", name, (), {}, (1, 2), points), "svg").decode()
    axis = text[text.index('id="matplotlib.axis_1"') : text.index('id="matplotlib.axis_2"')]
    found = [float(x) for x in re.findall(r'<use xlink:href="#\w+" x="([\d.]+)"', axis)]
    return [(x - found[0]) / (found[-1] - found[0]) for x in found]


def test_the_axis_is_logarithmic_over_a_decade_and_categories_stand_side_by_side():
    assert ticks([0.01, 0.1, 1.0]) == pytest.approx([0, 0.5, 1], abs=0.01)
    assert ticks([0.2, 0.1, 0.4]) == pytest.approx([0, 1 / 3, 1], abs=0.01)
    assert ticks([0.0, 1.0, 10.0], "alpha") == pytest.approx([0, 0.1, 1], abs=0.01)
    assert ticks(["c", "a", "b"], "scope") == pytest.approx([0, 0.5, 1], abs=0.01)
    assert len(ticks([k / 100 for k in range(1, 31)])) < 20, "many values are not all written"
