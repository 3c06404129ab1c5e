"""Recordings of the Free Spoken Digit Dataset: the wav files as published, or all of them packed into one npz."""

from __future__ import annotations

import re
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurosparse.data.npz import read_npz
from neurosparse.errors import BadInput, FileFault

PACKED = "fsdd.npz"
_NAME = re.compile(r"(\d)_(.+)_(\d+)\.wav")
_ARRAYS = ("samples", "offsets", "labels", "speaker", "index", "is_test", "speaker_names", "sample_rate")
_TEST_TAKES = 5
_HELP = "restore it from a copy, or name the folder recordings/ of the published data set"


@dataclass(frozen=True, eq=False)
class Recordings:
    """Spoken digits.

    Attributes
    ----------
    samples : ndarray of int16, shape (n_samples,)
        Recording after recording.
    offsets : ndarray of int64, shape (n_recordings + 1,)
        Where each starts, and the end of the last.
    labels : ndarray of int64, shape (n_recordings,)
        0 to 9.
    speakers : ndarray of str, shape (n_recordings,)
    is_test : ndarray of bool, shape (n_recordings,)
        The official split: the first five takes of each digit by each speaker are for tests.
    rate : int
        Samples a second.
    """

    samples: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    speakers: np.ndarray
    is_test: np.ndarray
    rate: int


def is_recordings(path: Path) -> bool:
    """Say whether a path leads to these recordings: the packed file, or a folder with it or with the published wavs."""
    if path.is_file():
        return path.name == PACKED
    return _wavs(path) != [] or (path / PACKED).is_file()


def read_recordings(path: Path) -> Recordings:
    """Return the recordings of a packed file, or of a folder that holds it or the published wav files.

    Raises
    ------
    FileFault
        A file is missing, truncated or damaged.
    BadInput
        The arrays do not belong together, or a wav file is not of 16 bits in one channel, at the rate of the others.
    """
    if path.is_file():
        return _read_packed(path)
    if (path / PACKED).is_file():
        return _read_packed(path / PACKED)
    return _read_wavs(path)


def _read_packed(path: Path) -> Recordings:
    """Return the recordings of the packed file."""
    found = read_npz(path, _ARRAYS, how=_HELP)
    samples, offsets, labels, speaker = (found[name] for name in _ARRAYS[:4])
    names, is_test, rate = found["speaker_names"], found["is_test"], found["sample_rate"]
    n = labels.size
    whole = (
        samples.dtype == np.int16
        and all(array.dtype.kind in "iu" for array in (offsets, labels, speaker, rate))
        and is_test.dtype == bool
        and names.dtype.kind == "U"
        and (labels.shape, speaker.shape, is_test.shape, offsets.shape) == ((n,), (n,), (n,), (n + 1,))
        and n > 0
        and int(offsets[0]) == 0
        and int(offsets[-1]) == samples.size
        and bool((np.diff(offsets.astype(np.int64)) > 0).all())
        and int(labels.max()) < 10
        and int(labels.min()) >= 0
        and int(speaker.min()) >= 0
        and int(speaker.max()) < names.size
        and rate.size == 1
        and rate.item() > 0
    )
    if not whole:
        raise BadInput(
            f"the arrays of {path.name} do not belong together",
            numbers={name: f"{found[name].dtype} {found[name].shape}" for name in _ARRAYS[:4]},
            where=str(path),
            help=_HELP,
        )
    return Recordings(
        samples, offsets.astype(np.int64), labels.astype(np.int64), names[speaker], is_test, rate.item()
    )  # fmt: skip


def _wavs(folder: Path) -> list[Path]:
    """Return the wav files with the published names, in a folder or in recordings/ below it, as the npz has them."""
    below = folder / "recordings"
    place = below if below.is_dir() else folder
    named = [(match.groups(), path) for path in place.glob("*.wav") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(named, key=lambda pair: (*pair[0][:2], int(pair[0][2])))]


def _read_wavs(folder: Path) -> Recordings:
    """Return the recordings of the wav files, which are called DIGIT_SPEAKER_TAKE.wav."""
    paths = _wavs(folder)
    if not paths:
        raise FileFault(
            f"folder {folder.resolve().name} holds neither {PACKED} nor wav files like 7_jackson_32.wav",
            where=str(folder),
            help="clone https://github.com/Jakobovski/free-spoken-digit-dataset and name the folder",
        )
    matches = [_NAME.fullmatch(path.name) for path in paths]
    parts = [match.groups() for match in matches if match]
    signals, rates = zip(*map(read_wav, paths), strict=True)
    if len(set(rates)) > 1:
        raise BadInput(
            "recordings differ in their rate",
            numbers={"lowest": f"{min(rates):,} Hz", "highest": f"{max(rates):,} Hz"},
            where=str(folder),
        )
    offsets = np.concatenate([[0], np.cumsum([signal.size for signal in signals])]).astype(np.int64)
    labels = np.array([int(digit) for digit, _, _ in parts], np.int64)
    speakers = np.array([speaker for _, speaker, _ in parts])
    is_test = np.array([int(take) < _TEST_TAKES for _, _, take in parts])
    return Recordings(np.concatenate(signals), offsets, labels, speakers, is_test, int(rates[0]))


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Return the int16 samples of a wav file and their rate.

    Raises
    ------
    FileFault
        It cannot be read, is truncated or is no wav file.
    BadInput
        It is not of 16 bits in one channel, or holds no sample.
    """
    try:
        with wave.open(str(path), "rb") as file:
            layout, rate, count = (file.getsampwidth(), file.getnchannels()), file.getframerate(), file.getnframes()
            data = file.readframes(count)
    except (wave.Error, EOFError) as fault:
        raise FileFault(f"{path.name} is not a whole wav file ({fault})", where=str(path)) from fault
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    if layout != (2, 1) or count == 0 or rate == 0:
        raise BadInput(
            f"{path.name} is not a recording of 16 bits in one channel",
            numbers={"bits": str(8 * layout[0]), "channels": str(layout[1]), "samples": f"{count:,}"},
            where=str(path),
        )
    if len(data) != 2 * count:
        raise FileFault(
            f"{path.name} is truncated",
            numbers={"header": f"{count:,} samples", "there are": f"{len(data) // 2:,}"},
            where=str(path),
        )
    return np.frombuffer(data, "<i2").astype(np.int16), rate
