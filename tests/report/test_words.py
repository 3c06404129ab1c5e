"""Amounts and shares as people read them."""

import pytest

from neurosparse.hardware.ledger import Usage
from neurosparse.report.words import amounts, figure_at, in_a_line, percent, several


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, "0.0 %"), (0.00004, "below 0.01 %"), (0.0034, "0.34 %"), (0.012, "1.2 %"), (0.391, "39.1 %"),
        (1.0, "100.0 %"), (1.5, "150.0 %"),
    ],
)  # fmt: skip
def test_shares(fraction, text):
    assert percent(fraction) == text


def test_amounts():
    assert amounts(Usage(2_048, 65_536)) == "2.0 KiB of 64.0 KiB"
    assert amounts(Usage(2_048, 65_536, "axons")) == "2,048 of 65,536 axons"
    assert several(1, "core") == "1 core"
    assert several(1_500, "core") == "1,500 cores"


def test_figures_of_a_profile():
    figures = {"board": {"map": [[0, 0, 18]] * 48}, "row": {"words": 1_023}}
    assert in_a_line(figure_at(figures, "row.words")) == "1,023"
    assert in_a_line(figure_at(figures, "board.map")) == "48 entries"
    assert in_a_line(["spikes"]) == '["spikes"]'
