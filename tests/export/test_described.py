"""Descriptions are exported as they are: their synapses come back exactly, and what nobody could run is refused."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.description.connectors import AllToAll, FixedProbability, FromList, OneToOne
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.errors import BadInput
from neurosparse.export.described.cells import BACKENDS, CELL_TYPES, SOURCES
from neurosparse.export.described.exporter import described_exporters
from neurosparse.export.described.values import Asked

EVIL = '"""\nimport os; os.abort()\n"""{{ 7 * 7 }}{% endif %}<script>\\u0022'
TWO = FromList(np.array([1, 0], np.int32), np.array([0, 1], np.int32), np.array([0.5, 2.0]), np.array([3.0, 1.0]))
SOURCE, CELL = Population("a", 2, "SpikeSourceArray"), Population("b", 2)
PLAIN = NetworkDescription((SOURCE, CELL), (Projection("a", "b", "excitatory", TWO),))


def export(network, folder, target="pynn", **asked):
    return described_exporters.load(target)().export(network, folder, asked=Asked(**asked))


def read(folder):
    with np.load(folder / "network.npz", allow_pickle=False) as arrays:
        return json.loads((folder / "manifest.json").read_text()), {name: arrays[name] for name in arrays.files}


@st.composite
def networks(draw):
    """Small networks of every cell type, connector and sign, in any order and with pairs that are joined twice."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    timestep = draw(st.sampled_from([0.1, 0.25, 1.0, 20.0]))
    models = draw(st.lists(st.sampled_from([*CELL_TYPES, *SOURCES]), min_size=1, max_size=4))
    populations = tuple(Population(f"p{k}", int(rng.integers(1, 7)), model) for k, model in enumerate(models))
    cells = [p for p in populations if p.model in CELL_TYPES]
    projections = []
    for receptor in draw(st.lists(st.sampled_from(["excitatory", "inhibitory"]), max_size=4)) if cells else []:
        pre, post = populations[rng.integers(len(populations))], cells[rng.integers(len(cells))]
        sign = 1.0 if receptor == "excitatory" else draw(st.sampled_from([1.0, -1.0]))
        kind = draw(st.sampled_from(["list", "all", "one", "some"]))
        n, delay = int(rng.integers(0, 9)), float(rng.uniform(0.01, 50))
        weight = sign * rng.random(n).astype(draw(st.sampled_from([np.float32, np.float64])))
        if kind == "list":
            ends = (rng.integers(0, p.size, n).astype(np.int32) for p in (pre, post))
            connector = FromList(*ends, weight, rng.uniform(0.01, 50, n))
        elif kind == "some":
            connector = FixedProbability(float(rng.random()), sign, delay)
        else:
            connector = OneToOne(sign, delay) if kind == "one" and pre.size == post.size else AllToAll(sign, delay)
        projections.append(Projection(pre.name, post.name, receptor, connector))
    return NetworkDescription(populations, tuple(projections), timestep)


@given(network=networks())
@settings(max_examples=60)
def test_every_network_exports_and_its_lists_come_back_exactly(network):
    with TemporaryDirectory() as folder:
        export(network, Path(folder) / "x", input_rate=0.0)
        manifest, arrays = read(Path(folder) / "x")
        export(network, Path(folder) / "csv", "csv", input_rate=0.0)
        texts = {p.stem: p.read_text().splitlines() for p in (Path(folder) / "csv").glob("*.csv")}
    step = network.timestep
    for k, (projection, entry) in enumerate(zip(network.projections, manifest["projections"], strict=True)):
        connector, conducting = projection.connector, entry["weight_unit"] == "uS"
        sign = -1.0 if projection.receptor == "inhibitory" and not conducting else 1.0
        if not isinstance(connector, FromList | FixedProbability):
            assert f"projection{k}_pre" not in arrays
            assert entry["weight"] == sign * abs(connector.weight)
            continue
        found = [arrays[f"projection{k}_{part}"].tolist() for part in ("pre", "post", "weight", "delay")]
        rows = list(zip(*found, strict=True))
        assert entry["synapses"] == len(rows)
        assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
        assert texts[f"projection{k}"][1:] == [f"{i} {j} {w!r} {d!r}" for i, j, w, d in rows]
        if isinstance(connector, FromList):
            steps = [max(1, round(d / step)) for d in connector.delay.tolist()]
            weights = (sign * np.abs(connector.weight)).tolist()
            given_rows = zip(connector.source.tolist(), connector.target.tolist(), weights, steps, strict=True)
            assert sorted(given_rows) == sorted((i, j, w, round(d / step)) for i, j, w, d in rows)
    longest = [d for name, values in arrays.items() if name.endswith("_delay") for d in values.tolist()]
    assert manifest["time"]["longest_delay"] >= max([step, *longest])
    parts = step / manifest["time"]["step_neuron"]
    assert parts == pytest.approx(max(1, round(parts)))
    assert manifest["time"]["step_neuron"] <= 0.1 + 1e-9


