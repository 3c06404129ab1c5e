"""The store under arbitrary use: budget, capacities, order, uniqueness and addresses hold after every step."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from neurosparse.errors import BrokenInvariant
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out
from neurosparse.store.store import SynapseStore


@st.composite
def layouts(draw):
    """A chain of two or three layers on small cores, some of them tight."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=3, max_size=4))
    projections = []
    for k, (n_pre, n_post) in enumerate(pairwise(sizes)):
        width = draw(st.integers(1, n_post))
        cores = -(-n_post // width)
        capacity = draw(st.lists(st.integers(1, n_pre * width), min_size=cores, max_size=cores))
        open_layout = ProjectionLayout(f"p{k}", n_pre, n_post, 0, width, tuple(capacity))
        budget = draw(st.integers(1, open_layout.room))
        projections.append(ProjectionLayout(f"p{k}", n_pre, n_post, budget, width, tuple(capacity)))
    return Layout(tuple(projections), draw(st.sampled_from(["projection", "network"])))


class StoreMachine(RuleBasedStateMachine):
    """Steps of any size, with any shrinkage and noise, on any layout; the store must never break a promise."""

    @initialize(layout=layouts(), momentum=st.booleans(), parts=st.integers(1, 3), seed=st.integers(0, 99))
    def begin(self, layout, momentum, parts, seed):
        self.store = SynapseStore(layout, momentum=momentum, parts=parts)
        self.store.fill(seed)
        self.network = Network(self.store, 16, Workers(1))
        self.network.initialise([1.0] * len(self.network.layers), seed)
        self.addresses = [array.ctypes.data for array in self.store.slots]
        self.sizes = [array.nbytes for array in self.store.slots]
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
        assert not self.store.is_over_budget()
        assert self.store.n_live == self.store.layout.n_slots
        assert (self.store.live <= self.store.capacity).all()
        assert [array.ctypes.data for array in self.store.slots] == self.addresses
        assert [array.nbytes for array in self.store.slots] == self.sizes


StoreMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None, derandomize=True)
TestStore = StoreMachine.TestCase


def filled():
    store = SynapseStore(shared_out((6, 5, 4), (9, 8)))
    store.fill(1)
    return store


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
    for momentum in (False, True):
        store = SynapseStore(shared_out((6, 5, 4), (9, 8)), momentum=momentum)
        assert store.nbytes == store.layout.nbytes(momentum)


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
