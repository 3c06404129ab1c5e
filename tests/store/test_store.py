"""The store under arbitrary use: budget, capacities, order, uniqueness and addresses hold after every step."""

from itertools import product

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from layouts import layouts, within_limits

from neurosparse.errors import BrokenInvariant
from neurosparse.nn.activation import RELU, Activation
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out
from neurosparse.store.store import SynapseStore


class StoreMachine(RuleBasedStateMachine):
    """Steps of any size, with any shrinkage and noise, on any layout; the store must never break a promise."""

    @initialize(
        layout=layouts(),
        momentum=st.booleans(),
        parts=st.integers(1, 3),
        most=st.sampled_from([None, 7, 127]),
        hidden=st.sampled_from([RELU, Activation("qcfs", 1.0, 4)]),
        seed=st.integers(0, 99),
    )
    def begin(self, layout, momentum, parts, most, hidden, seed):
        self.store = SynapseStore(layout, momentum=momentum, parts=parts, most=most)
        self.store.fill(seed)
        self.network = Network(self.store, 16, Workers(1), hidden)
        self.network.initialise(1.0, seed)
        self.addresses = [array.ctypes.data for array in (*self.store.slots, self.store.seen)]
        self.sizes = [array.nbytes for array in (*self.store.slots, self.store.seen)]
        self.momentum = 0.5 if momentum else 0.0
        self.seed, self.step = seed, 0

    @rule(
        rate=st.sampled_from([0.0, 0.1, 2.0]),
        shrink=st.sampled_from([0.0, 0.01, 0.3, 10.0]),
        noise=st.sampled_from([0.0, 0.1, 5.0]),
        data=st.integers(0, 2**32 - 1),
    )
    def train(self, rate, shrink, noise, data):
        self.step += 1
        generator = np.random.default_rng(data)
        samples = generator.random((16, self.network.sizes[0]), dtype=np.float32)
        self.network.read(samples, np.arange(16), 1.0)
        label = generator.integers(0, self.network.sizes[-1], 16)
        before = self.store.n_live
        self.network.learn(label, Law(rate, shrink, noise, self.momentum, self.seed, self.step))
        died = int(self.store.died.sum())
        born = self.store.replace_dead(self.seed, self.step)
        assert born == died
        assert self.store.n_live == before

    @invariant()
    def promises(self):
        if not hasattr(self, "store"):
            return
        self.store.check()
        within_limits(self.store)
        assert not self.store.is_over_budget()
        assert self.store.n_live == self.store.layout.n_slots
        assert (self.store.live <= self.store.capacity).all()
        assert [array.ctypes.data for array in (*self.store.slots, self.store.seen)] == self.addresses
        assert [array.nbytes for array in (*self.store.slots, self.store.seen)] == self.sizes


StoreMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None, derandomize=True)
TestStore = StoreMachine.TestCase


def filled():
    store = SynapseStore(shared_out((6, 5, 4), (9, 8)))
    store.fill(1)
    return store


def test_limits_are_kept_up_to_what_is_guaranteed():
    layout = Layout((ProjectionLayout("a", 4, 6, 14, 3, (12, 12), 1, 3),))
    assert layout.projections[0].guaranteed == 14
    for seed in range(50):
        store = SynapseStore(layout)
        store.fill(seed)
        store.check()
        within_limits(store)


@pytest.mark.parametrize(("limits", "words"), [((1, None), "a row holds 2"), ((None, 2), "a fan-in of 3")])
def test_check_finds_rows_and_fan_ins_beyond_their_limits(limits, words):
    layout = Layout((ProjectionLayout("a", 3, 3, 3, 3, (9,), *limits),))
    store = SynapseStore(layout)
    store.fill(1)
    store.check()
    # One source with two synapses of a sign, or one neuron with three inputs.
    store.row_start[:] = [0, 2, 3, 3] if limits[0] else [0, 1, 2, 3]
    store.target[:] = [0, 1, 0] if limits[0] else [1, 1, 1]
    store.weight[:] = [-0.0, -0.0, 1.0]
    with pytest.raises(BrokenInvariant, match=words):
        store.check()


def test_fill_is_repeatable_and_depends_on_the_seed():
    first, again, other = filled(), filled(), SynapseStore(shared_out((6, 5, 4), (9, 8)))
    other.fill(2)
    assert np.array_equal(first.target, again.target)
    assert not np.array_equal(first.target, other.target)


def test_fill_in_several_chunks_meets_the_budget():
    store = SynapseStore(shared_out((500, 400), (150_000,)))
    store.fill(4)
    store.check()
    # Uniform over all pairs: the counts of the rows have the hypergeometric mean and variance.
    counts = np.diff(store.row_start)
    density = 150_000 / 200_000
    variance = 400 * density * (1 - density) * (200_000 - 400) / (200_000 - 1)
    assert counts.mean() == 300
    assert abs(counts.var() / variance - 1) < 0.25


def test_the_store_takes_the_bytes_its_layout_says():
    for momentum, most in product((False, True), (None, 127)):
        store = SynapseStore(shared_out((6, 5, 4), (9, 8)), momentum=momentum, most=most)
        assert store.nbytes == store.layout.nbytes(momentum, most is not None)


def swap(store):
    row = int(np.flatnonzero(np.diff(store.row_start) > 1)[0])
    slot = store.row_start[row]
    store.target[slot], store.target[slot + 1] = store.target[slot + 1], store.target[slot]


def double(store):
    row = int(np.flatnonzero(np.diff(store.row_start) > 1)[0])
    store.target[store.row_start[row] + 1] = store.target[store.row_start[row]]


def stray(store):
    store.target[0] = 99


def lose(store):
    store.row_start[-1] -= 1


def miscount(store):
    store.live[0] += 1


def overfill(store):
    store.capacity[0] -= 1
    store.capacity[0] = store.live[0] - 1


def infinite(store):
    store.weight[3] = np.inf


@pytest.mark.parametrize("damage", [swap, double, stray, lose, miscount, overfill, infinite])
def test_check_finds_every_kind_of_damage(damage):
    store = filled()
    store.check()
    damage(store)
    with pytest.raises(BrokenInvariant):
        store.check()
