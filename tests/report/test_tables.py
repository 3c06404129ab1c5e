"""Rows of cores, and their CSV."""

import csv
import io

from booked import PROFILE

from neurosparse.graph import feedforward
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.plan import make_plan
from neurosparse.report.tables import CoreRow, cores_csv, fullest_core, plan_rows
from neurosparse.shares import split_budget

_SIZES = (784, 300, 100, 10)
_PLAN = make_plan(feedforward(_SIZES, split_budget(_SIZES, 3_552)), PROFILE)


def _row(sdram, dtcm):
    memories = {"sdram": Usage(sdram, 100), **({} if dtcm is None else {"dtcm": Usage(dtcm, 100)})}
    return CoreRow("a", 0, 1, 0, 0, 3, None, 0, memories, {"x": 1})


def test_rows_of_a_plan_sum_up_to_what_is_used():
    for row, core in zip(plan_rows(_PLAN), _PLAN.cores, strict=True):
        assert sum(row.regions.values()) == row.memories["sdram"].used == core.main.used
        assert row.regions[row.holds] == max(row.regions.values())
        assert row.live is None


def test_the_fullest_core_is_by_any_of_its_memories():
    assert fullest_core([_row(10, 20), _row(15, None), _row(5, 20)]) == 0
    assert fullest_core([_row(10, 20), _row(25, None)]) == 1
    assert _row(10, 20).fullest == ("dtcm", 0.2)
    assert _row(10, None).fullest == ("sdram", 0.1)


def test_csv_has_a_line_a_core_and_all_regions():
    rows = plan_rows(_PLAN)
    table = list(csv.DictReader(io.StringIO(cores_csv(rows))))
    assert len(table) == len(rows)
    for line, row in zip(table, rows, strict=True):
        assert line["population"] == row.population
        assert int(line["sdram_used"]) == row.memories["sdram"].used
        assert line["dtcm_used"] == (str(row.memories["dtcm"].used) if "dtcm" in row.memories else "")
        assert sum(int(value or 0) for key, value in line.items() if key.startswith("region_")) == int(
            line["sdram_used"]
        )
