"""Networks of spiking layers with random weights, which fire, and samples for them."""

import numpy as np
from architectures import ends_for, store_for

from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.layer import Dense
from neurosparse.architecture.words import parse_layer, parse_layers
from neurosparse.data.dataset import Dataset, Split
from neurosparse.nn.layered import Layered

FEATURES, STEPS, CLASSES = 12, 40, 4


def network(layers, seed=1, gain=2.0):
    """Return a network of layers in words, and its value as it is when trained."""
    specs = (*map(parse_layer, parse_layers(layers)), Dense(CLASSES))
    store = store_for(Architecture((FEATURES, STEPS), specs), 0.4)
    layered = Layered(Architecture((FEATURES, STEPS), specs), store, 16)
    layered.initialise(gain, seed)
    rng = np.random.default_rng(seed)
    for name, array in layered.state().items():
        if name.startswith("bias"):
            array[:] = rng.uniform(-0.3, 0.3, array.shape)
    return layered, layered.trained(ends_for(store))


def dataset(kind="spikes", samples=12, seed=2):
    """Return samples of unequal lengths, in spikes or in numbers."""
    rng = np.random.default_rng(seed)
    x = rng.random((samples, FEATURES, STEPS), np.float32)
    x = (x < 0.2).astype(np.float32) if kind == "spikes" else 0.3 * x
    lengths = rng.integers(STEPS // 2, STEPS + 1, samples)
    lengths[0] = STEPS
    x *= (np.arange(STEPS) < lengths[:, None])[:, None]
    split = Split(np.ascontiguousarray(x.reshape(samples, -1)), np.arange(samples) % CLASSES, lengths)
    return Dataset("toy", split, split, split, 1.0, CLASSES, "none", (FEATURES, STEPS))
