"""`neurosparse export` as a real process, from a real run to a script that NEST runs."""

import json
import re
import subprocess
import sys

from processes import neurosparse

from neurosparse.export.exporter import exporters


def test_from_train_to_nest(tmp_path):
    assert neurosparse("train", "--out", "run", cwd=tmp_path).returncode == 0
    result = neurosparse("export", "run", "pynn", "--samples", "40", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "run it: python run/export/pynn/network.py --backend nest" in result.stdout
    manifest = json.loads((tmp_path / "run/export/pynn/manifest.json").read_text())
    assert manifest["expected"]["tolerance"] == 0.9
    on_machine = manifest["expected_on_machine"]
    assert (on_machine["machine"], on_machine["arithmetic"]) == ("spinnaker", "16-bit weights, s16.15 state")
    assert on_machine["agreement"] >= 0.9
    assert "on spinnaker, 16-bit weights, s16.15 state: spiking" in result.stdout
    done = subprocess.run(
        [sys.executable, "run/export/pynn/network.py", "--backend", "nest"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nest: 40 samples" in done.stdout

    again = neurosparse("export", "run", "pynn", cwd=tmp_path)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr
    assert neurosparse("export", "run", "pynn", "--overwrite", "--samples", "3", cwd=tmp_path).returncode == 0
    wrong = neurosparse("export", "run", "pyn", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean 'pynn'" in wrong.stderr
    for impossible in (["--steps", "0"], ["--samples", "100000"], ["--samples", "0"]):
        refused = neurosparse("export", "run", "pynn", "--out", "other", *impossible, cwd=tmp_path)
        assert refused.returncode == 2, refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (tmp_path / "other").exists()


def test_a_compacted_export_checks_itself_in_nest(tmp_path):
    sparse = ("--connectivity", "3%", "--epochs", "20", "--max-row-length", "3")
    assert neurosparse("train", "--out", "run", *sparse, cwd=tmp_path).returncode == 0
    result = neurosparse("export", "run", "pynn", "--compact", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    manifest = json.loads((tmp_path / "run/export/pynn/manifest.json").read_text())
    sizes = [layer["size"] for layer in manifest["layers"]]
    assert [len(layer["neurons"]) for layer in manifest["layers"]] == sizes
    assert sizes < [64, 300, 100, 10]
    assert f"neurons kept: input {sizes[0]} of 64, hidden1 {sizes[1]} of 300" in result.stdout
    done = subprocess.run(
        [sys.executable, "run/export/pynn/network.py", "--backend", "nest", "--samples", "40"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_without_a_network_is_refused(tmp_path):
    result = neurosparse("export", "nowhere", "pynn", cwd=tmp_path)
    assert result.returncode == 3
    assert "there is no run folder nowhere" in result.stderr


def test_help_tells_of_every_target(tmp_path):
    told = neurosparse("export", "--help", cwd=tmp_path).stdout
    assert re.findall(r"^  ([a-z0-9]+)  +\w", told, re.MULTILINE) == sorted(exporters.names(), key=told.index)
