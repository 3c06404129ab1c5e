"""The page: whole, alone, the same for the same run, and to be read without seeing it."""

import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from finished import SETTINGS, finished

from neurosparse.errors import BadInput, FileFault
from neurosparse.hardware.library import load_profile, profile_names
from neurosparse.report.page.page import make_page, render, save_page

_RUN = finished((64, 300, 10), 900)
_PAGE = make_page(*_RUN.parts)
_TEXT = render(_PAGE)


class _Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of each kind."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.text, self._open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self._open and data.strip():
            self.text.setdefault(self._open[-1], []).append(data.strip())

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def of(self, *tags):
        return [attributes for tag, attributes in self.found if tag in tags]


def test_equal_runs_give_equal_bytes():
    again = finished((64, 300, 10), 900)
    assert render(make_page(*again.parts)) == _TEXT
    assert render(make_page(*finished((64, 300, 10), 900, seed=2).parts)) != _TEXT


@pytest.mark.parametrize("text", [_TEXT, render(make_page(*_RUN.without_start().parts))])
def test_nothing_comes_from_elsewhere(text):
    page = _Elements(text)
    assert not page.of("script", "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "image")
    for tag, attributes in page.found:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} runs a script"
            if name in ("src", "href", "xlink:href", "data", "action", "poster", "srcset"):
                assert value.startswith("#")
    assert not re.search(r"@import|url\(", text)
    assert "default-src 'none'" in text


def test_identifiers_are_unique_and_what_is_referred_to_is_there():
    page = _Elements(_TEXT)
    named = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(set(named)) == len(named)
    wanted = [a[name] for _, a in page.found for name in ("href", "xlink:href", "aria-labelledby") if name in a]
    assert wanted
    assert {name.removeprefix("#") for name in wanted} <= set(named)


