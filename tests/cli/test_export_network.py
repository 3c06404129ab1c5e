"""`neurosparse export --network`: files of every kind become scripts that run, and wrong questions are answered."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from neurosparse.cli.main import main
from neurosparse.description.connectors import FromList
from neurosparse.description.files import write_network
from neurosparse.description.network import NetworkDescription, Population, Projection

ROWS = [(0, 1, 2.5), (0, 2, -1.5), (1, 0, 0.75), (3, 2, 4.0), (3, 3, -0.5)]


@pytest.fixture
def files(tmp_path):
    """One network as each kind of file."""
    source, target, weight = (np.array(column) for column in zip(*ROWS, strict=True))
    matrix = sparse.csr_array((weight, (source, target)), shape=(4, 4))
    sparse.save_npz(tmp_path / "matrix.npz", matrix)
    text = "pre,post,weight,delay\n" + "".join(f"{i},{j},{w},1.0\n" for i, j, w in ROWS)
    (tmp_path / "edges.csv").write_text(text)
    projections = []
    for receptor, chosen in (("excitatory", weight > 0), ("inhibitory", weight < 0)):
        ends = (part[chosen].astype(np.int32) for part in (source, target))
        one = FromList(*ends, np.abs(weight[chosen]), np.ones(chosen.sum()))
        projections.append(Projection("pre", "post", receptor, one))
    populations = (Population("pre", 4, "SpikeSourceArray"), Population("post", 4))
    write_network(tmp_path / "network.json", NetworkDescription(populations, tuple(projections)))
    return tmp_path


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as leave:
        main(list(map(str, arguments)))
    captured = capsys.readouterr()
    return leave.value.code, captured.out, captured.err


@pytest.mark.parametrize(
    ("file", "target", "backend"),
    [
        ("network.json", "pynn", "nest"),
        ("matrix.npz", "pynn", "neuron"),
        ("edges.csv", "pynn", "brian2"),
        ("matrix.npz", "brian2", None),
    ],
)
def test_a_file_of_each_kind_becomes_a_script_that_runs(file, target, backend, files, capsys):
    code, out, err = call(capsys, "export", "--network", files / file, target, "--steps", 50, "--input-rate", 200)
    assert (code, err) == (0, "")
    folder = files / f"{file.partition('.')[0]}-{target}"
    assert f"run it: python {folder / 'network.py'}" in out
    with np.load(folder / "network.npz") as arrays:
        seen = {
            (int(i), int(j), float(w))
            for k in (0, 1)
            for i, j, w in zip(*(arrays[f"projection{k}_{part}"] for part in ("pre", "post", "weight")), strict=True)
        }
    assert seen == set(ROWS)
    flags = ["--backend", backend] if backend else []
    command = [sys.executable, folder / "network.py", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=files)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["pre-post", "excitatory", "3", "3"] in lines
    assert ["pre-post", "inhibitory", "2", "2"] in lines
    # NEURON says more before, where it compiles its cells for the first time.
    assert f"{backend or 'brian2'}: 50 steps of 1 ms" in done.stdout.splitlines()


def test_lists_are_written_as_csv(files, capsys):
    code, out, _ = call(capsys, "export", "csv", "--network", files / "edges.csv", "--out", files / "lists")
    assert code == 0
    assert "FromFileConnector" in out
    rows = (files / "lists/projection0.csv").read_text().splitlines()[1:]
    assert rows == ["0 1 2.5 1.0", "1 0 0.75 1.0", "3 2 4.0 1.0"]
    manifest = json.loads((files / "lists/manifest.json").read_text())
    assert [entry["synapses"] for entry in manifest["projections"]] == [3, 2]
    assert manifest["time"]["steps"] == 1000


def test_an_export_is_replaced_only_if_asked(files, capsys):
    ask = ("export", "--network", files / "edges.csv", "csv")
    assert call(capsys, *ask)[0] == 0
    code, out, err = call(capsys, *ask)
    assert (code, out) == (2, "")
    assert "--overwrite" in err
    assert call(capsys, *ask, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--network", "edges.csv"], "give RUN and TARGET, or --network FILE and TARGET"),
        (["run", "pynn", "--network", "edges.csv"], "give RUN and TARGET, or --network FILE and TARGET"),
        (["pynn"], "give RUN and TARGET, or --network FILE and TARGET"),
        (["run", "pynn", "--input-rate", "3"], "--input-rate goes with --network"),
        *(
            (["pynn", "--network", "edges.csv", *flag.split()], f"{flag.split()[0]} goes with RUN, not with --network")
            for flag in ("--samples 3", "--allowed-loss 1%", "--coding regular", "--weight-bits 8", "--compact")
        ),
        (["csv", "--network", "."], "is no network that can be read here"),
        (["image", "--network", "edges.csv"], "no exporter of described networks called 'image'"),
        (["pynn", "--network", "edges.csv", "--steps", "0"], "0 makes no sense"),
        (["pynn", "--network", "edges.csv", "--seed", "-3"], "-3 makes no sense"),
        (["pynn", "--network", "edges.csv", "--input-rate", "2000"], "cannot fire more than once a timestep"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_exits_2_and_writes_nothing(arguments, told, files, capsys, monkeypatch):
    monkeypatch.chdir(files)
    before = sorted(files.iterdir())
    code, out, err = call(capsys, "export", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert sorted(files.iterdir()) == before


def test_a_missing_file_exits_3(capsys, tmp_path):
    assert call(capsys, "export", "pynn", "--network", tmp_path / "nothing.json")[0] == 3


def test_the_help_names_every_target(capsys):
    from neurosparse.export.exporter import exporters

    _, out, _ = call(capsys, "export", "--help")
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("  ") and line.split()}
    assert set(exporters.names()) <= listed


def test_an_export_never_takes_the_place_of_its_source(files, capsys):
    assert call(capsys, "export", "--network", files / "edges.csv", "csv", "--out", files / "lists")[0] == 0
    source = min((files / "lists").glob("*.csv"))
    before = source.read_bytes()
    code, out, err = call(
        capsys, "export", "--network", source, "csv", "--out", files / "lists", "--overwrite"
    )  # fmt: skip
    assert (code, out) == (2, "")
    assert "would take the place of the network that it reads" in err
    assert source.read_bytes() == before
