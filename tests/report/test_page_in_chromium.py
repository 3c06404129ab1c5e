"""The page as a browser shows it: offline, in light and dark, on paper."""

import re

import numpy as np
import pytest
from chromium import DARK, LIGHT, asked_for, browse, screenshot
from finished import finished

from neurosparse.report.page.page import make_page, save_page

_FULL = finished((64, 1520, 1500, 10), 8_000, neurons_per_core=4, epochs=1)
_SIZE = (1100, 2400)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return the page of a run that fills every core of a board."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    save_page(make_page(*_FULL.parts), path)
    return path


def test_the_browser_finds_the_verdict_and_every_core(page, tmp_path):
    dom = browse(page, tmp_path, "--dump-dom")
    assert len(_FULL.plan.cores) == 759
    assert "The network fits the machine." in dom
    assert len(re.findall(r'<rect class="core s\d" [^>]*><title>', dom)) == 759
    table = dom[dom.index("<summary>All 759 cores, one by one") :]
    table = table[: table.index("</details>")]
    assert len(re.findall(r'<th scope="row"', table)) == 759


def test_the_page_asks_for_nothing(page, tmp_path):
    control = tmp_path / "control.html"
    control.write_text('<!doctype html><img src="http://elsewhere.example/x.png">')
    assert asked_for(control, tmp_path) == {"http://elsewhere.example/x.png"}, "the test sees what a page asks for"
    assert asked_for(page, tmp_path) == set()


def _share(picture, colour):
    """Return the fraction of a picture that is of a colour like ``#ffffff``."""
    wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
    return float(np.mean(np.all(np.abs(np.rint(picture * 255) - wanted) <= 1, axis=2)))


@pytest.mark.parametrize(("scheme", "paper", "shade"), [(LIGHT, "#ffffff", "#dce9f5"), (DARK, "#15181b", "#1c2b39")])
def test_the_picture_shows_the_board(page, tmp_path, scheme, paper, shade):
    picture = screenshot(page, tmp_path, scheme, size=_SIZE)
    assert picture.shape == (2400, 1100, 3)
    assert 0.5 < _share(picture, paper) < 0.95
    # 756 cores of 14 by 14 and more that hold little stand on the map.
    assert _share(picture, shade) * picture.shape[0] * picture.shape[1] > 756 * 14 * 14 * 0.5
    rows = np.ptp(picture.reshape(picture.shape[0], -1), axis=1) > 0.2
    assert rows[: _SIZE[1] // 2].mean() > 0.5, "most of the upper half is written on"


def test_nothing_runs_out_of_a_narrow_page(page, tmp_path):
    picture = screenshot(page, tmp_path, LIGHT, size=(500, 1600))
    assert picture[:, 496:].min() > 0.98, "the margin on the right stays clear"


def test_the_page_prints(page, tmp_path):
    target = tmp_path / "page.pdf"
    browse(page, tmp_path, DARK, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    printed = target.read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3