def test_it_can_be_read_without_seeing_it():
    page = _Elements(_TEXT)
    assert page.of("html")[0]["lang"] == "en"
    assert len(page.of("main")) == len(page.of("h1")) == 1
    assert _TEXT.count("<title>neurosparse report: digits on spinnaker</title>") == 1
    tables, captions = page.of("table"), page.of("caption")
    assert len(tables) == len(captions) >= 6
    assert all(cell.get("scope") in ("col", "row", "rowgroup") for cell in page.of("th"))
    for drawing in page.of("svg"):
        assert drawing.get("aria-hidden") == "true" or (drawing["role"] == "img" and len(drawing["aria-label"]) > 20)
    levels = [int(tag[1]) for tag, _ in page.found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_every_core_is_in_the_table_and_on_the_map():
    cores = _RUN.document["cores"]
    assert _PAGE.cores.lines == len(cores) == len(_PAGE.map.cores)
    assert [name for name, _ in _PAGE.cores.parts] == ["input", "hidden1", "output"]
    lines = [line for _, part in _PAGE.cores.parts for line in part]
    for line, core, cell in zip(lines, cores, _PAGE.map.cores, strict=True):
        assert line[0] == f"{core['slice'][0]}\u2013{core['slice'][1] - 1}"
        assert line[3] == f"{core['synapses']['live']:,}"
        assert cell.title.startswith(f"{core['population']} {line[0]}, chip (")
        assert f"SDRAM {line[5]} of {line[6]}, {line[7]}" in cell.title
    populations = {line[0]: line for line in _PAGE.populations.parts[0][1]}
    assert populations["hidden1"][1:5] == ("300", "2", "1", f"{sum(c['synapses']['live'] for c in cores[1:3]):,}")
    assert populations["input"][9] == "not stated"


def test_what_the_head_says():
    figures = {name: (value, remark) for name, value, remark in _PAGE.key_figures}
    assert figures["test accuracy"] == ("94.12 %", "train 99.00 %, validation 95.00 %")
    assert figures["synapses"] == ("900", "of 900 allowed; 310 biases")
    assert figures["cores"] == ("4", "of 759, on 1 of 48 chips")
    assert figures["fullest core"][1].startswith("of DTCM: hidden1 0\u2013255, chip (0, 0) core ")
    assert _PAGE.title == "digits on spinnaker"
    unfit = make_page({**_RUN.document, "fits": False}, *_RUN.parts[1:])
    assert "The network fits" in _TEXT
    assert "The network does not fit" in render(unfit)


_CAUSE = {
    "name": "input-hidden1", "pre": "input", "post": "hidden1", "receptor": "excitatory", "synapses": 500, "cores": 2,
    "bytes": 4_096, "share": 0.625, "row": 11, "source": 17, "core": 1, "filled": 0.25, "padding": 7_168,
    "unconnected": 3, "unconnected_bytes": 168, "sorted_bytes": 4_096, "lost": 0, "fan_in": 12,
    "weight_step": 0.0009765625,
}  # fmt: skip


def test_the_reasons_stand_where_the_report_tells_them():
    alike = {**_CAUSE, "source": None, "core": None, "filled": None, "padding": None, "unconnected": None,
             "unconnected_bytes": None}  # fmt: skip
    reasons = {"projections": [_CAUSE, alike], "notes": ["neuron 17 is a hub"]}
    page = make_page({**_RUN.document, "explanation": reasons}, *_RUN.parts[1:])
    first, second = page.causes.parts[0][1]
    held = ("input-hidden1", "excitatory", "4.0 KiB", "62.5 %", "11")
    assert first == (*held, "neuron 17, core 1", "25.0 %", "7.0 KiB", "3", "168 B", "12", "0.000977")
    assert second == (*held, "all alike", "", "", "", "", "12", "0.000977")
    assert "neuron 17 is a hub" in _Elements(render(page)).text["li"]
    without = make_page({**_RUN.document, "explanation": None}, *_RUN.parts[1:])
    assert without.causes is None
    assert "Rows and padding" not in render(without)


def test_what_compaction_saves_stands_where_the_report_tells_it():
    compacted = {
        "neurons": {"input": 60, "hidden1": 200, "output": 10},
        "synapses": 800,
        "cores": [
            {"population": "hidden1", "slice": [0, 256], "whole": 4_096, "compacted": 1_024},
            {"population": "hidden1", "slice": [256, 300], "whole": 4_096, "compacted": 0},
            {"population": "output", "slice": [0, 10], "whole": 1_024, "compacted": 1_024},
        ],
    }
    page = make_page({**_RUN.document, "compacted": compacted}, *_RUN.parts[1:])
    assert page.compaction.parts[0][1] == (
        ("input", "64", "60", "0 B", "0 B", ""),
        ("hidden1", "300", "200", "8.0 KiB", "1.0 KiB", "87.5 %"),
        ("output", "10", "10", "1.0 KiB", "1.0 KiB", "0.0 %"),
        ("in all", "374", "270", "9.0 KiB", "2.0 KiB", "77.8 %"),
    )
    without = make_page({**_RUN.document, "compacted": None}, *_RUN.parts[1:])
    assert without.compaction is None
    assert "reach no output" not in render(without)


def test_settings_stand_with_their_origins():
    lines = _PAGE.configuration.parts[0][1]
    assert lines == (
        ("data", "digits", "default"),
        ("layers", "300, 10", "mine.toml:3"),
        ("synapses", "not set", "default"),
        ("seed", "7", "--seed"),
    )


def test_every_figure_of_the_machine_stands_with_its_source():
    profile = _RUN.plan.profile
    lines = {line[0]: line for line in _PAGE.sources.parts[0][1]}
    assert set(lines) == set(profile.sources)
    assert lines["row.header_words"] == ("row.header_words", "3", profile.sources["row.header_words"])


def test_words_of_a_user_stay_words():
    strange = "<script>alert('1')</script> & \"quotes\""
    settings = {**SETTINGS, "data": {"value": strange, "from": "--data"}}
    text = render(make_page({**_RUN.document, "configuration": settings}, *_RUN.parts[1:]))
    assert "<script" not in text
    assert strange in "".join(_Elements(text).text["td"])


def test_an_older_run_shows_the_end_alone():
    page = make_page(*_RUN.without_start().parts)
    assert not page.has_start
    assert {line[1] for line in page.connection_table.parts[0][1]} == {"end"}
    assert "before the first step" not in render(page)
    assert "before the first step" in _TEXT
    assert {line[1] for line in _PAGE.connection_table.parts[0][1]} == {"start", "end"}


def test_a_run_without_epochs_shows_no_curves():
    document, plan, _, network, initial = _RUN.parts
    page = make_page(document, plan, [], network, initial)
    assert page.training == ()
    assert 'id="training"' not in render(page)


def test_very_many_epochs_are_thinned_out_in_the_table():
    lines = make_page(*finished((64, 30, 10), 300, epochs=1_000).parts).history.parts[0][1]
    assert [line[0] for line in (lines[0], lines[1], lines[-1])] == ["1", "5", "1,000"]
    assert len(lines) == 201


def test_a_full_board_stays_below_a_megabyte():
    run = finished((64, 1520, 1500, 10), 8_000, neurons_per_core=4, epochs=60)
    assert len(run.plan.cores) == 759
    assert len(run.plan.chips) == 48
    page = make_page(*run.parts)
    assert not page.cores_open
    assert len(render(page).encode()) < 700_000


@pytest.mark.parametrize("name", profile_names())
def test_every_machine_has_its_page(name):
    run = finished((8, 12, 4), 40, profile=load_profile(name), neurons_per_core=16, synapses_per_core=100)
    page = make_page(*run.parts)
    assert len(page.map.cores) == len(run.plan.cores)
    used, remark = next(figure[1:] for figure in page.key_figures if figure[0] == "cores")
    assert int(used) == len({(core.x, core.y, core.p) for core in run.plan.cores})
    assert int(used) <= int(re.match(r"of ([\d,]+),", remark).group(1).replace(",", ""))
    assert _Elements(render(page)).of("main")


def test_a_report_of_another_plan_is_refused():
    other = finished((64, 30, 10), 300)
    with pytest.raises(FileFault, match="does not belong to its plan"):
        make_page(other.document, *_RUN.parts[1:])


def test_a_page_replaces_a_page_and_nothing_else(tmp_path):
    path = tmp_path / "report.html"
    assert save_page(_PAGE, path) == path.stat().st_size == len(_TEXT.encode())
    save_page(_PAGE, path)
    assert path.read_text(encoding="utf-8") == _TEXT
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "folder.html").mkdir()
    for name in ("plan.json", "folder.html"):
        with pytest.raises(BadInput, match="no page"):
            save_page(_PAGE, tmp_path / name)
    assert (tmp_path / "plan.json").read_text() == "{}"
    with pytest.raises(FileFault, match="cannot write"):
        save_page(_PAGE, tmp_path / "nowhere" / "report.html")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder.html", "plan.json", "report.html"]


def test_a_report_without_a_page_loads_no_matplotlib():
    script = "import sys, neurosparse.cli.report, neurosparse.cli.compare; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout == "False\n", result.stderr