@pytest.mark.parametrize("p", [1e-9, 0.001, 0.3, 0.999])
def test_a_connector_that_draws_takes_every_pair_with_its_probability(p, tmp_path):
    rule = Projection("a", "b", "excitatory", FixedProbability(p, 1.0, 1.0))
    network = NetworkDescription((replace(SOURCE, size=500), replace(CELL, size=400)), (rule, rule))
    for name, seed in (("x", 1), ("again", 1), ("other", 2)):
        export(network, tmp_path / name, seed=seed)
    (_, arrays), (_, again), (_, other) = (read(tmp_path / name) for name in ("x", "again", "other"))
    pairs = arrays["projection0_pre"].astype(np.int64) * 400 + arrays["projection0_post"]
    assert np.all(np.diff(pairs) > 0)
    assert abs(len(pairs) - p * 200_000) <= 6 * np.sqrt(p * (1 - p) * 200_000) + 1
    halves = np.count_nonzero(arrays["projection0_post"] < 200)
    assert abs(halves - len(pairs) / 2) <= 6 * np.sqrt(len(pairs) / 4) + 1
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
    if p > 1e-9:
        for different in (other["projection0_post"], arrays["projection1_post"]):
            assert not np.array_equal(arrays["projection0_post"], different)


def test_the_manifest_says_what_the_description_says(tmp_path):
    populations = (
        Population("a", 3, "SpikeSourceArray", spikes_per_step=2),
        Population("p", 4, "SpikeSourcePoisson", rate=12.5),
        Population("b", 5, "IF_cond_exp", records=("v", "spikes"), sampling=2.4, neurons_per_core=2, synapse_cores=1),
    )
    projections = (
        Projection("a", "b", "inhibitory", AllToAll(-0.5, 2.4), "some rule"),
        Projection("p", "b", "excitatory", FromList(*(np.zeros(0, t) for t in (np.int32, np.int32, float, float)))),
    )
    summary = export(NetworkDescription(populations, projections), tmp_path / "x", steps=70, seed=3, input_rate=7.0)
    manifest, _ = read(tmp_path / "x")
    assert (manifest["time"]["steps"], manifest["input"]["seed"]) == (70, 3)
    a, p, b = manifest["populations"]
    assert (a["rate"], a["most_at_once"], p["rate"], p["most_at_once"]) == (7.0, 2, 12.5, 4)
    assert (b["records"], b["sampling"], b["neurons_per_core"]) == (["v", "spikes"], 2.0, 2)
    assert b["parameters"]["tau_refrac"] == 1.0, "whole timesteps"
    first, second = manifest["projections"]
    assert (first["synapses"], first["weight"], first["delay"], second["synapses"]) == (15, 0.5, 2.0, 0)
    assert manifest["backends"] == dict.fromkeys(BACKENDS)
    digest = hashlib.sha256((tmp_path / "x" / "network.npz").read_bytes()).hexdigest()
    assert manifest["arrays"]["sha256"] == digest
    assert summary.files == {path.name: path.stat().st_size for path in (tmp_path / "x").iterdir()}
    told = "\n".join(summary.told)
    assert manifest["notes"] == list(summary.told[:-1])
    for words in (
        "PyNN's default parameters", "tau_refrac of IF_cond_exp is 1 ms", "no spikes are given for 'a'",
        "1 of 1 delays rounded to timesteps of 1 ms", "plastic in the description (some rule)",
        "cores of their own are not asked for: 'b'",
    ):  # fmt: skip
        assert words in told
    assert "spikes_per_step" not in told


def test_names_never_become_code(tmp_path):
    named = NetworkDescription(
        (replace(SOURCE, name=EVIL), CELL), (Projection(EVIL, "b", "excitatory", TWO, "{{ 7 * 7 }}"),)
    )
    for target in ("pynn", "brian2"):
        export(PLAIN, tmp_path / f"plain {target}", target)
        export(named, tmp_path / f"evil {target}", target)
        assert (tmp_path / f"plain {target}/network.py").read_bytes() == (
            tmp_path / f"evil {target}/network.py"
        ).read_bytes()
        assert read(tmp_path / f"evil {target}")[0]["populations"][0]["name"] == EVIL


