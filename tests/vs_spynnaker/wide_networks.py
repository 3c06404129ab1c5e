"""Networks for routers: many cores over many chips that some populations share; lists, rules, loops and delays."""

import json

import numpy as np

SOURCES = ("SpikeSourcePoisson", "SpikeSourceArray")


def draw_wide(folder, count, cores=100, most=10):
    """Write `count` networks of about so many cores, in at most so many populations; return their paths."""
    return [write(folder, f"wide_{seed:03d}", *draw(np.random.default_rng(seed), cores, most)) for seed in range(count)]


def draw(random, cores, most):
    """Draw the document and the arrays of one network."""
    network = Wide(random)
    while network.cores < cores and len(network.populations) < most:
        network.add_population()
    network.add_population("IF_curr_exp")
    if random.random() < 0.5:
        network.add_crowd()
    random.shuffle(network.populations)
    for _ in range(random.integers(most, 2 * most)):
        network.add_projection()
    return network.document, network.arrays


def write(folder, name, document, arrays):
    """Write a network file and its lists; return its path."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=1))
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    return path


class Wide:
    """A network that is being drawn."""

    def __init__(self, random):
        self.random = random
        self.populations, self.projections, self.arrays = [], [], {}
        self.cores = 0

    @property
    def document(self):
        """Return it as a network file has it."""
        return {
            "schema": "neurosparse.network/1",
            "timestep": 1.0,
            "runtime": 100,
            "board_version": 5,
            "populations": self.populations,
            "projections": self.projections,
        }

    def add_population(self, model=None):
        """Add a population of few neurons on many cores, at times of as many neurons as the one before."""
        random = self.random
        width = int(random.choice((1, 2, 3, 5)))
        neurons = int(random.choice((1, 2, 15, 17, 31, 40, 64))) * width - int(random.integers(width))
        if self.populations and random.random() < 0.4:
            neurons = self.populations[-1]["n"]
        model = model or str(random.choice(("IF_curr_exp", "IF_curr_exp", *SOURCES)))
        return self._add({"n": neurons, "model": model, "max_neurons_per_core": width})

    def add_crowd(self):
        """Add populations whose cores take so much memory that others find room on the same chips."""
        for neurons in (4000, 20_000, 50_000):
            source = self._add({"n": neurons, "model": "SpikeSourceArray", "spikes_per_step": 0})
            cores = int(self.random.integers(1, 8))
            target = self._add({"n": 250 * cores, "model": "IF_curr_exp", "max_neurons_per_core": 250})
            self._add_list(source, target, np.full(250 * cores, 7), np.arange(250 * cores), 1.0)

    def add_projection(self):
        """Add a projection: a rule, or a list that is sparse, banded, or the same for several targets."""
        random = self.random
        pre = self.populations[random.integers(len(self.populations))]
        neurons = [row for row in self.populations if row["model"] == "IF_curr_exp"]
        post = neurons[random.integers(len(neurons))]
        if random.random() < 0.15:
            pre = post
        delay = float(random.choice((1.0, 3.0))) if post["n"] > 200 else float(random.choice((1.0, 3.0, 200.0)))
        if random.random() < 0.3 and pre["n"] * post["n"] < 100_000:
            rule = "OneToOne" if pre["n"] == post["n"] and random.random() < 0.7 else "AllToAll"
            self._connect(pre, post, {"connector": rule, "weight": 0.5, "delay": delay})
            return
        count = int(random.choice((1, 5, 50, 400, 3000)))
        source, target = random.integers(0, pre["n"], count), random.integers(0, post["n"], count)
        if random.random() < 0.3:
            target = (source * post["n"] // pre["n"] + random.integers(0, 3, count)) % post["n"]
        elif random.random() < 0.3:
            target = target // 8 * 8
        self._add_list(pre, post, source, target, delay)

    def _add(self, row):
        """Add a population with a name; return it."""
        row["name"] = f"p{len(self.populations)}"
        if row["model"] == "SpikeSourcePoisson":
            row["rate"] = 10.0
        self.populations.append(row)
        self.cores += -(-row["n"] // row.get("max_neurons_per_core", 256))
        return row

    def _add_list(self, pre, post, source, target, delay):
        """Add a list of synapses, each pair once."""
        pairs = np.unique(source.astype(np.int64) * post["n"] + target)
        k = len(self.projections)
        for name, column in {
            "src": (pairs // post["n"]).astype(np.int32),
            "dst": (pairs % post["n"]).astype(np.int32),
            "weight": np.full(pairs.size, 0.5),
            "delay": np.full(pairs.size, delay),
        }.items():
            self.arrays[f"p{k}_{name}"] = column
        self._connect(pre, post, {"connector": "FromList", "n_synapses": pairs.size})

    def _connect(self, pre, post, row):
        """Add a projection."""
        receptor = "excitatory"
        self.projections.append({"pre": pre["name"], "post": post["name"], "receptor": receptor, **row})


def crowded_router(folder, name, patterns):
    """Write a network of one source a core, each heard by the cores that one of `patterns` says; return its path.

    Parameters
    ----------
    patterns : ndarray of int, shape (n_sources,)
        Bit k for core k of the 16 that listen.
    """
    source, target = np.nonzero(patterns[:, None] >> np.arange(16) & 1)
    network = Wide(np.random.default_rng(0))
    post = network._add({"n": 16, "model": "IF_curr_exp", "max_neurons_per_core": 1})
    pre = network._add({"n": patterns.size, "model": "SpikeSourcePoisson", "max_neurons_per_core": 1})
    network._add_list(pre, post, source, target, 1.0)
    return write(folder, name, network.document, network.arrays)
