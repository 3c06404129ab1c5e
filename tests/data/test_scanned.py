"""Images as sequences: step t is row t, or pixel t, of the same image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from idx_files import write_idx_folder

from neurosparse.data.dataset import Dataset
from neurosparse.data.library import dataset_cards, load_dataset
from neurosparse.data.scanned import by_rows
from neurosparse.errors import Unavailable


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
def test_a_step_is_a_row(height: int, width: int, count: int) -> None:
    images = np.arange(count * height * width).reshape(count, height, width)
    found = by_rows(images.reshape(count, -1), height).reshape(count, width, height)
    for t in range(height):
        np.testing.assert_array_equal(found[:, :, t], images[:, t])


def images_of(data: Dataset) -> np.ndarray:
    return data.test.x.reshape(-1, *data.shape)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_they_are_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    write_idx_folder(tmp_path / name)
    images, rows = load_dataset(name), load_dataset(f"{name}-rows")
    # The made images are 4 high and 3 wide.
    assert (images.shape, rows.shape, rows.name) == ((1, 4, 3), (3, 4), f"{name}-rows")
    np.testing.assert_array_equal(images_of(rows).transpose(0, 2, 1), images_of(images)[:, 0])
    assert (rows.licence, rows.scale, rows.train.x.dtype) == (images.licence, 1 / 255, np.uint8)
    for part, split in rows.splits.items():
        np.testing.assert_array_equal(split.y, images.splits[part].y)
        assert split.lengths is None
    if name == "mnist":
        pixels = load_dataset("mnist-pixels")
        assert pixels.shape == (1, 12)
        np.testing.assert_array_equal(pixels.test.x, images.test.x)
        assert len({data.fingerprint for data in (images, rows, pixels)}) == 3


def test_they_are_fetched_by_the_name_of_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    cards = {card.name: card for card in dataset_cards()}
    card = cards["fashion-mnist-rows"]
    assert (card.shape, card.published, card.found) == ((28, 28), "fashion-mnist", None)
    assert cards["mnist-pixels"].shape == (1, 784)
    with pytest.raises(Unavailable, match="not on this machine") as fault:
        load_dataset("mnist-pixels")
    assert "neurosparse data fetch mnist`" in str(fault.value)
