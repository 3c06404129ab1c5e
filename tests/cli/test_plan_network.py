"""`neurosparse plan --network`: what connections as they are take, in a table, as JSON, and where they do not fit."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from neurosparse.cli.main import main

VECTORS = Path(__file__).parents[1] / "footprint" / "vectors"


def _run(capsys, *arguments):
    """Run the command; return exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as leave:
        main(list(arguments))
    captured = capsys.readouterr()
    return leave.value.code, captured.out, captured.err


def test_the_tables_say_what_every_core_holds_and_why(capsys):
    code, out, err = _run(capsys, "plan", "--network", str(VECTORS / "hub_row_20000x512.json"))
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines[1].startswith("a 0-19999 79 256 (0, 0) 3 .. (2, 1) 2 132.2 KiB")
    assert lines[2].startswith("b 0-511 2 256 (0, 2) 2 .. (0, 2) 3 20.1 MiB")
    assert "synaptic matrix 99 %" in lines[2]
    assert lines[5].startswith("a-b excitatory 20,511 256 neuron 7 onto core 0 20.0 MiB 100.0 % 0.2 %")
    assert any("neuron 7 of a has 256 synapses onto core 0 of b" in line for line in lines)
    assert lines[-1] == "fits spinnaker: 81 cores on 7 chips of 1 board, the fullest chip at 34.6 % of its SDRAM"


def test_json_is_one_document_that_equals_the_tool_chain(capsys):
    code, out, err = _run(capsys, "plan", "--network", str(VECTORS / "ff_784_p013.json"), "--json")
    document, vector = json.loads(out), json.loads((VECTORS / "ff_784_p013.json").read_text())
    assert (code, err) == (0, "")
    assert (document["schema"], document["fits"]) == ("neurosparse.footprint/1", True)
    totals = [core["memories"]["sdram"]["used"] for core in document["cores"]]
    assert totals == [vertex["sdram_total_at_plan"] for vertex in vector["machine_vertices"]]
    places = [[*core["chip"], core["core"]] for core in document["cores"]]
    assert places == [[vertex["x"], vertex["y"], vertex["p"]] for vertex in vector["machine_vertices"]]


def test_what_if_says_what_would_be_otherwise(capsys):
    code, out, _ = _run(capsys, "plan", "--network", str(VECTORS / "list_sorted_by_target.json"), "--what-if")
    assert code == 0
    assert "sorted by source, in-l1 excitatory would take 43.0 KiB less on every core" in out
    assert "synapses to move" in out
    assert "with rows of 256 for every projection there are" in out
    document = json.loads(
        _run(capsys, "plan", "--network", str(VECTORS / "ff_784_p013.json"), "--what-if", "--json")[1]
    )
    assert {"widths", "limits", "rooms"} == set(document["what_if"])


@pytest.mark.parametrize(
    ("name", "profile", "told"),
    [
        ("err_sdram_core", "spinnaker", "held by synaptic matrix 123.7 MiB"),
        ("err_row_too_long", "spinnaker", "neurons of 'b' on a core fit"),
        ("err_too_many_cores", "spinn3", "does not fit on 1 board of spinn3"),
    ],
)
def test_what_does_not_fit_exits_1_with_the_cause(capsys, name, profile, told):
    arguments = ["plan", "--network", str(VECTORS / f"{name}.json"), "--profile", profile]
    code, out, err = _run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert told in err
    code, out, _ = _run(capsys, *arguments, "--json")
    assert code == 1
    assert json.loads(out)["fits"] is False


def test_a_sparse_matrix_is_enough(capsys, tmp_path):
    rng = np.random.default_rng(1)
    matrix = sparse.random_array((500, 400), density=0.02, rng=rng)
    sparse.save_npz(tmp_path / "weights.npz", matrix)
    code, out, _ = _run(capsys, "plan", "--network", str(tmp_path / "weights.npz"))
    assert code == 0
    assert f"{matrix.nnz:,}" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--network", "x.json", "--layers", "3,4"], "either --layers"),
        (["--network", "x.json", "--connectivity", "1%"], "--connectivity goes with --layers"),
        (["--network", "x.json", "--max-row-length", "2"], "--max-row-length goes with --layers"),
        (["--layers", "3,4", "--synapses", "2", "--boards", "2"], "--boards goes with --network"),
        (["--network", str(VECTORS / "edge_tiny.json"), "--boards", "0"], "0 boards make no sense"),
        (["--network", str(VECTORS / "edge_tiny.json"), "--timesteps", "0"], "0 timesteps make no sense"),
        (["--network", str(VECTORS / "edge_tiny.json"), "--profile", "loihi"], "cannot be planned on loihi"),
        (["--network", str(VECTORS / "stdp.json")], "does not cover plastic synapses"),
    ],
)
def test_what_makes_no_sense_exits_2(capsys, arguments, told):
    code, out, err = _run(capsys, "plan", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_a_missing_file_exits_3(capsys, tmp_path):
    assert _run(capsys, "plan", "--network", str(tmp_path / "nothing.json"))[0] == 3
