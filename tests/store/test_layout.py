import pytest

from neurosparse.errors import BadInput, OverBudget
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out, unbounded


def test_blocks_number_rows_and_cores_through():
    layout = Layout((ProjectionLayout("a", 4, 5, 6, 2, (8, 8, 4)), unbounded("b", 5, 3, 7)))
    assert layout.blocks().tolist() == [[0, 4, 5, 2, 0], [4, 9, 3, 3, 3]]
    assert layout.groups().tolist() == [[0, 1, 6], [1, 2, 7]]
    assert (layout.n_slots, layout.n_rows) == (13, 9)
    assert layout.projections[0].posts == (2, 2, 1)


def test_a_network_budget_is_one_group():
    assert shared_out((4, 5, 3), (6, 7), "network").groups().tolist() == [[0, 2, 13]]


@pytest.mark.parametrize(
    ("momentum", "rounded", "slot"), [(False, False, 8), (True, False, 12), (False, True, 12), (True, True, 16)]
)
def test_bytes_a_slot(momentum, rounded, slot):
    assert shared_out((4, 5, 3), (6, 7)).nbytes(momentum, rounded) == 13 * slot + 80


def test_a_budget_above_the_capacities_is_refused_with_the_numbers():
    with pytest.raises(OverBudget, match="needs 11   there is 10   too much 1"):
        ProjectionLayout("a", 4, 4, 11, 2, (5, 5))


def test_a_budget_above_the_pairs_is_refused():
    with pytest.raises(OverBudget, match="there is 16"):
        ProjectionLayout("a", 4, 4, 17, 2, (100, 100))


def test_cores_that_do_not_cover_the_neurons_are_refused():
    with pytest.raises(BadInput, match="1 cores of 2 do not hold 4"):
        ProjectionLayout("a", 4, 4, 1, 2, (5,))


def test_an_unknown_scope_is_refused():
    with pytest.raises(BadInput, match="galaxy"):
        shared_out((2, 2), (1,), "galaxy")


def test_budgets_above_the_limits_are_refused_with_the_numbers():
    with pytest.raises(OverBudget, match="needs 13   there is 12   too much 1"):
        ProjectionLayout("a", 6, 4, 13, 4, (24,), 1)
    with pytest.raises(OverBudget, match="needs 9   there is 8   too much 1"):
        ProjectionLayout("a", 6, 4, 9, 4, (24,), None, 2)
    assert ProjectionLayout("a", 6, 4, 12, 4, (24,), 1).guaranteed == 12


def test_a_budget_between_the_guaranteed_and_the_most_is_refused_as_such():
    open_layout = ProjectionLayout("a", 4, 6, 0, 3, (12, 12), 1, 3)
    assert (open_layout.guaranteed, open_layout.room) == (14, 16)
    assert ProjectionLayout("a", 4, 6, 14, 3, (12, 12), 1, 3)
    with pytest.raises(OverBudget, match="may get stuck below its budget") as caught:
        ProjectionLayout("a", 4, 6, 15, 3, (12, 12), 1, 3)
    assert caught.value.numbers == {"needs": "15", "guaranteed": "14", "there is": "16"}
    assert caught.value.help == "at most 14 fit, wherever they grow"


@pytest.mark.parametrize("limits", [(0, None), (None, 0), (-1, 2)])
def test_senseless_limits_are_refused(limits):
    with pytest.raises(BadInput, match="makes no sense"):
        ProjectionLayout("a", 6, 4, 2, 4, (24,), *limits)


def test_limits_stand_beside_the_blocks():
    free, rows = unbounded("a", 4, 5, 6), ProjectionLayout("b", 5, 3, 7, 3, (15,), 2)
    assert Layout((free,)).limits().shape == (0, 3)
    assert Layout((free, rows)).limits().tolist() == [[0, 2**31, 2**31], [5, 2, 2**31]]
