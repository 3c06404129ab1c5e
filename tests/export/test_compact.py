"""An export of what reaches an output decides as the whole one, and says which neurons it has."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.compact import compact
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.twin import Conversion


@pytest.fixture(scope="module")
def sparse(network):
    """The trained network without its weakest connections, so that neurons lose all of theirs."""
    projections = []
    for p in network.projections:
        rows = np.repeat(np.arange(p.weight.shape[0]), np.diff(p.weight.indptr))
        stays = np.abs(p.weight.data) > np.quantile(np.abs(p.weight.data), 0.8)
        weight = csr_array((p.weight.data[stays], (rows[stays], p.weight.indices[stays])), shape=p.weight.shape)
        projections.append(replace(p, weight=weight))
    return TrainedNetwork(tuple(projections))


def read(folder):
    with np.load(folder / "network.npz", allow_pickle=False) as arrays:
        return json.loads((folder / "manifest.json").read_text()), {name: arrays[name] for name in arrays.files}


def test_a_compacted_export_decides_as_the_whole_one(sparse, digits, tmp_path):
    small = compact(sparse)
    assert small.network.sizes < sparse.sizes
    summaries = [
        PyNNExporter().export(sparse, digits, tmp_path / "whole"),
        PyNNExporter().export(sparse, digits, tmp_path / "small", compacted=small),
    ]
    # Equal scales and equal currents: the same rate, steps, decisions and agreement, of fewer neurons.
    whole, part = (replace(summary, folder=tmp_path, files={}, told=()) for summary in summaries)
    assert whole == part
    (whole, all_arrays), (part, arrays) = read(tmp_path / "whole"), read(tmp_path / "small")
    assert np.array_equal(all_arrays["decision"], arrays["decision"])
    assert np.array_equal(all_arrays["sample"][:, small.inputs], arrays["sample"])
    assert [layer["size"] for layer in part["layers"]] == list(small.network.sizes)
    assert all("neurons" not in layer for layer in whole["layers"])
    for layer in part["layers"]:
        assert layer["neurons"] == small.kept[layer["name"]].tolist()


def test_the_index_map_leads_back_to_the_whole_network(sparse, digits, tmp_path):
    PyNNExporter().export(sparse, digits, tmp_path / "whole", asked=Conversion(steps=96))
    PyNNExporter().export(sparse, digits, tmp_path / "small", asked=Conversion(steps=96), compacted=compact(sparse))
    (_, whole), (manifest, part) = read(tmp_path / "whole"), read(tmp_path / "small")
    kept = [np.array(layer["neurons"]) for layer in manifest["layers"]]
    for k in range(1, len(kept)):
        assert np.array_equal(whole[f"layer{k}_i_offset"][kept[k]], part[f"layer{k}_i_offset"])
        for receptor in ("excitatory", "inhibitory"):
            synapses = [
                dict(zip(zip(pre, post, strict=True), weight, strict=True))
                for pre, post, weight in (
                    (arrays[f"layer{k}_{receptor}_{part}"].tolist() for part in ("pre", "post", "weight"))
                    for arrays in (whole, part)
                )
            ]
            renamed = {(kept[k - 1][pre], kept[k][post]): w for (pre, post), w in synapses[1].items()}
            reaching = {(i, j): w for (i, j), w in synapses[0].items() if (i, j) in renamed}
            assert reaching == renamed
            assert all(j not in kept[k] or i not in kept[k - 1] for i, j in set(synapses[0]) - set(renamed))


def test_a_newborn_of_weight_zero_goes_to_the_receptor_of_its_sign(sparse, digits, tmp_path):
    first = sparse.projections[0]
    weight = first.weight.copy()
    weight.data[:4] = [0.0, -0.0, -0.0, -0.0]
    network = TrainedNetwork((replace(first, weight=weight), *sparse.projections[1:]))
    PyNNExporter().export(network, digits, tmp_path / "x", asked=Conversion(steps=20))
    manifest, arrays = read(tmp_path / "x")
    assert manifest["layers"][1]["inhibitory"] == int(np.signbit(weight.data).sum())
    assert np.count_nonzero(arrays["layer1_inhibitory_weight"] == 0) == 3
    assert np.count_nonzero(arrays["layer1_excitatory_weight"] == 0) == 1
