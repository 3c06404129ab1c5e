"""One door for names and paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from idx_files import write_idx_folder

from neurosparse.data.library import dataset_cards, dataset_names, load_dataset
from neurosparse.errors import BadInput, FileFault, Unavailable


def test_names_and_cards_go_together() -> None:
    assert {"cifar10", "digits", "fashion-mnist", "fashion-mnist-rows", "mnist"} <= set(dataset_names())
    assert [card.name for card in dataset_cards()] == dataset_names()


def test_a_name_loads() -> None:
    dataset = load_dataset("digits", validation=0.2)
    assert (dataset.name, len(dataset.validation)) == ("digits", 288)


def test_a_folder_loads_by_its_path(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "letters")
    assert load_dataset(str(tmp_path / "letters")).name == "letters"


def test_a_name_goes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx_folder(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)
    assert load_dataset("digits").n_features == 64
    folder = load_dataset("./digits")
    assert (folder.name, folder.n_features) == ("digits", 12)


def test_an_npz_loads_by_its_path(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((40, 6))
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(40) % 4)
    dataset = load_dataset(tmp_path / "mine.npz")
    assert (dataset.name, dataset.n_features, dataset.n_classes) == ("mine", 6, 4)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="no data set called 'fashion_mnist'") as fault:
        load_dataset("fashion_mnist")
    assert "did you mean 'fashion-mnist'" in str(fault.value.help)


@pytest.mark.parametrize("path", ["mine.npz", "folder/mnist", "/nowhere/at/all"])
def test_a_path_to_nothing_is_a_file_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileFault) as fault:
        load_dataset(path)
    assert fault.value.where == path


def test_a_known_name_without_data_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match="not on this machine"):
        load_dataset("mnist")


@pytest.mark.parametrize("validation", [0.0, 1.0, -1.0])
def test_a_validation_fraction_out_of_range_is_refused(validation: float) -> None:
    with pytest.raises(BadInput, match="fraction"):
        load_dataset("digits", validation=validation)
