"""Networks from files: what is read is what was written, and every fault is told with its entry."""

import json
import re
from importlib import resources

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from neurosparse.description.connectors import AllToAll, FixedProbability, FromList, OneToOne
from neurosparse.description.document import NetworkDocument, PopulationEntry, ProjectionEntry
from neurosparse.description.files import read_network, write_network
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.errors import BadInput, FileFault, NeurosparseError

CELL = {"name": "b", "n": 3, "model": "IF_curr_exp"}
SOURCE = {"name": "a", "n": 4, "model": "SpikeSourceArray"}
LISTED = {"pre": "a", "post": "b", "receptor": "excitatory", "connector": "FromList"}


def document(**changes):
    return {"schema": "neurosparse.network/1", "populations": [SOURCE, CELL], "projections": [LISTED], **changes}


def arrays(**changes):
    columns = {
        "src": np.array([0, 1, 3], np.int32),
        "dst": np.array([2, 0, 1], np.int32),
        "weight": np.array([0.5, 0.0, 2.0]),
        "delay": np.array([1.0, 2.0, 3.0]),
    }
    return {f"p0_{name}": column for name, column in (columns | changes).items()}


def put(tmp_path, head, columns=None):
    path = tmp_path / "net.json"
    path.write_text(json.dumps(head))
    if columns is not None:
        np.savez(path.with_suffix(".npz"), **columns)
    return path


def test_a_document_with_its_arrays_is_read(tmp_path):
    network = read_network(put(tmp_path, document(timestep=2.0, runtime=50, board_version=3), arrays()))
    assert (network.timestep, network.board_version, network.synapses) == (2.0, 3, 3)
    assert network.population("a").model == "SpikeSourceArray"
    connector = network.projections[0].connector
    assert isinstance(connector, FromList)
    np.testing.assert_array_equal(connector.source, [0, 1, 3])
    np.testing.assert_array_equal(connector.weight, [0.5, 0.0, 2.0])


def test_a_document_that_holds_a_network_and_more_is_read(tmp_path):
    inner = {"populations": [SOURCE | {"spike_source": "rate=2.5"}, CELL], "projections": []}
    network = read_network(put(tmp_path, {"vector": "x", "network": inner, "populations": "another thing"}))
    assert [p.name for p in network.populations] == ["a", "b"]
    assert network.population("a").rate == 2.5


def test_every_rule_and_setting_comes_back_as_it_was_written(tmp_path):
    populations = (
        Population("a", 4, "SpikeSourceArray", spikes_per_step=0),
        Population("p", 3, "SpikeSourcePoisson", records=("spikes",), rate=12.5),
        Population("b", 3, records=("v", "spikes"), sampling=2.0, neurons_per_core=2, synapse_cores=1),
    )
    projections = (
        Projection("a", "b", "inhibitory", FixedProbability(0.25, 1.5, 2.0)),
        Projection("p", "b", "excitatory", OneToOne(1.0, 1.0)),
        Projection("b", "b", "excitatory", AllToAll(-0.5, 3.0), "some rule"),
    )
    network = NetworkDescription(populations, projections, 0.5, 5)
    write_network(tmp_path / "n.json", network)
    assert not (tmp_path / "n.npz").exists()
    assert read_network(tmp_path / "n.json") == network


