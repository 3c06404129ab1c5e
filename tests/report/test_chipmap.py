"""The map: every chip at its place, every core in its chip, nothing on top of anything."""

import pytest
from booked import PROFILE
from finished import finished
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.topology import Chip, board_chips
from neurosparse.report.page.chipmap import STEPS, chip_map
from neurosparse.report.tables import CoreRow, report_rows

_CHIPS = board_chips(PROFILE)
_ROWS = report_rows(finished((64, 1520, 1500, 10), 8_000, neurons_per_core=4).document)


def _chip(x, y, cores, monitors=0):
    return Chip(x, y, cores, monitors, 0, 0, (), (0, 0))


def _row(x, y, p, used=1, population="a"):
    return CoreRow(population, 0, 4, x, y, p, 3, 9, {"cam": Usage(used, 100, "entries")}, {"weights": used})


def _overlap(a, b):
    """Say whether two (left, top, width, height) share more than an edge."""
    return all(max(a[k], b[k]) < min(a[k] + a[k + 2], b[k] + b[k + 2]) - 1e-6 for k in (0, 1))


def test_a_full_board():
    found = chip_map(_CHIPS, _ROWS)
    assert len(found.cores) == 759
    assert len(found.chips) == 48
    assert all(chip.used for chip in found.chips)
    kinds = [found.kinds[chip.kind] for chip in found.chips]
    states = [cell.state for kind in kinds for cell in kind]
    assert states.count("monitor") == 97
    assert states.count("missing") == 48 * 18 - 856 == 8
    assert found.states == ("free", "monitor", "missing")
    assert found.letters == (("a", "input"), ("b", "hidden1"), ("c", "hidden2"), ("d", "output"))
    assert "48 chips with 856 cores: 759 cores on 48 chips" in found.summary
    corner = {chip.label: (chip.x, chip.y) for chip in found.chips}
    assert corner["0, 0"][0] < corner["1, 0"][0]
    assert corner["0, 0"][1] > corner["0, 1"][1], "y grows upwards, as on the board"
    assert corner["7, 7"] == (max(x for x, _ in corner.values()), min(y for _, y in corner.values()))


def test_a_core_lies_in_its_chip_where_it_was_free():
    found = chip_map(_CHIPS, _ROWS)
    frames = {chip.label: chip for chip in found.chips}
    for row, cell in zip(_ROWS, found.cores, strict=True):
        chip = frames[f"{row.x}, {row.y}"]
        empty = found.kinds[chip.kind][row.p]
        assert empty.state == "free"
        assert (cell.x, cell.y) == pytest.approx((chip.x + empty.x, chip.y + empty.y))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30, unique=True),
    st.integers(1, 200),
)
def test_nothing_lies_on_anything_wherever_the_chips_are(places, cores):
    chips = [_chip(x, y, cores) for x, y in places]
    found = chip_map(chips, [_row(x, y, cores - 1) for x, y in places])
    frames = [(chip.x, chip.y, found.chip_width, found.chip_height) for chip in found.chips]
    assert not any(_overlap(a, b) for k, a in enumerate(frames) for b in frames[:k])
    for (x, y, width, height), cell in zip(frames, found.cores, strict=True):
        assert x - 1e-6 <= cell.x <= cell.x + cell.width <= x + width + 1e-6
        assert y - 1e-6 <= cell.y <= cell.y + found.cell <= y + height + 1e-6
        assert x >= 0
        assert x + width <= found.width + 1e-6
        assert y + height <= found.height + 1e-6
    assert found.width <= max(860, found.cell * found.chip_width * len(places))


def test_chips_without_coordinates_stand_in_lines():
    found = chip_map([_chip(k, 0, 128) for k in range(8)], [_row(0, 0, 5)])
    assert len({chip.y for chip in found.chips}) > 1
    assert [chip.label for chip in found.chips] == [f"{k}, 0" for k in range(8)]
    assert [chip.used for chip in found.chips] == [True] + [False] * 7
    assert found.states == ("free",)


@pytest.mark.parametrize("fraction", [0.0, *STEPS])
def test_a_shade_is_up_to_its_step(fraction):
    at = chip_map([_chip(0, 0, 1)], [_row(0, 0, 0, 100 * fraction)]).cores[0].shade
    above = chip_map([_chip(0, 0, 1)], [_row(0, 0, 0, 100 * fraction + 0.5)]).cores[0].shade
    assert at == (STEPS.index(fraction) if fraction else 0)
    assert above == (at + 1 if fraction else 0)


def test_populations_that_share_a_core_divide_it():
    found = chip_map([_chip(0, 0, 4)], [_row(0, 0, 2), _row(0, 0, 2, population="b"), _row(0, 0, 3)])
    left, right, alone = found.cores
    assert left.width == right.width == alone.width / 2 == found.cell / 2
    assert right.x == left.x + left.width
    assert "2 cores on 1 chip" in found.summary
    assert found.letters == (("a", "a"), ("b", "b"))
    crowded = chip_map([_chip(0, 0, 4)], [_row(0, 0, 2, population=f"p{k}") for k in range(9)])
    assert crowded.letters == ()
    assert not any(core.letter for core in crowded.cores)
    assert "CAM 1 of 100 entries, 1.0 %" in left.title


def test_very_many_cores_of_a_chip_are_not_drawn_one_by_one():
    found = chip_map([_chip(0, 0, 5_000)], [_row(0, 0, 4_999)])
    assert found.kinds == ((),)
    assert len(found.cores) == 1
