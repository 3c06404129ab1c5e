"""`neurosparse compare` and `neurosparse report --html` as real processes."""

import json

import pytest
from processes import neurosparse

_SMALL = ("--layers", "30,20", "--epochs", "2", "--alpha", "1e-3")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a folder with two finished runs and one that has not begun."""
    folder = tmp_path_factory.mktemp("runs")
    for name, more in (("small", ("--connectivity", "20%")), ("large", ("--connectivity", "40%", "--seed", "2"))):
        result = neurosparse("train", *_SMALL, *more, "--out", name, cwd=folder)
        assert result.returncode == 0, result.stderr
    (folder / "open").mkdir()
    for name in ("config.json", "plan.json"):
        (folder / "open" / name).write_bytes((folder / "small" / name).read_bytes())
    return folder


def test_what_differs_is_told(runs):
    result = neurosparse("compare", "small", "large", cwd=runs)
    assert (result.returncode, result.stderr) == (0, "")
    lines = {line.split("  ")[0]: line.split() for line in result.stdout.splitlines()}
    assert lines["synapses"] == ["synapses", "544", "1,088", "+544", "+100.0", "%", "worse"]
    assert lines["seed"] == ["seed", "1", "2"]
    assert lines["connectivity"] == ["connectivity", "0.2", "0.4"]
    same = neurosparse("compare", "small", "small", "--fail-over", "0%", cwd=runs)
    assert same.returncode == 0
    assert "all settings are the same" in same.stdout
    assert "nothing is worse by more than 0 %" in same.stdout


def test_over_the_limit_it_fails_and_names_what(runs):
    result = neurosparse("compare", "small", "large", "--fail-over", "60%", cwd=runs)
    assert result.returncode == 1
    assert "worse by more than 60 %: synapses" in result.stdout.splitlines()[-1]
    back = neurosparse("compare", "large", "small", "--fail-over", "60%", cwd=runs)
    assert back.returncode == 0
    told = neurosparse("compare", "small", "large", "--fail-over", "60%", "--json", cwd=runs)
    assert told.returncode == 1
    document = json.loads(told.stdout)
    assert document["over"][0] == "synapses"
    assert str(runs) not in told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("small", "open"), 3, "open has not finished"),
        (("nowhere", "small"), 3, "there is no run folder nowhere"),
        (("small", "large", "--fail-over", "much"), 2, "'much' is not a fraction"),
        (("small",), 2, "Missing argument 'CANDIDATE'"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, arguments, code, said):
    result = neurosparse("compare", *arguments, cwd=runs)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_report_as_a_page(runs):
    result = neurosparse("report", "small", "--html", cwd=runs)
    assert (result.returncode, result.stderr) == (0, "")
    page = (runs / "small/report.html").read_bytes()
    assert result.stdout == f"small/report.html  {len(page) / 1024:.1f} KiB\n"
    assert page.startswith(b"<!doctype html>")
    assert b"before the first step" in page
    assert str(runs).encode() not in page
    elsewhere = neurosparse("report", "small", "--html", "--out", "mine.html", cwd=runs)
    assert elsewhere.returncode == 0
    assert (runs / "mine.html").read_bytes() == page
    assert neurosparse("check", "small", cwd=runs).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("open", "--html"), 3, "open has not finished"),
        (("small", "--html", "--out", "small/plan.json"), 2, "plan.json is there already and no page"),
        (("small", "--html", "--out", "no/page.html"), 3, "cannot write page.html"),
        (("small", "--html", "--json"), 2, "choose one"),
        (("small", "--out", "page.html"), 2, "give it with --html"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused(runs, arguments, code, said):
    before = (runs / "small/plan.json").read_bytes()
    result = neurosparse("report", *arguments, cwd=runs)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert (runs / "small/plan.json").read_bytes() == before