@given(seed=st.integers(0, 2**32 - 1), synapses=st.integers(0, 30), single=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lists_come_back_as_they_were_written(tmp_path, seed, synapses, single):
    rng = np.random.default_rng(seed)
    n_pre, n_post = int(rng.integers(1, 9)), int(rng.integers(1, 9))
    connector = FromList(
        rng.integers(0, n_pre, synapses).astype(np.int32),
        rng.integers(0, n_post, synapses).astype(np.int32),
        rng.random(synapses).astype(np.float32 if single else np.float64),
        1.0 + rng.integers(0, 9, synapses),
    )
    populations = (Population("a", n_pre), Population("b", n_post))
    write_network(
        tmp_path / "n.json", NetworkDescription(populations, (Projection("a", "b", "inhibitory", connector),))
    )
    found = read_network(tmp_path / "n.json").projections[0].connector
    for name in ("source", "target", "weight", "delay"):
        np.testing.assert_array_equal(getattr(found, name), getattr(connector, name))
        assert getattr(found, name).dtype == getattr(connector, name).dtype


BAD_DOCUMENTS = {
    "unknown key": (
        document(populations=[SOURCE, CELL | {"neurons": 3}]),
        r"populations\[1\].neurons: there is no such",
    ),
    "unknown top key": (document(synapses=3), "synapses: there is no such key"),
    "missing": (document(populations=[{"name": "a", "n": 4}, CELL]), r"populations\[0\].model: missing"),
    "no number": (document(populations=[SOURCE | {"n": "four"}, CELL]), r"populations\[0\].n: .* not 'four'"),
    "no neurons": (document(populations=[SOURCE | {"n": 0}, CELL]), r"n = 0 makes no sense"),
    "twice": (document(populations=[SOURCE, SOURCE, CELL]), "two populations are called 'a'"),
    "no population": (document(projections=[LISTED | {"post": "c"}]), "no population called 'c'"),
    "receptor": (document(projections=[LISTED | {"receptor": "slow"}]), r"projections\[0\].receptor"),
    "connector": (document(projections=[LISTED | {"connector": "Magic"}]), r"projections\[0\].connector"),
    "rule without a weight": (
        document(projections=[LISTED | {"connector": "AllToAll", "delay": 1.0}]),
        "needs 'weight'",
    ),
    "list with a weight": (document(projections=[LISTED | {"weight": 1.0}]), "FromList has no 'weight'"),
    "timestep": (document(timestep=-1.0), "timestep of -1.0 ms makes no sense"),
    "another schema": (document(schema="neurosparse.network/9"), "schema: .*not 'neurosparse.network/9'"),
    "one to one": (
        document(projections=[LISTED | {"connector": "OneToOne", "weight": 1.0, "delay": 1.0}]),
        "populations of one size",
    ),
    "another number": (document(projections=[LISTED | {"n_synapses": 4}]), r"projections\[0\] states another number"),
}


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_a_bad_document_is_refused_with_its_entry(tmp_path, name):
    head, told = BAD_DOCUMENTS[name]
    with pytest.raises(BadInput, match=told) as caught:
        read_network(put(tmp_path, head, arrays()))
    assert "net." in caught.value.where


def test_all_faults_of_a_document_are_told_at_once(tmp_path):
    head = document(populations=[SOURCE | {"n": "x"}, CELL | {"extra": 1}], projections=[{**LISTED, "receptor": "?"}])
    with pytest.raises(BadInput, match="the network has 3 faults"):
        read_network(put(tmp_path, head, arrays()))


BAD_ARRAYS = {
    "source out of range": (arrays(src=np.array([0, 4, 3])), r"source 4 of synapse 1 is out of range"),
    "negative target": (arrays(dst=np.array([2, 0, -1])), r"target -1 of synapse 2 is out of range"),
    "half a neuron": (arrays(src=np.array([0, 0.5, 1])), r"0.5 in entry 1 of 'p0_src' is not a neuron's number"),
    "NaN": (arrays(weight=np.array([1.0, np.nan, 1.0])), r"weight nan of synapse 1 is not a finite number"),
    "infinite delay": (arrays(delay=np.array([1.0, 1.0, np.inf])), r"delay inf of synapse 2 is not a finite number"),
    "negative delay": (arrays(delay=np.array([1.0, -2.0, 1.0])), r"delay -2 ms of synapse 1 is not positive"),
    "mixed signs": (arrays(weight=np.array([1.0, -1.0, 0.0])), "have both signs"),
    "shapes": (arrays(weight=np.array([1.0, 1.0])), "differ in shape"),
    "two dimensions": (arrays(weight=np.ones((3, 1))), "not a row of numbers"),
    "text": (arrays(weight=np.array(["a", "b", "c"])), "not a row of numbers"),
    "objects": (arrays(weight=np.array([1, 2, {}], object)), "'p0_weight' cannot be read"),
    "missing": ({name: column for name, column in arrays().items() if name != "p0_delay"}, "no array 'p0_delay'"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_a_bad_array_is_refused_with_its_entry(tmp_path, name):
    columns, told = BAD_ARRAYS[name]
    with pytest.raises(BadInput, match=told) as caught:
        read_network(put(tmp_path, document(), columns))
    assert "net." in caught.value.where


def test_files_that_are_not_there_or_not_what_they_are_called_are_faults(tmp_path):
    with pytest.raises(FileFault, match=r"no file net\.npz"):
        read_network(put(tmp_path, document()))
    with pytest.raises(FileFault):
        read_network(tmp_path / "nothing.json")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(FileFault, match=r"torn\.npz"):
        read_network(tmp_path / "torn.npz")
    with pytest.raises(BadInput, match="no network that can be read"):
        read_network(tmp_path / "net.hoc")


@given(data=st.binary(max_size=200), suffix=st.sampled_from([".json", ".npz", ".csv"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_in_words(tmp_path, data, suffix):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    try:
        read_network(path)
    except NeurosparseError as fault:
        assert fault.what


@pytest.mark.parametrize("layout", ["csr", "csc", "coo"])
def test_a_sparse_matrix_becomes_two_projections_sorted_by_source(tmp_path, layout):
    matrix = sparse.coo_array(
        (np.array([1.0, -2.0, 3.0, -4.0]), (np.array([2, 0, 0, 1]), np.array([0, 4, 1, 2]))), shape=(3, 5)
    ).asformat(layout)
    sparse.save_npz(tmp_path / "w.npz", matrix)
    network = read_network(tmp_path / "w.npz")
    assert [(p.name, p.size) for p in network.populations] == [("pre", 3), ("post", 5)]
    excitatory, inhibitory = (p.connector for p in network.projections)
    np.testing.assert_array_equal(excitatory.source, [0, 2])
    np.testing.assert_array_equal(excitatory.target, [1, 0])
    np.testing.assert_array_equal(inhibitory.weight, [-2.0, -4.0])
    assert [p.receptor for p in network.projections] == ["excitatory", "inhibitory"]


def test_a_list_of_edges_may_name_its_columns_and_delays(tmp_path):
    (tmp_path / "e.csv").write_text("source,target,weight,delay\n1,0,0.5,2\n0,3,1e-3,1\n")
    connector = read_network(tmp_path / "e.csv").projections[0].connector
    np.testing.assert_array_equal(connector.source, [0, 1])
    np.testing.assert_array_equal(connector.delay, [1.0, 2.0])
    (tmp_path / "e.csv").write_text("1,0,-0.5\n")
    assert read_network(tmp_path / "e.csv").projections[0].receptor == "inhibitory"


@pytest.mark.parametrize(
    ("text", "told"),
    [("1,2\n", "1 lines of 2 columns"), ("1,2,x\n", "not a list of edges"), ("0,0,1\n0,0\n", "not a list of edges"),
     ("-1,2,1\n", "source -1"), ("0.5,2,1\n", "not a neuron's number"), ("0,0,nan\n", "not a finite number")],
)  # fmt: skip
def test_a_bad_list_of_edges_is_refused(tmp_path, text, told):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(BadInput, match=told):
        read_network(tmp_path / "e.csv")


def test_the_example_of_the_description_is_read_and_every_key_is_told(tmp_path):
    text = resources.files("neurosparse.description").joinpath("network.md").read_text(encoding="utf-8")
    example = json.loads(text.split("```json")[1].split("```")[0])
    network = read_network(put(tmp_path, example, arrays()))
    assert [p.name for p in network.populations] == ["input", "hidden", "noise"]
    keys = {name for entry in (PopulationEntry, ProjectionEntry, NetworkDocument) for name in entry.model_fields}
    told = set(re.findall(r"`([a-z_]+)`", text)) | set(re.findall(r'"([a-z_]+)":', text))
    assert keys - {"kind"} <= told


DAMAGED = {
    "starts beyond the entries": {"indptr": np.array([0, 10**9, 1, 1])},
    "starts that run backwards": {"indptr": np.array([0, 2, 1, 1])},
    "half a neuron": {"indices": np.array([0.5])},
    "a neuron out of range": {"indices": np.array([3])},
    "another number of weights": {"data": np.array([1.0, 2.0])},
    "no such layout": {"format": b"dok"},
    "three dimensions": {"shape": np.array([3, 3, 3])},
    "no neurons": {"shape": np.array([0, 3])},
    "too many neurons": {"shape": np.array([3, 2**40])},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_matrix_is_refused_before_anything_trusts_it(tmp_path, name):
    whole = {
        "indices": np.array([0]),
        "indptr": np.array([0, 1, 1, 1]),
        "format": b"csr",
        "shape": np.array([3, 3]),
        "data": np.array([1.0]),
    }
    np.savez(tmp_path / "whole.npz", **whole)
    assert read_network(tmp_path / "whole.npz").synapses == 1
    np.savez(tmp_path / "m.npz", **(whole | DAMAGED[name]))
    with pytest.raises(BadInput):
        read_network(tmp_path / "m.npz")


@pytest.mark.parametrize(
    "head",
    [
        document(populations=[SOURCE, CELL | {"n": 2**31}]),
        document(populations=[SOURCE, CELL | {"name": "a\x1b[31mred"}]),
        document(populations=[SOURCE, CELL | {"name": "two\nlines"}]),
        document(timestep=1e308),
        document(populations=[SOURCE, {"name": "b", "n": 3, "model": "SpikeSourcePoisson", "rate": 1e300}]),
    ],
)
def test_what_is_beyond_any_use_is_refused(tmp_path, head):
    with pytest.raises(BadInput):
        read_network(put(tmp_path, head, arrays()))


def test_deep_nesting_and_many_faults_are_told_in_few_words(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(FileFault, match="not JSON"):
        read_network(tmp_path / "deep.json")
    many = document(populations=[{"name": str(k), "n": "x" * 10_000, "model": "a"} for k in range(2_000)])
    with pytest.raises(BadInput, match=r"2,00[01] faults") as caught:
        read_network(put(tmp_path, many, arrays()))
    assert len(str(caught.value)) < 4_000


@pytest.mark.parametrize("remark", ["rate=1e", "rate=e", "rate=", "no rate"])
def test_a_remark_that_names_no_rate_is_a_remark(tmp_path, remark):
    inner = {"populations": [SOURCE | {"spike_source": remark}], "projections": []}
    assert read_network(put(tmp_path, inner)).populations[0].rate in (None, 1.0)
