"""Events from files that a user has: every one is counted, in its channel and step, or the file is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosparse.data import nmnist, shd
from neurosparse.data.events import bin_events
from neurosparse.data.library import load_dataset
from neurosparse.errors import BadInput, FileFault, NeurosparseError, Unavailable

events = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 4)), max_size=60)


@given(events, st.sampled_from([1.0, 10.0, 33.0]))
def test_every_event_is_counted_once(pairs: list[tuple[int, int]], width: float) -> None:
    times, channels = (np.array([pair[k] for pair in pairs], np.int64) for k in (0, 1))
    counts = bin_events(times, channels, 5, width, "made")
    assert counts.dtype == np.uint8
    assert counts.sum() == len(pairs)
    for channel in range(5):
        for step in range(counts.shape[1]):
            expected = sum(c == channel and step * width <= t < (step + 1) * width for t, c in pairs)
            assert counts[channel, step] == expected
    assert counts.shape[1] == (int(max(times) // width) + 1 if pairs else 1)


@pytest.mark.parametrize(
    ("times", "channels", "said"),
    [
        ([-1.0], [0], "out of range"),
        ([np.nan], [0], "out of range"),
        ([np.inf], [0], "out of range"),
        ([1.0], [5], "out of range"),
        ([1.0], [-1], "out of range"),
        ([1.0, 2.0], [0], "pair off"),
        ([1e9], [0], "too many steps"),
        ([0.0] * 256, [0] * 256, "more events than a byte"),
    ],
)
def test_events_that_cannot_be_counted_are_refused(times: list, channels: list, said: str) -> None:
    with pytest.raises(BadInput, match=said) as fault:
        bin_events(np.array(times), np.array(channels), 5, 1.0, "made")
    assert fault.value.where == "made"


def write_shd(path: Path, samples: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(seed)
    spikes = [
        (rng.uniform(0, 0.3, n).astype(np.float16), rng.integers(0, 700, n)) for n in rng.integers(1, 90, samples)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, kind, k in (("times", np.float16, 0), ("units", np.uint16, 1)):
            made = file.create_dataset(f"spikes/{name}", (samples,), h5py.vlen_dtype(kind))
            for row, pair in enumerate(spikes):
                made[row] = pair[k].astype(kind)
        file["labels"] = (np.arange(samples) % 20).astype(np.uint16)
    return spikes


def test_heidelberg_digits_load(tmp_path: Path) -> None:
    made = [write_shd(tmp_path / "shd" / name, 40, seed) for seed, name in enumerate(shd.FILES)]
    data = load_dataset(tmp_path / "shd")
    assert (data.name, data.n_classes, data.shape[0], data.signed) == ("shd", 20, 140, False)
    assert [len(split) for split in data.splits.values()] == [36, 4, 40]
    assert data.train.x.dtype == np.uint8
    assert data.train.x.max() * data.scale == pytest.approx(1)
    counts = data.test.x.reshape(40, *data.shape)
    for row, length, (times, units) in zip(counts, data.test.lengths, made[1], strict=True):
        expected = np.zeros(data.shape, np.int64)
        np.add.at(expected, (units // 5, (times.astype(np.float64) / 0.01).astype(int)), 1)
        np.testing.assert_array_equal(row, np.minimum(expected, round(1 / data.scale)))
        assert length == int(float(times.max()) / 0.01) + 1
    fine = shd.load_folder(tmp_path / "shd", 0.1, width=0.02, pool=1)
    assert fine.shape == (700, -(-data.shape[1] // 2))


def test_heidelberg_files_that_are_not_whole_are_told(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    write_shd(tmp_path / shd.FILES[0], 40, 0)
    with pytest.raises(FileFault, match=r"lacks shd_test\.h5"):
        load_dataset(tmp_path)
    test = tmp_path / shd.FILES[1]
    test.write_bytes((tmp_path / shd.FILES[0]).read_bytes()[:-500])
    with pytest.raises(FileFault, match="truncated or damaged"):
        load_dataset(tmp_path)
    with h5py.File(test, "w") as file:
        file["labels"] = np.arange(3)
    with pytest.raises(BadInput, match="not laid out"):
        load_dataset(tmp_path)
    write_shd(test, 40, 0)
    with h5py.File(test, "r+") as file:
        file["labels"][3] = 20
    with pytest.raises(BadInput, match="out of range"):
        load_dataset(tmp_path)
    for bad in ({"pool": 3}, {"width": 0.0}):
        with pytest.raises(BadInput, match="cannot be counted"):
            shd.load_folder(tmp_path, 0.1, **bad)


def test_without_h5py_its_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in shd.FILES:
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(Unavailable, match="h5py") as fault:
        load_dataset(tmp_path)
    assert "pip install h5py" in str(fault.value)


def event_bytes(x: int, y: int, on: int, time: int) -> bytes:
    return ((x << 32) | (y << 24) | (on << 23) | time).to_bytes(5, "big")


seen = st.lists(
    st.tuples(st.integers(0, 33), st.integers(0, 33), st.integers(0, 1), st.integers(0, 2**23 - 1)), max_size=30
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen)
def test_every_event_of_the_camera_comes_back(tmp_path: Path, made: list[tuple[int, int, int, int]]) -> None:
    path = tmp_path / "0.bin"
    path.write_bytes(b"".join(event_bytes(*event) for event in made))
    assert list(zip(*(array.tolist() for array in nmnist.read_events(path)), strict=True)) == made


def test_a_turn_of_the_clock_adds_to_all_times_after_it(tmp_path: Path) -> None:
    path = tmp_path / "0.bin"
    path.write_bytes(event_bytes(1, 2, 0, 8000) + event_bytes(0, 240, 0, 0) + event_bytes(3, 4, 1, 5))
    x, y, on, time = nmnist.read_events(path)
    assert (x.tolist(), y.tolist(), on.tolist(), time.tolist()) == ([1, 3], [2, 4], [0, 1], [8000, 8197])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40))
def test_any_bytes_are_events_or_a_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "00001.bin"
    path.write_bytes(data)
    try:
        x, y, _, _ = nmnist.read_events(path)
    except NeurosparseError as fault:
        assert path.name in str(fault)
    else:
        assert np.all((x < 34) & (y < 34))


def write_nmnist(folder: Path, samples: int) -> None:
    rng = np.random.default_rng(0)
    for part in nmnist.PARTS:
        for digit in range(10):
            (folder / part / str(digit)).mkdir(parents=True)
            for k in range(samples):
                made = [(*rng.integers(0, 34, 2), rng.integers(2), rng.integers(60_000)) for _ in range(50)]
                data = b"".join(event_bytes(*map(int, event)) for event in made)
                (folder / part / str(digit) / f"{k:05}.bin").write_bytes(data)


def test_n_mnist_loads(tmp_path: Path) -> None:
    write_nmnist(tmp_path / "N", 3)
    data = load_dataset(tmp_path / "N")
    assert (data.name, data.n_classes, data.shape) == ("n-mnist", 10, (578, 6))
    assert [len(split) for split in data.splits.values()] == [27, 3, 30]
    assert data.test.y.tolist() == [digit for digit in range(10) for _ in range(3)]
    x, y, on, time = nmnist.read_events(tmp_path / "N" / "Test" / "4" / "00001.bin")
    expected = np.zeros((2, 17, 17, 6), np.int64)
    np.add.at(expected, (on, y // 2, x // 2, time // 10_000), 1)
    found = data.test.x[13].reshape(expected.shape)
    np.testing.assert_array_equal(found, np.minimum(expected, round(1 / data.scale)))
    assert nmnist.load_folder(tmp_path / "N", 0.1, pool=1, width=20_000).shape == (2312, 3)


def test_an_n_mnist_folder_that_is_not_whole_is_told(tmp_path: Path) -> None:
    write_nmnist(tmp_path, 2)
    broken = tmp_path / "Test" / "9" / "00001.bin"
    broken.write_bytes(bytes(7))
    with pytest.raises(FileFault, match="ends inside an event"):
        load_dataset(tmp_path)
    broken.write_bytes(event_bytes(40, 2, 0, 1))
    with pytest.raises(BadInput, match="column 40, row 2"):
        load_dataset(tmp_path)
    for path in (tmp_path / "Test" / "3").iterdir():
        path.unlink()
    with pytest.raises(FileFault, match="Test/3 holds no"):
        load_dataset(tmp_path)
    with pytest.raises(BadInput, match="cannot be counted"):
        nmnist.load_folder(tmp_path, 0.1, pool=3)
