"""CIFAR-10 in its published layout: every record, and what is wrong with a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.config import configure
from neurosparse.data.cifar import CIFAR10, FOLDER, TEST, TRAIN, load_folder, read_records
from neurosparse.data.library import load_dataset
from neurosparse.errors import BadInput, FileFault, NeurosparseError, Unavailable
from neurosparse.run.training import start

UNPACK = Path(os.environ.get("NEUROSPARSE_DATA", "")) / "cifar10" / "unpack.py"
REAL = ["real"] if UNPACK.is_file() else []


def write_folder(folder: Path, n: int = 20) -> dict[str, np.ndarray]:
    """Write the six files with `n` records each, and return the records."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    records = {}
    for name in (*TRAIN, TEST):
        records[name] = rng.integers(0, 256, (n, 3073), dtype=np.uint8)
        records[name][:, 0] = np.arange(n) % 10
        records[name].tofile(folder / name)
    return records


def test_every_record_is_a_label_and_three_planes(tmp_path: Path) -> None:
    records = write_folder(tmp_path)
    data = load_folder(tmp_path, 0.1)
    assert [len(split) for split in data.splits.values()] == [90, 10, 20]
    assert (data.name, data.shape, data.n_classes, data.scale) == ("cifar10", (3, 32, 32), 10, 1 / 255)
    np.testing.assert_array_equal(data.test.x, records[TEST][:, 1:])
    np.testing.assert_array_equal(data.test.y, records[TEST][:, 0])
    whole = {bytes(row) for name in TRAIN for row in records[name]}
    for split in (data.train, data.validation):
        assert {bytes([y]) + bytes(x) for x, y in zip(split.x, split.y, strict=True)} <= whole


@pytest.mark.parametrize("place", [f"cifar10/{FOLDER}", "cifar10", FOLDER])
def test_it_is_found_in_neurosparse_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    write_folder(tmp_path / "given" / place)
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path / "given"))
    assert CIFAR10.card().found == str(tmp_path / "given" / place)
    assert len(load_dataset("cifar10").test) == 20


def test_it_is_found_in_the_cache_or_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match="not on this machine") as fault:
        load_dataset("cifar10")
    assert "--data PATH" in str(fault.value)
    write_folder(tmp_path / "cifar10" / FOLDER)
    assert len(load_dataset("cifar10").test) == len(load_dataset(tmp_path / "cifar10" / FOLDER).test) == 20
    assert len(load_dataset(tmp_path / "cifar10").test) == 20


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / TRAIN[2]).unlink()
    with pytest.raises(FileFault, match=r"lacks data_batch_3\.bin"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("size", [0, 1, 3072, 3074])
def test_a_part_of_a_record_is_told(tmp_path: Path, size: int) -> None:
    (tmp_path / TEST).write_bytes(bytes(size))
    with pytest.raises(FileFault, match="whole records"):
        read_records(tmp_path / TEST)
    with pytest.raises(FileFault, match="cannot read"):
        read_records(tmp_path / "nowhere.bin")


def test_a_label_beyond_ten_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    with (tmp_path / TEST).open("r+b") as file:
        file.seek(3073 * 4)
        file.write(b"\x0b")
    with pytest.raises(BadInput, match="out of range") as fault:
        load_dataset(tmp_path)
    assert "[4] = 11" in str(fault.value)


@given(st.binary(max_size=20))
def test_any_bytes_are_records_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / TEST
    path.write_bytes(data * 512)
    try:
        x, y = read_records(path)
    except NeurosparseError as fault:
        assert TEST in str(fault)
    else:
        assert len(x) == len(y) > 0


# Sums over the published files: labels of each class, and the mean of all training pixels.
MEAN = 120.70757
# Of version 0.1, which knew no shapes: a run resumed today must find its data unchanged.
FINGERPRINT = "efb47e4b86d4ad25d0fbcee9652e43ae99d2d5cf644739c268da3a68679e5f65"


@pytest.mark.parametrize("kind", ["made", *REAL])
def test_a_network_trains_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if kind == "real":
        subprocess.run([sys.executable, UNPACK, tmp_path], check=True, timeout=300)
        data = load_folder(tmp_path / FOLDER, 0.1)
        assert [len(split) for split in data.splits.values()] == [45_000, 5_000, 10_000]
        assert (np.bincount(data.train.y) == 4_500).all()
        total = sum(int(part.x.sum(dtype=np.int64)) for part in (data.train, data.validation))
        assert total / (50_000 * 3072) == pytest.approx(MEAN, abs=1e-4)
        assert data.fingerprint == FINGERPRINT
    else:
        write_folder(tmp_path / FOLDER)
    flags = {"data": str(tmp_path / FOLDER), "layers": "50", "connectivity": "2%", "epochs": 1, "alpha": 1e-5}
    run = start(configure(flags), tmp_path / "run")
    for _ in run.events():
        pass
    accuracy = run.folder.report()["accuracy"]["test"]
    assert accuracy > 0.25 if kind == "real" else 0 <= accuracy <= 1