def with_cell(model, **changes):
    return NetworkDescription((SOURCE, replace(CELL, model=model, **changes)), PLAIN.projections)


def test_who_cannot_run_a_cell_type_is_said_with_the_population(tmp_path):
    summary = export(with_cell("IF_curr_delta"), tmp_path / "delta")
    assert "not on neuron: population 'b' is of IF_curr_delta: PyNN does not have it there" in summary.told
    assert summary.told[-1].endswith("--backend nest|brian2|spiNNaker")
    export(with_cell("Izhikevich"), tmp_path / "izhikevich")
    backends = read(tmp_path / "izhikevich")[0]["backends"]
    assert [name for name, why in backends.items() if why is None] == ["spiNNaker"]
    assert "population 'b' is of Izhikevich" in backends["nest"]
    with pytest.raises(BadInput, match="'b' is of Izhikevich, which the Brian2 exporter cannot express"):
        export(with_cell("Izhikevich"), tmp_path / "x", "brian2")


def test_a_network_that_no_back_end_can_run_is_refused(tmp_path, monkeypatch):
    nobody = replace(CELL_TYPES["IF_curr_delta"], refused=dict.fromkeys(BACKENDS, "not there"))
    monkeypatch.setitem(CELL_TYPES, "IF_curr_delta", nobody)
    with pytest.raises(BadInput, match="no back end of PyNN can run the network") as caught:
        export(with_cell("IF_curr_delta"), tmp_path / "x")
    assert "population 'b'" in caught.value.numbers["nest"]


NEGATIVE = replace(PLAIN.projections[0], connector=AllToAll(-1.0, 1.0))
REFUSED = {
    "there is no cell type called 'IF_curr_axp'": (with_cell("IF_curr_axp"), {}),
    "'b-a excitatory' ends in a source": (
        NetworkDescription((SOURCE, CELL), (Projection("b", "a", "excitatory", AllToAll(1.0, 1.0)),)),
        {},
    ),
    "are negative, and its receptor excites": (NetworkDescription((SOURCE, CELL), (NEGATIVE,)), {}),
    "source 'a' cannot fire more than once a timestep": (PLAIN, {"input_rate": 1001.0}),
    "draws more synapses than an export holds": (
        NetworkDescription(
            (replace(SOURCE, size=20_000), replace(CELL, size=20_000)),
            (Projection("a", "b", "excitatory", FixedProbability(0.9, 1.0, 1.0)),),
        ),
        {},
    ),
    "0 makes no sense": (PLAIN, {"steps": 0}),
    "timesteps are more than a script runs": (PLAIN, {"steps": 10_000_001}),
    "a timestep of 0.0001 ms is shorter than simulators": (replace(PLAIN, timestep=0.0001), {}),
    "a delay of 1e.09 ms in 'a-b excitatory' is longer": (
        NetworkDescription((SOURCE, CELL), (Projection("a", "b", "excitatory", AllToAll(1.0, 1e9)),)),
        {},
    ),
    "-1 makes no sense": (PLAIN, {"seed": -1}),
    "nan makes no sense": (PLAIN, {"input_rate": math.nan}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refuses_before_any_work(message, tmp_path):
    network, asked = REFUSED[message]
    with pytest.raises(BadInput, match=message) as caught:
        export(network, tmp_path / "x", **asked)
    assert caught.value.where
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_there_is_replaced_only_if_asked(tmp_path):
    export(PLAIN, tmp_path / "x", "csv")
    with pytest.raises(BadInput, match="an export is there already"):
        export(PLAIN, tmp_path / "x", "csv")
    described_exporters.load("csv")().export(PLAIN, tmp_path / "x", overwrite=True, asked=Asked(steps=5))
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["time"]["steps"] == 5


def test_csv_says_which_lists_pynn_loads(tmp_path):
    one = FromList(*(part[:1] for part in (TWO.source, TWO.target, TWO.weight, TWO.delay)))
    summary = export(replace(PLAIN, projections=(replace(PLAIN.projections[0], connector=one),)), tmp_path / "x", "csv")
    assert summary.told[-1] == "PyNN 0.13 cannot load projection0.csv: it fails on files of one row"
    summary = export(PLAIN, tmp_path / "y", "csv")
    assert summary.told[-1] == f'load a list: FromFileConnector("{tmp_path / "y" / "projection0.csv"}")'
