"""Spoken digits: packed or as wav files, the official split, and a speaker nobody trained on."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from neurosparse.data.dataset import Dataset
from neurosparse.data.fsdd import FSDD, FSDD_SPEAKER, FSDD_SPIKES, HELD_OUT
from neurosparse.data.library import load_dataset
from neurosparse.data.recordings import PACKED, read_recordings, read_wav
from neurosparse.errors import BadInput, FileFault, Unavailable

FOLDER = Path(os.environ.get("NEUROSPARSE_DATA", "")) / "fsdd"
REAL = pytest.mark.skipif(not (FOLDER / PACKED).is_file(), reason="the recordings are not in NEUROSPARSE_DATA")
SPEAKERS = ("george", HELD_OUT)
TAKES = 7


def make_arrays() -> dict[str, np.ndarray]:
    """Return ten digits by two speakers, seven takes each, from 300 to 1,100 samples."""
    rng = np.random.default_rng(1)
    keys = [(digit, speaker, take) for digit in range(10) for speaker in range(2) for take in range(TAKES)]
    sizes = rng.integers(300, 1100, len(keys))
    tone = [
        np.sin((digit + 1) * np.arange(size) / 8) * 8000 + rng.normal(0, 500, size)
        for (digit, _, _), size in zip(keys, sizes, strict=True)
    ]
    digits, speakers, takes = np.array(keys).T
    return {
        "samples": np.concatenate(tone).astype(np.int16),
        "offsets": np.concatenate([[0], np.cumsum(sizes)]),
        "labels": digits.astype(np.uint8),
        "speaker": speakers.astype(np.uint8),
        "index": takes.astype(np.uint8),
        "is_test": takes < 5,
        "speaker_names": np.array(SPEAKERS),
        "sample_rate": np.array(8000, np.int32),
    }


def write_wavs(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True)
    for k, (low, high) in enumerate(zip(arrays["offsets"][:-1], arrays["offsets"][1:], strict=True)):
        speaker = arrays["speaker_names"][arrays["speaker"][k]]
        with wave.open(str(folder / f"{arrays['labels'][k]}_{speaker}_{arrays['index'][k]}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(arrays["samples"][low:high].astype("<i2").tobytes())


def check_padding(data: Dataset) -> None:
    for split in data.splits.values():
        assert split.lengths is not None
        x = split.x.reshape(len(split), *data.shape)
        for row, length in zip(x, split.lengths, strict=True):
            assert not row[:, length:].any()


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    np.savez(tmp_path / PACKED, **make_arrays())
    return tmp_path


def test_packed_recordings_load_by_folder_and_by_file(packed: Path) -> None:
    data = load_dataset(packed)
    assert data.fingerprint == load_dataset(packed / PACKED).fingerprint
    assert (data.name, data.n_classes, data.signed, data.shape[0]) == ("fsdd", 10, True, 39)
    assert [len(split) for split in data.splits.values()] == [36, 4, 100]
    assert "CC BY-SA 4.0" in data.licence
    check_padding(data)
    longest = max(split.lengths.max() for split in data.splits.values())
    assert longest == data.shape[1] == 1 + (np.diff(make_arrays()["offsets"]).max() - 200) // 80


def test_wav_files_are_the_same_data(tmp_path: Path, packed: Path) -> None:
    write_wavs(tmp_path / "clone" / "recordings", make_arrays())
    assert load_dataset(tmp_path / "clone").fingerprint == load_dataset(packed).fingerprint
    assert load_dataset(tmp_path / "clone" / "recordings").fingerprint == load_dataset(packed).fingerprint


def test_training_and_validation_frames_alone_set_the_scale(packed: Path) -> None:
    data = load_dataset(packed)
    frames = []
    for split in (data.train, data.validation):
        x = split.x.reshape(len(split), *data.shape)
        frames += [row[:, :length] for row, length in zip(x, split.lengths, strict=True)]
    together = np.concatenate(frames, axis=1)
    np.testing.assert_allclose(together.mean(axis=1), 0, atol=2e-3)
    np.testing.assert_allclose(together.std(axis=1), 1, atol=2e-3)


def test_names_differ_in_split_and_features(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (packed / "fsdd").mkdir()
    (packed / PACKED).rename(packed / "fsdd" / PACKED)
    monkeypatch.setenv("NEUROSPARSE_DATA", str(packed))
    by_speaker, spikes = load_dataset("fsdd-speaker"), load_dataset("fsdd-spikes")
    assert [len(split) for split in by_speaker.splits.values()] == [63, 7, 70]
    assert (spikes.train.x.dtype, spikes.signed, spikes.shape[0]) == (np.uint8, False, 52)
    assert set(np.unique(spikes.train.x)) == {0, 1}
    check_padding(spikes)
    assert FSDD.card().found == str(packed / "fsdd")
    spoken = read_recordings(packed / "fsdd")
    assert set(spoken.speakers[FSDD_SPEAKER.test_of(spoken, "made")]) == {HELD_OUT}


def test_data_that_is_nowhere_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("NEUROSPARSE_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match="'fsdd-spikes' is not on this machine") as fault:
        load_dataset("fsdd-spikes")
    assert "free-spoken-digit-dataset" in str(fault.value)
    assert "--data PATH" not in str(fault.value)  # a folder is that of `fsdd`
    with pytest.raises(Unavailable, match="--data PATH"):
        load_dataset("fsdd")
    assert FSDD_SPIKES.card().found is None


def test_arrays_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    arrays = make_arrays()
    changes = {
        "samples": arrays["samples"][:-1],
        "offsets": arrays["offsets"][::-1],
        "labels": arrays["labels"] + 1,
        "speaker": arrays["speaker"] + 1,
        "is_test": arrays["is_test"][1:],
        "sample_rate": np.array(0),
    }
    for name, change in changes.items():
        np.savez(tmp_path / PACKED, **(arrays | {name: change}))
        with pytest.raises(BadInput, match="do not belong together"):
            load_dataset(tmp_path)
    del arrays["speaker"]
    np.savez(tmp_path / PACKED, **arrays)
    with pytest.raises(BadInput, match="no array called 'speaker'"):
        load_dataset(tmp_path)


def test_tests_need_somebody_to_test_with(tmp_path: Path) -> None:
    np.savez(tmp_path / PACKED, **(make_arrays() | {"is_test": np.zeros(140, bool)}))
    with pytest.raises(BadInput, match="to test with"):
        load_dataset(tmp_path)


def test_a_wav_file_that_is_none_or_another_is_told(tmp_path: Path) -> None:
    path = tmp_path / "1_george_0.wav"
    write_wavs(tmp_path / "good", make_arrays())
    good = (tmp_path / "good" / path.name).read_bytes()
    for broken, said in ((b"", "not a whole wav"), (b"RIFF" + good[3:20], "not a whole wav"), (good[:-9], "truncated")):
        path.write_bytes(broken)
        with pytest.raises(FileFault, match=said):
            read_wav(path)
    with pytest.raises(FileFault, match="cannot read"):
        read_wav(tmp_path / "nowhere.wav")
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(8))
    with pytest.raises(BadInput, match="16 bits in one channel"):
        read_wav(path)


@REAL
def test_the_recordings_are_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = read_recordings(FOLDER)
    assert (len(spoken.labels), spoken.rate, int(spoken.is_test.sum())) == (3000, 8000, 300)
    assert sorted(set(spoken.speakers))[-1] == HELD_OUT
    assert np.diff(spoken.offsets).max() == 18262
    for source, sizes in ((FSDD, [2430, 270, 300]), (FSDD_SPEAKER, [2250, 250, 500]), (FSDD_SPIKES, [2430, 270, 300])):
        data, card = source.load(0.1), source.card()
        assert [len(split) for split in data.splits.values()] == sizes
        assert (card.shape, card.features, card.name) == (data.shape, data.n_features, data.name)


@REAL
def test_spike_counts_in_eight_parts_of_a_word_tell_the_digits() -> None:
    """A ridge regression on counts, which knows no time within a part, is right about nine in ten."""
    data = FSDD_SPIKES.load(0.1)

    def counts(part: str) -> np.ndarray:
        split = data.splits[part]
        x = split.x.reshape(len(split), *data.shape)
        rows = [
            [row[:, piece].sum(axis=1) for piece in np.array_split(np.arange(length), 8)]
            for row, length in zip(x, split.lengths, strict=True)
        ]
        return np.array(rows, np.float64).reshape(len(split), -1)

    train, test = counts("train"), counts("test")
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-9
    train, test = (np.c_[(part - mean) / deviation, np.ones(len(part))] for part in (train, test))
    gram = train.T @ train + 100 * np.eye(train.shape[1])
    weights = np.linalg.solve(gram, train.T @ np.eye(10)[data.train.y])
    assert ((test @ weights).argmax(axis=1) == data.test.y).mean() > 0.85
