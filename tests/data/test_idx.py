"""IDX files, whole and broken in every way, and where a named data set is looked for."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from idx_files import NAMES, idx_bytes, write_idx_folder

from neurosparse.data.idx import FASHION_MNIST, MNIST, load_folder, read_idx
from neurosparse.errors import BadInput, FileFault, Unavailable

# The published files where NEUROSPARSE_DATA says that they are; else small ones alone, which are always tested.
REAL = ["mnist", "fashion-mnist"] if os.environ.get("NEUROSPARSE_DATA") else []
ARRAY = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
same_path = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@same_path
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)), st.booleans())
def test_an_array_comes_back(tmp_path: Path, array: np.ndarray, gzipped: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if gzipped else idx_bytes(array))
    found = read_idx(path, array.ndim)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


@same_path
@given(st.binary(max_size=60), st.sampled_from([1, 3]), st.booleans(), st.booleans())
def test_any_bytes_are_an_array_or_a_fault(tmp_path: Path, tail: bytes, dims: int, start: bool, gzipped: bool) -> None:
    raw = bytes((0, 0, 8, dims)) + tail if start else tail
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(raw) if gzipped else raw)
    try:
        found = read_idx(path, dims)
    except FileFault:
        return
    assert idx_bytes(found) == raw


@same_path
@given(st.data())
def test_a_changed_byte_in_a_gzip_changes_nothing_or_is_a_fault(tmp_path: Path, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(idx_bytes(ARRAY), mtime=0))
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "file.gz"
    path.write_bytes(packed)
    try:
        found = read_idx(path, 3)
    except FileFault:
        return
    np.testing.assert_array_equal(found, ARRAY)


@pytest.mark.parametrize("gzipped", [False, True])
def test_every_truncation_is_a_fault(tmp_path: Path, gzipped: bool) -> None:
    whole = gzip.compress(idx_bytes(ARRAY), mtime=0) if gzipped else idx_bytes(ARRAY)
    path = tmp_path / "file"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FileFault):
            read_idx(path, 3)


HUGE = bytes((0, 0, 8, 3)) + b"\xff" * 12


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "magic number none   must be 00000803"),
        (idx_bytes(ARRAY[0, 0]), "magic number 00000801   must be 00000803"),
        (b"\0\0\x0d\x03" + idx_bytes(ARRAY)[4:], "magic number 00000d03"),
        (idx_bytes(ARRAY)[:14], "needs 16 bytes   there is 14 bytes"),
        (idx_bytes(ARRAY)[:-1], "header 5 x 4 x 3 = 60 bytes   there is 59 bytes"),
        (idx_bytes(ARRAY) + b"\0", "longer than its header says"),
        (HUGE + b"abc", "4294967295 x 4294967295 x 4294967295"),
        (gzip.compress(idx_bytes(ARRAY), mtime=0)[:-8] + b"\0" * 8, "gzip is corrupt"),
        (gzip.compress(idx_bytes(ARRAY), mtime=0)[:-9], "gzip is corrupt"),
        (gzip.compress(idx_bytes(ARRAY), mtime=0) + b"junk", "gzip is corrupt"),
    ],
)
def test_what_is_wrong_is_said_with_the_numbers(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(data)
    with pytest.raises(FileFault) as fault:
        read_idx(path, 3)
    assert said in str(fault.value)
    assert "train-images" in fault.value.what
    assert (fault.value.where, fault.value.exit_code) == (str(path), 3)


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot read"):
        read_idx(tmp_path, 3)


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_folder_is_a_data_set(tmp_path: Path, gzipped: bool) -> None:
    x, y, x_test, y_test = write_idx_folder(tmp_path / "mine", gzipped=gzipped)
    dataset = load_folder(tmp_path / "mine", 0.25)
    assert (dataset.name, dataset.scale, dataset.n_classes, dataset.shape) == ("mine", 1 / 255, 10, (1, 4, 3))
    assert [len(split) for split in dataset.splits.values()] == [30, 10, 20]
    np.testing.assert_array_equal(dataset.test.x, x_test.reshape(20, 12))
    np.testing.assert_array_equal(dataset.test.y, y_test)
    rows = {(row.tobytes(), int(label)) for row, label in zip(x.reshape(40, 12), y, strict=True)}
    held = [dataset.train, dataset.validation]
    assert rows == {(r.tobytes(), int(label)) for part in held for r, label in zip(part.x, part.y, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named_with_the_folder(tmp_path: Path, name: str) -> None:
    write_idx_folder(tmp_path)
    (tmp_path / f"{name}.gz").unlink()
    with pytest.raises(FileFault) as fault:
        load_folder(tmp_path, 0.1)
    assert fault.value.what.endswith(f"lacks {name}.gz")
    assert fault.value.where == str(tmp_path)


def test_counts_that_differ_are_both_shown(tmp_path: Path) -> None:
    write_idx_folder(tmp_path)
    (tmp_path / f"{NAMES[1]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(39, np.uint8))))
    with pytest.raises(BadInput) as fault:
        load_folder(tmp_path, 0.1)
    assert list(fault.value.numbers.values()) == ["40", "39"]


@pytest.mark.parametrize("which", [1, 3])
def test_a_label_out_of_range_is_named(tmp_path: Path, which: int) -> None:
    arrays = write_idx_folder(tmp_path)
    labels = arrays[which].copy()
    labels[5] = 10
    (tmp_path / f"{NAMES[which]}.gz").write_bytes(gzip.compress(idx_bytes(labels)))
    with pytest.raises(BadInput) as fault:
        load_folder(tmp_path, 0.1, n_classes=10)
    assert fault.value.numbers["first"] == f"{NAMES[which]}.gz[5] = 10"


def test_no_images_are_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path)
    (tmp_path / f"{NAMES[2]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros((0, 4, 3), np.uint8))))
    with pytest.raises(BadInput, match="not a table"):
        load_folder(tmp_path, 0.1)


@pytest.mark.parametrize("spelling", ["fashion_mnist", "fashion-mnist"])
def test_a_name_is_found_in_neurosparse_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    write_idx_folder(tmp_path / "given" / spelling)
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path / "given"))
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path / "cache"))
    assert FASHION_MNIST.card().found == str(tmp_path / "given" / spelling)
    dataset = FASHION_MNIST.load(0.1)
    assert (dataset.name, dataset.n_classes, len(dataset.test)) == ("fashion-mnist", 10, 20)
    assert "MIT" in dataset.licence


def test_a_name_is_found_in_the_cache_when_all_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    write_idx_folder(tmp_path / "mnist")
    assert len(MNIST.load(0.1).test) == 20
    (tmp_path / "mnist" / f"{NAMES[3]}.gz").unlink()
    assert MNIST.card().found is None
    with pytest.raises(Unavailable):
        MNIST.load(0.1)


def test_neurosparse_data_goes_before_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx_folder(tmp_path / "cache" / "mnist")
    write_idx_folder(tmp_path / "given" / "mnist", n_test=10)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path / "given"))
    assert len(MNIST.load(0.1).test) == 10
    shutil.rmtree(tmp_path / "given")
    assert len(MNIST.load(0.1).test) == 20


@pytest.mark.parametrize("given", [False, True])
def test_data_that_is_nowhere_says_all_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    root = str(tmp_path / "nowhere") if given else None
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    if root:
        monkeypatch.setenv("NEUROSPARSE_DATA", root)
    with pytest.raises(Unavailable) as fault:
        MNIST.load(0.1)
    text = str(fault.value)
    for needed in ("NEUROSPARSE_DATA", "--data PATH", "neurosparse data fetch mnist", str(tmp_path), root or "not set"):
        assert needed in text
    assert fault.value.exit_code == 3


# Sums of the training labels' counts and of all training pixels, computed from the published files.
FACTS = {
    "mnist": ([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], 33.318421),
    "fashion-mnist": ([6000] * 10, 72.940352),
}


# Of version 0.1, which knew no shapes: a run resumed today must find its data unchanged.
FINGERPRINTS = {
    "mnist": "77b2c9aa7541a9f0f6d99a4b0dbb18cd141ad8c7144ee5c74707d1bb53808bb0",
    "fashion-mnist": "470c1b6363c940967ac094a98b476efc868d9dd7c0475517143380465b791f29",
}


@pytest.mark.parametrize("name", ["made", *REAL])
def test_the_named_data_sets_are_as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == "made":
        monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
        x, y, *_ = write_idx_folder(tmp_path / "mnist")
        source, sizes, facts = MNIST, [36, 4, 20], (np.bincount(y).tolist(), x.mean())
    else:
        source, sizes, facts = (
            {"mnist": MNIST, "fashion-mnist": FASHION_MNIST}[name],
            [54_000, 6_000, 10_000],
            FACTS[name],
        )
    dataset = source.load(0.1)
    assert [len(split) for split in dataset.splits.values()] == sizes
    assert (dataset.n_classes, dataset.scale) == (10, 1 / 255)
    if name != "made":
        assert (dataset.shape, dataset.fingerprint) == ((1, 28, 28), FINGERPRINTS[name])
    counts = np.bincount(dataset.train.y) + np.bincount(dataset.validation.y, minlength=10)
    assert counts.tolist() == facts[0]
    total = sum(int(part.x.sum(dtype=np.int64)) for part in (dataset.train, dataset.validation))
    assert total / (dataset.n_features * counts.sum()) == pytest.approx(facts[1], abs=1e-6)
