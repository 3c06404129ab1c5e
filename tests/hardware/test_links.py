"""The links between chips, by number."""

from neurosparse.hardware.library import load_profile
from neurosparse.hardware.topology import board_chips


def _chips(profile, boards=1):
    return {(chip.x, chip.y): chip for chip in board_chips(load_profile(profile), boards)}


def test_links_lead_to_where_they_come_back_from():
    for profile, boards in (("spinnaker", 1), ("spinnaker", 3), ("spinn3", 1)):
        chips = _chips(profile, boards)
        for xy, chip in chips.items():
            for link, to in chip.links:
                assert dict(chips[to].links)[(link + 3) % 6] == xy


def test_a_chip_in_the_corner_has_three_links():
    assert _chips("spinnaker")[0, 0].links == ((0, (1, 0)), (1, (1, 1)), (2, (0, 1)))


def test_the_small_board_joins_its_upper_and_lower_side_and_not_left_and_right():
    chips = _chips("spinn3")
    assert chips[0, 0].links == ((0, (1, 0)), (1, (1, 1)), (2, (0, 1)), (5, (0, 1)))
    assert chips[1, 0].links == ((2, (1, 1)), (3, (0, 0)), (4, (0, 1)), (5, (1, 1)))
    assert chips[1, 0].neighbours == ((1, 1), (0, 0), (0, 1))
