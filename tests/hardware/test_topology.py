"""The SpiNN-5 board: 48 chips on a hexagonal mesh, and what monitors leave of them."""

from collections import Counter

from neurosparse.hardware.library import load_profile
from neurosparse.hardware.topology import application_cores, board_chips

_CHIPS = board_chips(load_profile("spinnaker"))


def test_cores_left_to_the_application():
    # 40 chips of 18 cores and 8 of 17, less 2 a chip, less 1 on the Ethernet chip.
    assert application_cores(load_profile("spinnaker")) == 40 * 16 + 8 * 15 - 1
    ethernet = [chip for chip in _CHIPS if chip.monitor_cores == 3]
    assert [(chip.x, chip.y) for chip in ethernet] == [(0, 0)]
    assert list(ethernet[0].application_cores) == list(range(3, 18))


def test_sdram_left_to_the_application():
    assert {chip.application_sdram for chip in _CHIPS} == {123_469_792 - 488_476, 123_469_792 - 488_476 - 477_250}


def test_links_go_both_ways():
    beside = {(chip.x, chip.y): chip.neighbours for chip in _CHIPS}
    assert all(here in beside[there] for here, places in beside.items() for there in places)


def test_the_board_is_a_hexagon():
    per_column = [sum(chip.x == x for chip in _CHIPS) for x in range(8)]
    assert per_column == [4, 5, 6, 7, 8, 7, 6, 5]
    # 27 chips inside, 15 on the edges, 6 at the corners.
    assert Counter(len(chip.neighbours) for chip in _CHIPS) == {6: 27, 4: 15, 3: 6}


def test_chips_come_in_the_order_of_the_tool_chain():
    places = [(chip.x, chip.y) for chip in _CHIPS]
    assert places == sorted(places)
