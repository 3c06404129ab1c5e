"""Soft DEEP R against Algorithm 2 verbatim and against exact stationary laws; its promises on memory and ceilings."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from walkers import COLUMNS, ROWS, Copies, Toy, Verbatim, architectures, errors

from neurosparse.errors import BadInput
from neurosparse.kernels.rewire import ANEW, DALE, FIXED, decoded
from neurosparse.kernels.rng import NOISE, WALK, normal, stream
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.nn.workers import Workers
from neurosparse.rewire.soft_deepr import SoftDeepR, theta_min_for
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out
from neurosparse.store.store import SynapseStore

RATE, SIGMA = 0.005, 0.1
FLAT = Toy(stiffness=0.0)


def shallow_of(rule):
    """Return the pairs of the table, their signs and their theta."""
    state = rule.state()
    count = state["dormant_tally"][0]
    row, column, sign = decoded(state["shallow"][:count])
    return list(zip(row.tolist(), column.tolist(), strict=True)), sign, state["shallow_theta"][:count]


@pytest.mark.parametrize("capacity", [6, 2])
def test_with_room_for_every_pair_the_rule_is_algorithm_2_to_the_letter(capacity):
    """Every theta of a plain twin with the same random numbers, through deaths, returns, the wall and refusals."""
    toy = Toy(theta_min=-0.3)
    chain = Copies(toy, 4, RATE, capacity=capacity, seed=3)
    chain.advance()
    pairs, sign, theta = shallow_of(chain.rule)
    walking = dict(zip(pairs, theta.astype(float).tolist(), strict=True))
    signs = dict(zip(pairs, np.where(sign, 1.0, -1.0).tolist(), strict=True))
    live = {}
    assert len(pairs) + chain.store.n_live == ROWS * COLUMNS * 4
    for pair, w in np.ndenumerate(chain.weights()):
        if not np.isnan(w):
            live[pair], signs[pair] = abs(w), math.copysign(1.0, w)
    deaths = births = refused = at_the_wall = 0
    for step in range(2, 402):
        dense = np.zeros((ROWS, COLUMNS * 4))
        for pair, theta in live.items():
            dense[pair] = signs[pair] * theta
        gradient = toy.gradient(dense)
        key = np.uint64(stream(3, step, NOISE))
        moved = {
            pair: live[pair]
            - RATE * (signs[pair] * gradient[pair] + toy.alpha)
            + SIGMA * float(normal(key, np.uint64(slot)))
            for slot, pair in enumerate(sorted(live))
        }
        dead = {pair: theta for pair, theta in moved.items() if theta < 0}
        live = {pair: theta for pair, theta in moved.items() if theta >= 0}
        deaths += len(dead)
        key, stays = np.uint64(stream(3, step, WALK)), {}
        for place, (pair, theta) in enumerate(walking.items()):
            to = max(theta + SIGMA * float(normal(key, np.uint64(place))), toy.theta_min)
            at_the_wall += to == toy.theta_min
            if to < 0:
                stays[pair] = to
            elif sum(other[1] // COLUMNS == pair[1] // COLUMNS for other in live) < capacity:
                live[pair] = to
                births += 1
            else:
                stays[pair] = theta
                refused += 1
        walking = stays | dead
        chain.advance()
        found = {pair: abs(w) for pair, w in np.ndenumerate(chain.weights()) if not np.isnan(w)}
        assert found == pytest.approx(live, abs=1e-4)
        pairs, sign, theta = shallow_of(chain.rule)
        assert pairs == list(walking)
        assert theta == pytest.approx(list(walking.values()), abs=1e-4)
        assert [signs[pair] for pair in pairs] == np.where(sign, 1.0, -1.0).tolist()
    assert min(deaths, births, at_the_wall) > 100
    assert (refused > 100) == (capacity == 2)


@pytest.mark.parametrize("edge", [None, -0.5, -0.2, -0.001], ids=["all walk", "5 sigma", "2 sigma", "none walk"])
def test_the_stationary_law_is_that_of_the_posterior_whatever_the_edge(edge):
    toy = Toy()
    chain = Copies(toy, 1_500, RATE, edge=edge)
    architectures(chain, 2_500 if edge is None else 1_200, 100)
    mean, given = errors(architectures(chain, 2_000, 10), toy.evidence(signs_stay=edge is None))
    # The clamped wall stands 0.583 sigma lower than it says, which is 2 % of the mean: measured -1.5 to -2.1 %.
    assert abs(mean + 0.02) < 0.03
    assert given < 0.03  # measured 0.011 to 0.017, as finite a sample of the law itself has


@pytest.mark.parametrize("ceiling", [{"capacity": 2}, {"max_fan_in": 1}], ids=["cores", "fan-in"])
def test_a_ceiling_restricts_the_law_and_changes_nothing_else_in_it(ceiling):
    toy = Toy()
    chain = Copies(toy, 1_500, RATE, edge=-0.2, **ceiling)
    architectures(chain, 1_200, 100)
    law = {
        a: p
        for a, p in toy.evidence().items()
        if (sum(a) <= 2 if "capacity" in ceiling else all(a[j] + a[COLUMNS + j] <= 1 for j in range(COLUMNS)))
    }
    total = sum(law.values())
    seen = architectures(chain, 2_000, 10)
    assert all(n == 0 for a, n in seen.items() if a not in law)
    mean, given = errors(seen, {a: p / total for a, p in law.items()})
    assert abs(mean + 0.01) < 0.03  # measured -0.6 and -1.4 %
    assert given < 0.03  # measured 0.015 and 0.011
    assert chain.rule.tally["refused"] > 1_000


def turnover(chain, steps, lags):
    """Return births a dormant connection and step, and the part of the dead that is back after so many steps."""
    for _ in range(1_200):
        chain.advance()
    live = ~np.isnan(chain.weights())
    since = np.full(live.shape, 10**6)
    births = dormant = deaths = 0
    back = np.zeros(len(lags))
    for _ in range(steps):
        births += chain.advance()
        now = ~np.isnan(chain.weights())
        since += 1
        returned = since[now & ~live]
        back += [np.sum(returned <= lag) for lag in lags]
        died = live & ~now
        since[died] = 0
        deaths += died.sum()
        dormant += np.sum(~now)
        live = now
    return births / dormant, back / deaths


def test_the_dead_come_back_as_often_and_as_soon_as_in_algorithm_2():
    lags = (1, 3, 10, 25)
    rate, back = turnover(Verbatim(FLAT, 1_500, RATE), 1_500, lags)
    mine, mine_back = turnover(Copies(FLAT, 1_500, RATE, edge=-5 * SIGMA), 1_500, lags)
    _, forgetful = turnover(Copies(FLAT, 1_500, RATE, edge=-0.001), 400, lags)
    # Births have the rate of a flat density at zero: sigma / sqrt(2 pi), over a wall that stands 0.583 sigma lower.
    flat = SIGMA / math.sqrt(2 * math.pi) / (2.0 + 0.583 * SIGMA)
    assert rate == pytest.approx(flat, rel=0.03)  # 0.01912 of 0.01938
    assert mine == pytest.approx(flat, rel=0.03)  # 0.01921
    # Measured 0.289, 0.495, 0.693 of 0.287, 0.495, 0.694; and after 25 steps, when some have sunk, 0.783 of 0.798.
    np.testing.assert_allclose(mine_back, back, rtol=0.03)
    # Without a table those that come back are others: 0.025, 0.059, 0.174, 0.371.
    assert (forgetful < 0.5 * back).all()


def test_counts_settle_as_slowly_as_in_algorithm_2():
    """From all dormant, with a wall that is far: what comes up is missing below for long."""
    toy = Toy(stiffness=0.0, alpha=0.2, theta_min=-40 * SIGMA)
    share = []
    for chain in (Verbatim(toy, 2_000, RATE), Copies(toy, 2_000, RATE, edge=-2 * SIGMA)):
        share.append([])
        for _ in range(800):
            chain.advance()
            share[-1].append(np.mean(~np.isnan(chain.weights())))
    # Nine layers: measured 1.017 times as many; with one layer 1.25.
    assert np.mean(share[1]) == pytest.approx(np.mean(share[0]), rel=0.04)
    assert share[1][-1] == pytest.approx(share[0][-1], rel=0.05)


def test_the_deep_come_up_as_a_flat_density_does_and_anywhere_alike():
    """One step from rows of very different fill: number, sizes and places of the newborn."""
    layout = shared_out((40, 250), (10_000,))
    size, place, number = [], np.zeros((40, 250)), []
    noise, wall = 0.2, -0.4
    chance = noise / math.sqrt(2 * math.pi) / (-wall + 0.583 * noise)
    live = np.zeros((40, 250), bool)
    live[:20, :240] = True
    for seed in range(40):
        store = SynapseStore(layout)
        store.row_start[:] = np.concatenate([[0], np.cumsum(live.sum(axis=1))])
        store.target[: live.sum()] = np.nonzero(live)[1]
        store.weight[: live.sum()] = 1.0
        store.live[0] = live.sum()
        rule = SoftDeepR(store, 1.0, 1.0, wall)
        rule.edge = -1e-9
        rule.terms(noise**2 / 2, 1)
        store.segment_end[0] = live.sum()
        number.append(rule.rewire((), noise**2 / 2, seed, 1))
        store.check(exact=False)
        row = np.repeat(np.arange(40), np.diff(store.row_start))
        born = ~live[row, store.target[: store.n_live]]
        place[row[born], store.target[: store.n_live][born]] += 1
        size.append(np.abs(store.weight[: store.n_live][born]))
    dormant = int((~live).sum())
    # Measured 0.1549 of 0.1544.
    assert np.mean(number) == pytest.approx(dormant * chance, rel=0.02)
    assert np.var(number) == pytest.approx(dormant * chance * (1 - chance), rel=0.8)
    up = np.concatenate(size) / noise
    law = stats.kstest(up, lambda y: 1 - np.exp(-(y**2) / 2) + math.sqrt(2 * math.pi) * y * stats.norm.sf(y))
    assert law.statistic < 0.012  # measured 0.005, as 32,000 of the law itself have
    assert stats.chisquare(place[~live]).pvalue > 1e-3
    assert place[:20].sum() == pytest.approx(np.sum(number) * 200 / dormant, rel=0.2)


def train(layout, steps=60, *, seed=5, rate=0.3, parts=1, momentum=0.0, table=1.0, signs=ANEW, wall=-0.3, check=True):
    store = SynapseStore(layout, momentum=momentum > 0, parts=parts)
    rule = SoftDeepR(store, 0.05, 1e-3, wall, signs=signs, memory=table)
    store.fill(seed, signs)
    network = Network(store, 16, Workers(parts))
    network.initialise(1.0, seed)
    born = go_on(network, rule, 0, steps, seed=seed, rate=rate, momentum=momentum, check=check)
    return network, rule, born


def go_on(network, rule, done, steps, *, seed=5, rate=0.3, momentum=0.0, check=True):
    born = 0
    for step in range(done + 1, steps + 1):
        generator = np.random.default_rng((seed, step))
        network.read(generator.random((16, network.sizes[0]), dtype=np.float32), np.arange(16), 1.0)
        label = generator.integers(0, network.sizes[-1], 16)
        shrink, noise, dies, _ = rule.terms(rate, step)
        network.learn(label, Law(rate, shrink, noise, momentum, seed, step, dies))
        born += rule.rewire(network.signals, rate, seed, step)
        if check:
            promises(network.store, rule)
    return born


def promises(store, rule):
    """Nothing outgrows its place, and nobody is live and shallow at once or stands in the table twice."""
    store.check(exact=False)
    assert not store.is_over_budget()
    pairs, _, theta = shallow_of(rule)
    row = np.repeat(np.arange(store.layout.n_rows), np.diff(store.row_start))
    live = set(zip(row.tolist(), store.target[: store.n_live].tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert not live & set(pairs)
    deep = rule.state()["deep"]
    assert (deep >= 0).all()
    assert deep.sum() + len(pairs) + len(live) == sum(p.n_pre * p.n_post for p in store.projections)
    assert (theta <= 0).all()
    assert rule.edge == rule.theta_min or (theta >= np.float32(rule.edge) - 1e-6).all()


LAYOUTS = {
    "projections": shared_out((20, 15, 4), (60, 20)),
    "a network": shared_out((20, 15, 4), (60, 20), "network"),
    "small cores": Layout((ProjectionLayout("p", 20, 6, 40, 2, (20, 12, 8)),)),
    "limits": Layout((ProjectionLayout("p", 20, 6, 40, 2, (20, 20, 20), 1, 8),)),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("table", [0.1, 1.0, 1e3], ids=["small", "as large", "all"])
def test_no_ceiling_is_ever_broken(name, table):
    network, _, born = train(LAYOUTS[name], table=table, momentum=0.5 if table == 1.0 else 0.0)
    assert born > 60
    assert 0 < network.store.n_live <= network.store.layout.n_slots


def test_a_table_that_is_full_lets_the_deepest_go_and_nobody_in():
    _, rule, born = train(LAYOUTS["projections"], table=0.1, wall=-8.0, rate=2.0)
    assert born > 20
    assert rule.tally["dropped"] > 10
    assert rule.tally["kept deep"] > 5
    assert rule.state()["dormant_tally"][0] <= 8


@pytest.mark.parametrize("signs", [FIXED, DALE])
def test_signs_that_stay_are_kept_by_the_shallow_and_the_deep(signs):
    network, _, born = train(LAYOUTS["projections"], signs=signs, steps=100)
    store, known = network.store, {}
    assert born > 100
    for step in range(101, 140):
        row = np.repeat(np.arange(store.layout.n_rows), np.diff(store.row_start))
        for i, j, w in zip(row, store.target[: store.n_live], store.weight[: store.n_live], strict=True):
            name = i if signs == DALE else (i, j)
            assert known.setdefault(name, np.signbit(w)) == np.signbit(w)
        go_on(network, network_rule(network, signs), step - 1, step)


def network_rule(network, signs):
    """Return a rule that begins anew on a store at work."""
    return SoftDeepR(network.store, 0.05, 1e-3, -0.3, signs=signs)


def test_the_number_of_threads_changes_nothing():
    first, first_rule, _ = train(LAYOUTS["projections"])
    for parts in (2, 3):
        other, other_rule, _ = train(LAYOUTS["projections"], parts=parts)
        for mine, theirs in zip(first.store.slots[:3], other.store.slots[:3], strict=True):
            assert np.array_equal(mine[: first.store.n_live], theirs[: other.store.n_live])
        for name, array in first_rule.state().items():
            assert np.array_equal(array, other_rule.state()[name])


def test_a_rule_goes_on_from_its_state_as_if_it_had_not_stopped():
    whole, rule, _ = train(LAYOUTS["projections"], steps=40)
    half, half_rule, _ = train(LAYOUTS["projections"], steps=20)
    store = SynapseStore(LAYOUTS["projections"])
    again, again_rule = Network(store, 16), SoftDeepR(store, 0.05, 1e-3, -0.3)
    for to, of in zip((*store.slots, store.live), (*half.store.slots, half.store.live), strict=True):
        to[...] = of
    for to, of in zip(again.layers, half.layers, strict=True):
        to.bias[...] = of.bias
    for name, array in again_rule.state().items():
        array[...] = half_rule.state()[name]
    go_on(again, again_rule, 20, 40)
    assert np.array_equal(store.row_start, whole.store.row_start)
    assert np.array_equal(store.weight[: store.n_live], whole.store.weight[: store.n_live])
    for name, array in rule.state().items():
        assert np.array_equal(array, again_rule.state()[name])


def test_memory_follows_the_synapses():
    """1e5 x 1e5 pairs, as bits more than a gigabyte; what kernels allocate the operating system alone can see."""
    script = f"""
