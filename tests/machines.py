"""The machines of the package, whole or cut down to a few neurons and entries so that every limit binds."""

import json
import tomllib
from importlib import resources

from neurosparse.hardware.kinds import PROFILES
from neurosparse.hardware.library import load_profile

#: Figures that make each machine small.
SMALL = {
    "loihi": {
        "cores.neurons": 4,
        "cores.per_chip": 9,
        "axon_list.memory": 24,
        "axon_list.word_bits": 16,
        "axon_list.block_synapses": 3,
        "axons.incoming": 5,
        "axons.outgoing": 5,
    },
    "dynapse2": {
        "cores.chips": 2,
        "cores.per_chip": 2,
        "cores.neurons": 5,
        "cam.entries": 3,
        "tags.available": 24,
        "destinations.per_neuron": 2,
    },
    "brainscales2": {"cores.neurons": 5, "cores.per_chip": 3, "array.rows": 3},
    "odin": {"cores.neurons": 16, "array.rows": 16},
    "xylo": {
        "cores.neurons": 10,
        "matrices.inputs": 5,
        "matrices.outputs": 4,
        "between.weights": 12,
        "between.fan_out": 4,
    },
    "spinnaker2": {"processors.per_chip": 9},
}


def text_of(name):
    """Return the text of a profile that comes with the package."""
    return resources.files("neurosparse.hardware_profiles").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def tables_of(name):
    """Return the tables of a profile as its file has them."""
    return tomllib.loads(text_of(name))


def cut_down(name):
    """Return the small form of a machine."""
    figures = load_profile(name).model_dump(mode="json", by_alias=True)
    for key, value in SMALL[name].items():
        table, figure = key.split(".")
        figures[table][figure] = value
    return PROFILES.validate_json(json.dumps(figures))
