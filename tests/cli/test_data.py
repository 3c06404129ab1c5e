"""`neurosparse data` as a user calls it: facts on stdout, talk on stderr, the exit code as verdict."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from idx_files import write_idx_folder
from loopback import closed_port, serve

from neurosparse.cli.main import main
from neurosparse.data.fetch import PUBLISHED, Remote


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with an empty cache, without NEUROSPARSE_DATA and without a proxy in between."""
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as leave:
        main(arguments)
    out, err = capsys.readouterr()
    return int(leave.value.code or 0), out, err


def test_list_says_what_is_here_and_how_to_get_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "data", "list")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert list(lines)[:5] == ["name", "cifar10", "digits", "digits-rows", "fashion-mnist"]
    for needed in ("1,797", " 1 x 8 x 8 ", " 10 ", "built in", "CC BY 4.0"):
        assert needed in lines["digits"]
    assert "not here: neurosparse data fetch mnist" in lines["mnist"]
    # Columns line up: every entry of the column `where` starts below its heading.
    start = lines["name"].index("where")
    assert all(line[start - 1] == " " and line[start] != " " for line in lines.values())


def test_list_says_where_data_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path / "given" / "mnist")
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path / "given"))
    code, out, _ = call(capsys, "data", "list", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "neurosparse.data/1")
    entries = {entry["name"]: entry for entry in document["datasets"]}
    assert entries["mnist"]["found"] == str(tmp_path / "given" / "mnist")
    assert entries["mnist"]["fetch"] is None
    assert entries["fashion-mnist"]["found"] is None
    assert entries["fashion-mnist"]["fetch"] == "neurosparse data fetch fashion-mnist"
    assert entries["digits"] | {"licence": ""} == {
        "name": "digits",
        "samples": 1797,
        "features": 64,
        "classes": 10,
        "licence": "",
        "found": "built in",
        "shape": [1, 8, 8],
        "fetch": None,
    }
    assert entries["fashion-mnist-rows"]["fetch"] == "neurosparse data fetch fashion-mnist"
    assert entries["mnist-pixels"]["shape"] == [1, 784]


def test_fetch_brings_a_data_set_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path / "origin")
    files = {path.name: path.read_bytes() for path in (tmp_path / "origin").iterdir()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    with serve(files) as server:
        monkeypatch.setitem(PUBLISHED, "mnist", Remote((server.base,), hashes))
        code, out, err = call(capsys, "data", "fetch", "mnist")
    folder = tmp_path / "cache" / "mnist"
    assert (code, out) == (0, f"{folder}\n")
    assert err.splitlines() == [f"fetching {server.base}{name}" for name in hashes]
    _, out, _ = call(capsys, "data", "list")
    assert str(folder) in out


def test_fetch_without_a_network_exits_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(PUBLISHED, "mnist", Remote((closed_port(),), PUBLISHED["mnist"].files))
    code, out, err = call(capsys, "data", "fetch", "mnist")
    assert (code, out) == (3, "")
    assert "error[unavailable]: cannot fetch train-images-idx3-ubyte.gz: no connection to the server" in err
    assert "Traceback" not in err


def test_fetch_of_an_unknown_name_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "data", "fetch", "minst")
    assert code == 2
    assert "did you mean 'mnist'" in err


def test_fetch_of_what_is_published_elsewhere_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "data", "fetch", "cifar10")
    assert (code, out) == (3, "")
    assert "https://www.cs.toronto.edu/~kriz/cifar.html" in err


def test_fetch_of_what_is_built_in_has_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "data", "fetch", "digits")
    assert (code, out) == (0, "")
    assert "built in" in err


def test_list_loads_no_compiler() -> None:
    script = """
import sys
from neurosparse.cli.main import main
try:
    main(["data", "list"])
except SystemExit:
    print([name for name in ("numba", "requests", "rich") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
