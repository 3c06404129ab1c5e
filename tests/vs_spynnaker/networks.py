"""Random networks that reach the branches of the memory model, drawn by hypothesis and written as network files.

    python networks.py FOLDER COUNT

Hypothesis draws the shape of a network (populations, rules, orders, scales); the lists of synapses come from a numpy
generator whose seed it draws as well. All seeds are fixed: this code draws the same networks wherever it runs.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

NEURONS = ("IF_curr_exp", "IF_curr_delta", "IF_cond_exp", "IF_curr_alpha", "Izhikevich")
SOURCES = ("SpikeSourceArray", "SpikeSourcePoisson")
# Sizes at which bits, words, slices and cores change, and any other.
SIZES = st.sampled_from((1, 2, 3, 31, 32, 33, 64, 65, 129, 255, 256, 257, 500, 501, 512, 513)) | st.integers(1, 700)
CORES = 20  # of one population at most: the networks stay quick to build
SYNAPSES = 12_000  # of one list, about


@dataclass(frozen=True)
class Drawn:
    """A network file to be: its name, the JSON document and the arrays of its npz."""

    name: str
    document: dict
    arrays: dict

    def write(self, folder):
        """Write the document and its arrays; return the document's path."""
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps({"schema": "neurosparse.network/1"} | self.document, indent=1))
        np.savez_compressed(path.with_suffix(".npz"), **self.arrays)
        return path


def draw_networks(count):
    """Return exactly `count` networks with different documents, always the same ones."""
    found = {}
    batch = 0
    while len(found) < count:
        for document, arrays in draw_batch(batch):
            found.setdefault(json.dumps(document), (document, arrays))
        batch += 1
    return [Drawn(f"random_{k:04d}", *network) for k, network in enumerate(list(found.values())[:count])]


