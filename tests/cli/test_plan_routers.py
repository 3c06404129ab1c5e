"""`neurosparse plan --network` on routers: the line, the document, and the refusal before anything is printed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from neurosparse.cli.main import main

VECTORS = Path(__file__).parents[1] / "footprint" / "vectors"


def _run(capsys, *arguments):
    """Run the command; return exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as leave:
        main(list(arguments))
    captured = capsys.readouterr()
    return leave.value.code, captured.out, captured.err


def test_one_line_tells_of_the_fullest_router(capsys):
    code, out, _ = _run(capsys, "plan", "--network", str(VECTORS / "hub_row_20000x512.json"))
    assert code == 0
    assert "router: at most 7 of 1,023 entries on a chip, 7 before compression\n" in out


def test_the_document_tells_of_every_router(capsys):
    for name in ("hub_row_20000x512", "delays_ext_1_60", "no_record_no_projection"):
        _, out, _ = _run(capsys, "plan", "--network", str(VECTORS / f"{name}.json"), "--json")
        router, vector = json.loads(out)["router"], json.loads((VECTORS / f"{name}.json").read_text())
        assert router["available"] == 1023
        for told, field in (("before", "routing_uncompressed_counts"), ("after", "routing_compressed_counts")):
            found = {"{},{}".format(*chip["chip"]): chip[told] for chip in router["chips"]}
            assert found == vector[field]


def test_routers_with_too_few_entries_are_refused_with_the_numbers(capsys, tmp_path):
    random = np.random.default_rng(1)
    sources = 1200  # each is heard by a choice of its own of 16 cores
    source, target = np.nonzero(random.random((sources, 16)) < 0.5)
    network = {
        "schema": "neurosparse.network/1",
        "timestep": 1.0,
        "runtime": 100,
        "board_version": 5,
        "populations": [
            {"name": "a", "n": sources, "model": "SpikeSourcePoisson", "rate": 1.0, "max_neurons_per_core": 1},
            {"name": "b", "n": 16, "model": "IF_curr_exp", "max_neurons_per_core": 1},
        ],
        "projections": [
            {"pre": "a", "post": "b", "receptor": "excitatory", "connector": "FromList", "n_synapses": source.size}
        ],
    }
    path = tmp_path / "crowded.json"
    path.write_text(json.dumps(network))
    columns = {"src": source, "dst": target, "weight": np.ones(source.size), "delay": np.ones(source.size)}
    np.savez(path.with_suffix(".npz"), **{f"p0_{name}": column for name, column in columns.items()})
    code, out, err = _run(capsys, "plan", "--network", str(path))
    assert (code, out) == (1, "")
    assert "has too few entries for the spikes that pass it" in err
    assert "there is 1,023" in err
    code, out, _ = _run(capsys, "plan", "--network", str(path), "--json")
    document = json.loads(out)
    assert (code, document["fits"]) == (1, False)
    needs, before = (int(figure.replace(",", "")) for figure in re.findall(r"[\d,]+", document["numbers"]["needs"]))
    assert 1023 < needs <= before <= sources
    assert document["numbers"]["too much"] == str(needs - 1023)
