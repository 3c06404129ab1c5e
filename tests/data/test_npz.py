"""An npz from outside is read whole, or refused with what is wrong: any byte may be damaged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosparse.data.npz import read_npz
from neurosparse.errors import BadInput, FileFault

X, Y = np.random.default_rng(0).random((6, 3)), np.arange(6)


def npz_bytes(compressed: bool, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


GOOD = {compressed: npz_bytes(compressed, x=X, y=Y) for compressed in (False, True)}


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_come_back(tmp_path: Path, compressed: bool) -> None:
    (tmp_path / "a.npz").write_bytes(GOOD[compressed])
    arrays = read_npz(tmp_path / "a.npz", ("x",), optional=("y", "z"))
    assert list(arrays) == ["x", "y"]
    np.testing.assert_array_equal(arrays["x"], X)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.booleans(), st.data())
def test_a_changed_byte_changes_nothing_or_is_a_fault(tmp_path: Path, compressed: bool, data: st.DataObject) -> None:
    good = bytearray(GOOD[compressed])
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.npz"
    path.write_bytes(good)
    try:
        arrays = read_npz(path, ("x", "y"))
    except FileFault:
        return
    except BadInput:
        return  # The name of a member was hit: it is another array then.
    np.testing.assert_array_equal(arrays["x"], X)
    np.testing.assert_array_equal(arrays["y"], Y)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.booleans(), st.floats(0, 0.999))
def test_a_truncated_file_is_a_fault(tmp_path: Path, compressed: bool, part: float) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(GOOD[compressed][: int(part * len(GOOD[compressed]))])
    with pytest.raises(FileFault, match="truncated or damaged") as fault:
        read_npz(path, ("x", "y"))
    assert fault.value.where == str(path)
    assert fault.value.exit_code == 3


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_other_bytes_are_a_fault(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(junk)
    with pytest.raises(FileFault):
        read_npz(tmp_path / "a.npz", ("x",))


def test_an_npy_is_no_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(FileFault, match="not an npz"):
        read_npz(tmp_path / "a.npy", ("x",))


def test_a_missing_file_and_a_folder_are_faults(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="there is no file"):
        read_npz(tmp_path / "a.npz", ("x",))
    with pytest.raises(FileFault, match="cannot read"):
        read_npz(tmp_path, ("x",))


def test_a_missing_array_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(npz_bytes(True, x_train=X, y=Y))
    with pytest.raises(BadInput, match="no array called 'x'") as fault:
        read_npz(tmp_path / "a.npz", ("x", "y"))
    assert fault.value.numbers == {"there is": "x_train, y"}


def test_a_misspelt_array_is_not_ignored_and_a_foreign_one_is(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, x=np.zeros(3), y=np.zeros(3), names=np.zeros(3))
    assert sorted(read_npz(path, ("x", "y"), ("lengths",))) == ["x", "y"]
    np.savez(path, x=np.zeros(3), y=np.zeros(3), length=np.zeros(3))
    with pytest.raises(BadInput, match="called 'length'") as fault:
        read_npz(path, ("x", "y"), ("lengths",))
    assert "did you mean 'lengths'" in fault.value.help
    np.savez(path, x=np.zeros(3), y=np.zeros(3), length=np.zeros(3), lengths=np.zeros(3))
    assert sorted(read_npz(path, ("x", "y"), ("lengths",))) == ["lengths", "x", "y"]


def test_objects_are_refused_unread(tmp_path: Path) -> None:
    ragged = np.array([[1], [1, 2]], dtype=object)
    (tmp_path / "a.npz").write_bytes(npz_bytes(False, x=ragged, y=Y))
    with pytest.raises(BadInput, match="Python objects") as fault:
        read_npz(tmp_path / "a.npz", ("x", "y"))
    assert "'x'" in fault.value.what