def draw_batch(number):
    """Return the networks of one short run of hypothesis; in a long one it repeats itself with small changes."""
    drawn = []

    @seed(number)
    @settings(
        max_examples=10, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(networks())
    def collect(network):
        drawn.append(network)

    collect()
    return drawn


# -- populations ------------------------------------------------------------------------------------------------------


@st.composite
def networks(draw):
    """Draw the document and the arrays of one network."""
    rows = draw(st.lists(populations(), min_size=1, max_size=6))
    if not any(row["model"] in NEURONS for row in rows):
        rows.append(draw(populations(NEURONS)))
    crowd = draw(st.sampled_from(["none"] * 7 + ["memory"] + ["none"] * 5 + ["cores"] + ["none"] * 6))
    if crowd == "memory":  # sources that share a chip, or have one of their own, or fit on none
        rows += draw(st.lists(st.builds(spiking_at_once, st.integers(12_000, 33_000)), min_size=1, max_size=3))
    if crowd == "cores":  # 54 to 88 cores where a SpiNN-3 board has 63
        rows.append({"n": 700, "model": "IF_curr_exp", "max_neurons_per_core": draw(st.integers(8, 13))})
    for k, row in enumerate(rows):
        row["name"] = "abcdefghijkl"[k]
    timestep = draw(st.sampled_from((1.0,) * 6 + (1.5, 2.0) + (1.0,) * 5))
    for row in rows:
        if "sampling" in row:
            row["sampling"] *= timestep
    document = {
        "timestep": timestep,
        "runtime": draw(st.sampled_from((1, 100, 100, 999, 1000, 1001, 2500))),
        "board_version": 3 if crowd == "cores" else draw(st.sampled_from((5, 5, 5, 3))),
        "populations": rows,
        "projections": [],
    }
    arrays = {}
    for k in range(draw(st.sampled_from((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7)))):
        pre = draw(st.sampled_from(rows))
        post = draw(st.sampled_from([row for row in rows if row["model"] in NEURONS]))
        projection, columns = draw(projections(pre, post, timestep))
        document["projections"].append(projection)
        arrays |= {f"p{k}_{name}": column for name, column in columns.items()}
    return document, arrays


def spiking_at_once(neurons):
    """Return a source whose buffer takes 4.1 kB a neuron: all of them fire in one timestep."""
    return {"n": neurons, "model": "SpikeSourceArray", "spike_source": "spike_times=[1.0] (same for every neuron)"}


@st.composite
def populations(draw, models=NEURONS + SOURCES):
    """Draw one population without its name."""
    row = {"n": draw(SIZES), "model": draw(st.sampled_from((*models, *models, "IF_curr_exp", "IF_curr_exp")))}
    if draw(st.integers(0, 2)) == 0:
        fewest = -(-row["n"] // CORES)
        most = 500 if row["model"] == "SpikeSourcePoisson" else 256  # more are refused
        few = st.integers(fewest, most) | st.sampled_from((fewest, 64, 100, 255, 256))
        refused = st.integers(most + 1, 600)
        row["max_neurons_per_core"] = max(fewest, draw(draw(st.sampled_from([few] * 9 + [refused] + [few] * 9))))
    if row["model"] in NEURONS:
        variables = ["spikes", "v", "gsyn_exc", "gsyn_inh"]
        recorded = draw(st.just([]) | st.lists(st.sampled_from(variables), unique=True))
    else:
        recorded = draw(st.sampled_from(([], [], ["spikes"])))
    if recorded:
        row["record"] = recorded
        if row["model"] in NEURONS and draw(st.booleans()):
            row["sampling"] = draw(st.sampled_from((1, 2, 3, 7, 10, 100, 1000)))
    if row["model"] == "SpikeSourcePoisson":
        rate = draw(st.sampled_from((0.0, 0.1, 1.0, 10.0, 37.5, 100.0, 1000.0, 5000.0)))
        row["spike_source"] = f"rate={rate}"
    if row["model"] == "SpikeSourceArray":
        row["spike_source"] = "spike_times=[1.0] (same for every neuron)"
        if draw(st.booleans()):
            row["spikes_per_step"] = draw(st.integers(0, row["n"]))
    return row


# -- projections ------------------------------------------------------------------------------------------------------


@st.composite
def projections(draw, pre, post, timestep):
    """Draw one projection: its row and the arrays of its list, if it is one."""
    row = {"pre": pre["name"], "post": post["name"], "receptor": draw(st.sampled_from(("excitatory", "inhibitory")))}
    scale = 10.0 ** draw(st.integers(-6, 3))
    sign = draw(st.sampled_from((1.0, 1.0, -1.0))) if row["receptor"] == "inhibitory" else 1.0
    connectors = ["FromList"] * 6
    if pre["n"] == post["n"]:
        connectors += ["OneToOne"] * 3
    if pre["n"] * post["n"] <= SYNAPSES:
        connectors.append("AllToAll")
    row["connector"] = draw(st.sampled_from(connectors))
    delays = draw(st.sampled_from(DELAYS))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if row["connector"] != "FromList":
        row |= {"weight": sign * draw(st.sampled_from((0.0, 0.5, 1.0, 1.7))) * scale}
        return row | {"delay": timestep * float(draw_delays(random, delays, post, 1)[0])}, {}
    small = pre["n"] * post["n"] <= 700 * 700
    pairs = draw_pairs(random, draw(st.sampled_from(PATTERNS)) if small else "few", pre["n"], post["n"])
    source, target = put_in_order(random, draw(st.sampled_from(ORDERS)), *pairs)
    weights = draw(st.sampled_from(("uniform", "uniform", "equal", "some zero", "all zero", "log")))
    row["n_synapses"] = len(source)
    columns = {"src": source.astype(np.int32), "dst": target.astype(np.int32)}
    columns["weight"] = sign * scale * draw_weights(random, weights, len(source))
    columns["delay"] = timestep * draw_delays(random, delays, post, len(source))
    return row, columns


DELAYS = ("one",) * 5 + ("constant",) * 3 + ("far", "between") + ("slots",) * 5 + ("beyond",) * 5
PATTERNS = ("sparse",) * 5 + ("few", "hub", "too long", "hubs", "hubs", "multapses", "empty", "column", "dense")
ORDERS = ("sorted", "sorted", "shuffled", "by target", "by source only", "reversed")


def draw_pairs(random, pattern, n_pre, n_post):
    """Return sources and targets of one list, in no order."""
    every = n_pre * n_post
    match pattern:
        case "empty":
            chosen = np.zeros(0, np.int64)
        case "few":
            chosen = np.unique(random.integers(0, every, int(random.integers(1, 6))))
        case "dense":
            chosen = random.permutation(every)[:SYNAPSES]
        case "multapses":
            chosen = random.integers(0, every, min(4 * every, int(random.integers(1, 3000))))
        case "column":  # everything onto one neuron: the greatest fan-in
            chosen = np.arange(n_pre) * n_post + random.integers(n_post)
        case "hub" | "hubs":  # rows as long as they get, among rows that hold little or nothing
            hubs = random.choice(n_pre, min(n_pre, 1 if pattern == "hub" else 3), replace=False)
            full = (hubs[:, None] * n_post + np.arange(n_post)).ravel()
            chosen = np.union1d(full, random.choice(every, min(every, 200), replace=False))
        case "too long":  # more synapses of one source in one core than a row may have
            chosen = np.full(int(random.integers(250, 262)), random.integers(every))
        case _:
            chosen = random.choice(every, int(min(every, SYNAPSES) * random.random()), replace=False)
    return chosen // n_post, chosen % n_post


def put_in_order(random, order, source, target):
    """Return a list in one of the orders in which lists come."""
    mixed = random.permutation(len(source))
    source, target = source[mixed], target[mixed]
    places = {
        "sorted": np.lexsort((target, source)),
        "reversed": np.lexsort((target, source))[::-1],
        "by target": np.lexsort((source, target)),
        "by source only": np.argsort(source, kind="stable"),
        "shuffled": np.arange(len(source)),
    }[order]
    return source[places], target[places]


def draw_weights(random, kind, count):
    """Return weights of a scale of 1, none negative."""
    match kind:
        case "equal":
            return np.full(count, random.choice((0.25, 1.0, 1.3)))
        case "all zero":
            return np.zeros(count)
        case "some zero":
            return random.random(count) * (random.random(count) < 0.5)
        case "log":
            return 10.0 ** random.uniform(-4, 0, count)
    return random.random(count) * random.choice((1.0, 2.0))


def draw_delays(random, kind, post, count):
    """Return delays in timesteps, within the slots of a core or beyond them; most kinds are whole."""
    neurons = min(post["n"], post.get("max_neurons_per_core", 256), 256)
    slots = 2 ** (13 - (0 if neurons == 1 else int(np.ceil(np.log2(neurons)))))
    match kind:
        case "one":
            return np.ones(count)
        case "constant":
            return np.full(count, float(random.integers(1, 20)))
        case "between":
            return random.uniform(0.1, random.integers(1, 2 * slots + 1) + 1, count)
        case "slots":
            return random.integers(1, random.integers(1, slots + 1) + 1, count).astype(float)
        case "beyond":
            return random.integers(1, random.integers(slots, 5 * slots) + 1, count).astype(float)
    return random.integers(1, random.integers(slots, 30 * slots) + 1, count).astype(float)


if __name__ == "__main__":
    for drawn_network in draw_networks(int(sys.argv[2])):
        drawn_network.write(Path(sys.argv[1]))
