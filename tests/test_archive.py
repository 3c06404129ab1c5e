import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosparse.archive import (
    read_arrays,
    read_json,
    replacing,
    replacing_folder,
    write_arrays,
    write_json,
    write_text,
)
from neurosparse.errors import FileFault

names = st.text("abcdefgh_0123", min_size=1, max_size=6).filter(lambda name: name != "header")
arrays = hnp.arrays(
    st.sampled_from([np.int64, np.float32, np.int32, np.uint8]), hnp.array_shapes(max_dims=2, min_side=0)
)


@settings(max_examples=50)
@given(st.dictionaries(names, arrays, max_size=4), st.dictionaries(names, st.integers(), max_size=3))
def test_arrays_come_back_as_they_went(tmp_path_factory, contents, header):
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    write_arrays(path, {"schema": "s/1", **header}, contents)
    told, found = read_arrays(path, "s/1")
    assert told == {"schema": "s/1", **header}
    assert set(found) == set(contents)
    for name, array in contents.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_equal_contents_are_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_arrays(tmp_path / name, {"schema": "s/1"}, {"x": np.arange(5)})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@settings(max_examples=200)
@given(st.data())
def test_any_damage_is_a_file_fault_or_harmless(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    whole = {"x": np.arange(50), "y": np.ones(3, np.float32)}
    write_arrays(path, {"schema": "s/1"}, whole)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        _, found = read_arrays(path, "s/1")
    except FileFault:
        return
    for name in found:
        np.testing.assert_array_equal(found[name], whole[name])


def test_a_header_that_python_cannot_read_is_damage(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3".ljust(117) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(24)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("header.npy", member)
    with pytest.raises(FileFault, match="truncated or damaged"):
        read_arrays(tmp_path / "a.npz", "s/1")


def test_objects_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", header=np.array([{"schema": "s/1"}], dtype=object))
    with pytest.raises(FileFault, match="truncated or damaged"):
        read_arrays(tmp_path / "a.npz", "s/1")


def test_another_schema_is_refused(tmp_path):
    write_arrays(tmp_path / "a.npz", {"schema": "s/2"}, {})
    with pytest.raises(FileFault, match="holds 's/2', not 's/1'"):
        read_arrays(tmp_path / "a.npz", "s/1")


def test_a_block_that_fails_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "a", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a") as file:
        file.write(b"half of the new")
        raise ZeroDivisionError
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    with replacing_folder(tmp_path / "f", True) as new:
        write_text(new / "a", "old")
    with pytest.raises(ZeroDivisionError), replacing_folder(tmp_path / "f", True) as new:
        write_text(new / "a", "new")
        raise ZeroDivisionError
    assert (tmp_path / "f" / "a").read_text() == "old"
    with replacing_folder(tmp_path / "f", True) as new:
        write_text(new / "b", "new")
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_json_that_is_none_is_told(tmp_path):
    write_json(tmp_path / "a.json", {"x": [1, 2.5, None]})
    assert read_json(tmp_path / "a.json") == {"x": [1, 2.5, None]}
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(FileFault, match=r"a\.json is not JSON"):
        read_json(tmp_path / "a.json")
    with pytest.raises(FileFault, match="cannot read"):
        read_json(tmp_path / "b.json")
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "c.json", float("nan"))
    assert not (tmp_path / "c.json").exists()
