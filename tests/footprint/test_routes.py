"""Ways over the mesh: as short as can be where nothing is missing, around what is missing, and never out of it."""

import itertools
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.errors import OverBudget
from neurosparse.footprint.routes import Mesh
from neurosparse.hardware.library import load_profile

BOARD = Mesh(load_profile("spinnaker"), 1)
BOARDS = Mesh(load_profile("spinnaker"), 3)


def changed(name, **changes):
    """Return a mesh of a profile whose board is not as it was."""
    profile = load_profile(name)
    return Mesh(profile.model_copy(update={"board": profile.board.model_copy(update=changes)}), 1)


TORUS = changed(
    "spinn3",
    map=tuple((x, y, 18) for x in range(6) for y in range(5)),
    wraps=(6, 5),
    down_links=(),
    chips=30,
    cores=540,
)


def distances(mesh, start):
    """Return how many links every chip is away: breadth first."""
    found, waiting = {start: 0}, deque([start])
    while waiting:
        xy = waiting.popleft()
        for to in mesh.links[xy].values():
            if to not in found:
                found[to] = found[xy] + 1
                waiting.append(to)
    return found


def is_a_way(mesh, start, goal, steps):
    for link, xy in steps:
        assert mesh.links[start][link] == xy
        start = xy
    assert start == goal
    assert len({xy for _, xy in steps}) == len(steps)


@pytest.mark.parametrize("mesh", [BOARD, TORUS])
def test_ways_are_as_short_as_can_be_where_no_chip_is_missing_between(mesh):
    for start in mesh.links:
        away = distances(mesh, start)
        for goal in mesh.links:
            steps = mesh.path(start, goal)
            is_a_way(mesh, start, goal, steps)
            assert len(steps) == away[goal]


def test_the_longest_axis_comes_first():
    assert [link for link, _ in BOARD.path((0, 0), (3, 1))] == [0, 0, 1]
    assert [link for link, _ in BOARD.path((4, 4), (2, 5))] == [3, 3, 2]
    assert [link for link, _ in BOARD.path((5, 5), (4, 2))] == [5, 5, 4]


def test_ways_lead_around_the_corners_between_boards():
    around = 0
    for start in BOARDS.links:
        for goal in BOARDS.links:
            steps = BOARDS.path(start, goal)
            is_a_way(BOARDS, start, goal, steps)
            turns = sum(one != other for (one, _), (other, _) in itertools.pairwise(steps))
            around += turns > 1  # the straight way has one turn at most
    assert around > 100


def test_a_link_that_is_down_is_gone_around():
    mesh = changed("spinnaker", down_links=((1, 0, 0),))
    assert [xy for _, xy in mesh.path((0, 0), (3, 0))] == [(1, 0), (2, 1), (2, 0), (3, 0)]


def test_chips_that_nothing_leads_to_are_not_reached():
    mesh = changed("spinnaker", map=((0, 0, 18), (3, 3, 18)))
    with pytest.raises(OverBudget, match="no way") as caught:
        mesh.path((0, 0), (3, 3))
    assert caught.value.numbers == {"from chip": "(0, 0)", "not reached": "(3, 3)"}
    with pytest.raises(OverBudget, match="no way"):
        BOARD.spread((0, 0), {(0, 0), (1, 0), (3, 3)}, {(1, 0), (3, 3)}, {})


def test_a_tree_lists_a_link_once_for_each_chip_behind_it():
    trees = {}
    BOARD.spread((0, 0), {(0, 0), (1, 0), (2, 0), (2, 1)}, {(2, 0), (2, 1)}, trees)
    assert [link for link, _ in trees[0, 0].branches] == [0, 0]
    assert [link for link, _ in trees[1, 0].branches] == [0, 1]


def test_a_way_leaves_from_where_it_last_meets_the_source_and_ends_where_the_target_begins():
    trees = {}
    ends = BOARD.join((0, 0), (5, 1), trees, {(0, 0), (1, 0)}, {(4, 0), (5, 1)})
    assert ends == ((1, 0), (4, 0))
    assert set(trees) == {(1, 0), (2, 0), (3, 0), (4, 0)}
    # What comes later leaves from where it last meets a tree.
    assert BOARD.join((0, 0), (5, 2), trees, {(0, 0), (1, 0)}, {(5, 2)}) == ((3, 0), (5, 2))


@given(st.sets(st.sampled_from(sorted(BOARD.links)), min_size=1), st.data())
@settings(max_examples=100, deadline=None)
def test_trees_reach_all_that_can_be_reached(within, data):
    start = data.draw(st.sampled_from(sorted(within)))
    reached = BOARD.reachable(start, within, set())
    wanted = set(data.draw(st.lists(st.sampled_from(sorted(reached)), min_size=1)))
    trees = {}
    BOARD.spread(start, within, wanted, trees)
    found, waiting = set(), [trees[start]]
    while waiting:
        tree = waiting.pop()
        found.add(tree.xy)
        waiting += [branch for _, branch in tree.branches]
        assert all(BOARD.links[tree.xy][link] == branch.xy for link, branch in tree.branches)
    assert wanted <= found <= reached
