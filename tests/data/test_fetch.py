"""Fetching over a real HTTP server on this machine: whole files with the right checksum, or nothing and a reason."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import socket
from pathlib import Path

import pytest
from idx_files import write_idx_folder
from loopback import closed_port, serve

from neurosparse.data.fetch import PUBLISHED, Remote, cache_folder, fetch_dataset, fetch_files
from neurosparse.data.idx import FILES, MNIST
from neurosparse.errors import BadInput, FileFault, Unavailable

CONTENT = {"a.gz": b"first file" * 1000, "b.gz": b"second file" * 1000}
HASHES = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()}
DATA = os.environ.get("NEUROSPARSE_DATA", "")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no proxy of the surroundings come between."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_files_come_whole(tmp_path: Path) -> None:
    said: list[str] = []
    with serve(CONTENT) as server:
        fetch_files(Remote((server.base,), HASHES), tmp_path / "new" / "folder", said.append)
    assert {path.name: path.read_bytes() for path in (tmp_path / "new" / "folder").iterdir()} == CONTENT
    assert said == [f"fetching {server.base}a.gz", f"fetching {server.base}b.gz"]


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(CONTENT["a.gz"])
    (tmp_path / "b.gz").write_bytes(b"half")
    said: list[str] = []
    with serve(CONTENT) as server:
        fetch_files(Remote((server.base,), HASHES), tmp_path, said.append)
    assert server.asked == ["b.gz"]
    assert said[0] == "a.gz is there"
    assert (tmp_path / "b.gz").read_bytes() == CONTENT["b.gz"]


def test_a_wrong_checksum_leaves_nothing_behind(tmp_path: Path) -> None:
    other = CONTENT | {"b.gz": b"not what was asked for"}
    with serve(other) as server, pytest.raises(FileFault, match=r"b\.gz came with another checksum") as fault:
        fetch_files(Remote((server.base,), HASHES), tmp_path, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gz"]
    assert fault.value.numbers == {
        "needs SHA-256": HASHES["b.gz"],
        "came": hashlib.sha256(other["b.gz"]).hexdigest(),
    }
    assert fault.value.where == f"{server.base}b.gz"
    assert fault.value.exit_code == 3


def test_a_file_that_was_there_survives_a_wrong_checksum(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"older")
    with serve({"a.gz": b"wrong"}) as server, pytest.raises(FileFault):
        fetch_files(Remote((server.base,), HASHES), tmp_path, lambda _: None)
    assert (tmp_path / "a.gz").read_bytes() == b"older"


def test_a_missing_page_says_so(tmp_path: Path) -> None:
    with serve({}) as server, pytest.raises(Unavailable, match="404 Not Found") as fault:
        fetch_files(Remote((server.base,), HASHES), tmp_path, lambda _: None)
    assert fault.value.where == f"{server.base}a.gz"
    assert list(tmp_path.iterdir()) == []


def test_a_refused_connection_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no connection") as fault:
        fetch_files(Remote((closed_port(),), HASHES), tmp_path, lambda _: None)
    assert fault.value.exit_code == 3
    assert "--data" in str(fault.value.help)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_transfer_leaves_nothing_behind(tmp_path: Path) -> None:
    with serve(CONTENT, broken=("a.gz",)) as server, pytest.raises((Unavailable, FileFault)) as fault:
        fetch_files(Remote((server.base,), HASHES), tmp_path, lambda _: None)
    assert "a.gz" in fault.value.what
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
            fetch_files(Remote((base,), HASHES), tmp_path, lambda _: None, timeout=0.2)


def test_the_next_address_is_tried(tmp_path: Path) -> None:
    said: list[str] = []
    with serve({"a.gz": b"wrong"}) as bad, serve(CONTENT) as good:
        fetch_files(Remote((closed_port(), bad.base, good.base), HASHES), tmp_path, said.append)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENT
    assert [line for line in said if "cannot fetch a.gz" in line or "checksum" in line] == said[1:4:2]


def test_a_folder_that_cannot_be_made_is_a_file_fault(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with serve(CONTENT) as server, pytest.raises(FileFault, match=r"cannot write a\.gz") as fault:
        fetch_files(Remote((server.base,), HASHES), tmp_path / "taken" / "mnist", lambda _: None)
    assert "NEUROSPARSE_CACHE" in str(fault.value.help)


def test_a_disk_that_takes_no_more_is_a_file_fault(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serve(CONTENT) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        try:
            with pytest.raises(FileFault, match=r"cannot write a\.gz: File too large"):
                fetch_files(Remote((server.base,), HASHES), tmp_path, lambda _: None)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_fetched_data_set_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx_folder(tmp_path / "origin")
    files = {path.name: path.read_bytes() for path in (tmp_path / "origin").iterdir()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path / "cache"))
    with serve(files) as server:
        monkeypatch.setitem(PUBLISHED, "mnist", Remote((server.base,), hashes))
        assert fetch_dataset("mnist", lambda _: None) == tmp_path / "cache" / "mnist"
    assert len(MNIST.load(0.1).test) == 20


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadInput, match="'minst'") as fault:
        fetch_dataset("minst", lambda _: None)
    assert "did you mean 'mnist'" in str(fault.value.help)


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_CACHE", raising=False)
    assert cache_folder().name == "neurosparse"
    assert cache_folder().is_absolute()


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_published_is_the_four_files(name: str) -> None:
    assert set(PUBLISHED[name].files) == {f"{file}.gz" for file in FILES}
    assert all(base.endswith("/") for base in PUBLISHED[name].bases)
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in PUBLISHED[name].files.values())
    # Where the published files are here, the checksums are theirs.
    for file, sha256 in PUBLISHED[name].files.items() if DATA else ():
        path = Path(DATA) / name.replace("-", "_") / file
        assert path.is_file(), f"NEUROSPARSE_DATA={DATA} holds no {path.parent.name}/{file}"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
