"""The bars: what a core holds is all there, and how far it is from its limit is told."""

import itertools

import pytest
from finished import finished
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.hardware.ledger import Usage
from neurosparse.report.page.bars import COLOURS, bars
from neurosparse.report.page.tables import region_table
from neurosparse.report.tables import CoreRow, report_rows

_ROWS = report_rows(finished((64, 300, 10), 900).document)


def _row(regions, available=1_000, population="a", start=0, unit="bytes", other=None):
    memories = {"sdram": Usage(sum(regions.values()), available, unit), **(other or {})}
    return CoreRow(population, start, start + 4, 0, 0, start, 3, 9, memories, regions)


def test_a_bar_is_its_regions():
    found = bars(_ROWS)
    assert found.to_scale
    assert [bar.name for bar in found.bars] == ["input", "hidden1", "output"]
    assert [bar.note for bar in found.bars] == ["neurons 0\u201363", "2 slices alike", "neurons 0\u20139"]
    for bar, row in zip(found.bars, (_ROWS[0], _ROWS[1], _ROWS[3]), strict=True):
        assert sum(bar.regions) == row.main.used
        assert dict(zip(found.regions, bar.regions, strict=True)) == {
            **dict.fromkeys(found.regions, 0),
            **{name.replace("_", " "): size for name, size in row.regions.items() if size},
        }
        ends = [(s.x, s.x + s.width) for s in bar.segments]
        assert ends[0][0] == found.stack
        assert ends[-1][1] == pytest.approx(
            found.stack + (found.stack_end - found.stack) * row.main.used / _ROWS[0].main.used
        )
        assert all(left[1] == pytest.approx(right[0]) for left, right in itertools.pairwise(ends))
        widest = max(bar.segments, key=lambda segment: segment.width)
        assert widest.title.startswith(f"{row.holds.replace('_', ' ')}: ")
    table = region_table(found).parts[0][1]
    assert [line[-1] for line in table] == [f"{sum(bar.regions):,}" for bar in found.bars]


def test_bars_too_short_to_see_are_drawn_as_wholes():
    found = bars([_row({"x": 800, "y": 200}), _row({"x": 20, "y": 80}, start=4)])
    assert not found.to_scale
    width = found.stack_end - found.stack
    assert [[round(s.width / width, 6) for s in bar.segments] for bar in found.bars] == [[0.8, 0.2], [0.2, 0.8]]
    assert bars([_row({"x": 800}), _row({"x": 100}, start=4)]).to_scale


@given(st.lists(st.floats(1e-6, 20.0), min_size=1, max_size=6))
def test_a_mark_lies_before_the_limit_where_it_fits(fractions):
    rows = [
        _row({"x": round(1_000_000 * f)}, available=1_000_000, start=4 * k)
        for k, f in enumerate(fractions)
        if round(1_000_000 * f)
    ]
    if not rows:
        return
    found = bars(rows)
    for bar in found.bars:
        assert found.gauge - 1e-6 <= bar.marks[0].x <= found.gauge_end + 1e-6
        fits = sum(bar.regions) <= 1_000_000
        assert (bar.marks[0].x <= found.limit + 1e-6) == fits
    labels = dict((label, x) for x, label in found.shares)
    assert labels["100 %"] == found.limit


def test_of_many_kinds_the_fullest_and_the_leanest_are_drawn():
    rows = [_row({"x": 10 + k}, start=4 * k) for k in range(30)]
    found = bars(rows)
    assert [bar.regions for bar in found.bars] == [(39,), (38,), (37,), (24,), (10,)]
    assert found.left_out == 25
    many = bars([_row({"x": 10 + k}, population=f"p{k}") for k in range(60)])
    assert len(many.bars) == 40
    assert many.left_out == 20
    assert many.bars[0].regions == (30,)


def test_other_memories_and_other_units_have_their_marks():
    found = bars([_row({"lists": 50}, 100, unit="axons", other={"weight_sram": Usage(10, 100)})])
    assert found.memories == ("SDRAM", "weight SRAM")
    assert [mark.memory for mark in found.bars[0].marks] == [0, 1]
    assert found.bars[0].used == "50"
    assert found.bars[0].marks[0].title == "SDRAM 50 of 100 axons, 50.0 %"
    assert found.bars[0].marks[1].title == "weight SRAM 10 B of 100 B, 10.0 %"


def test_colours_run_out_into_one():
    found = bars([_row({f"r{k}": 100 - k for k in range(12)}, 10_000)])
    assert [segment.colour for segment in found.bars[0].segments] == [*range(COLOURS), *[COLOURS] * 5]


def test_limits_that_differ_are_told_as_a_range():
    found = bars([_row({"x": 10}, 2_048), _row({"x": 10}, 4_096, start=4), _row({"x": 10}, 4_096, start=8)])
    assert len(found.bars) == 1
    assert found.bars[0].available == "2.0 KiB\u20134.0 KiB"


def test_cores_that_hold_nothing_are_drawn_as_nothing():
    found = bars([_row({})])
    assert found.bars[0].segments == ()
    assert found.bars[0].marks[0].x == found.gauge