import resource, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parent.parent)!r}]
from test_soft_deepr import train
from neurosparse.store.layout import Layout, ProjectionLayout
def layout(n, synapses, cores):
    return Layout((ProjectionLayout("p", n, n, synapses, n // cores, (synapses,) * cores),))
train(layout(50, 100, 5), 3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
network, rule, born = train(layout(100_000, 50_000, 1_000), 3, wall=-100.0, check=False)
assert born > 1_000
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 80_000_000


def test_the_wall_for_a_density_is_where_the_masses_above_and_below_zero_say():
    wall = theta_min_for(0.02, alpha=0.5, temperature=0.1)
    assert (0.1 / 0.5) / (0.1 / 0.5 - wall) == pytest.approx(0.02)
    with pytest.raises(BadInput, match="density between 0 and 1"):
        theta_min_for(1.0, 0.5, 0.1)


@pytest.mark.parametrize(
    ("alpha", "temperature", "theta_min", "memory", "words"),
    [
        (-1.0, 1.0, -1.0, 1.0, "alpha must be at least 0"),
        (1.0, 0.0, -1.0, 1.0, "temperature must be above 0"),
        (1.0, math.inf, -1.0, 1.0, "temperature must be above 0"),
        (1.0, 1.0, 0.0, 1.0, "theta_min must be below 0"),
        (1.0, 1.0, math.nan, 1.0, "theta_min must be below 0"),
        (1.0, 1.0, -1.0, 0.0, "needs some memory"),
    ],
)
def test_values_out_of_range_are_refused(alpha, temperature, theta_min, memory, words):
    with pytest.raises(BadInput, match=words):
        SoftDeepR(SynapseStore(shared_out((2, 2), (2,))), alpha, temperature, theta_min, memory=memory)
