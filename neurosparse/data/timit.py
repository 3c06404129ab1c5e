"""TIMIT from a user's own copy: phones as sequences of cepstra, cut where the corpus says that each starts and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.recordings import read_wav
from neurosparse.data.sequences import pad
from neurosparse.data.speech import Framing, log_mel, mfcc, standardised
from neurosparse.errors import BadInput, FileFault

PARTS = ("train", "test")
LICENCE = "LDC User Agreement: J. Garofolo et al., TIMIT, LDC93S1, 1993"

PHONES = (
    "aa", "ae", "ah", "aw", "ay", "b", "ch", "d", "dh", "dx", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh", "k",
    "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "sil", "t", "th", "uh", "uw", "v", "w", "y", "z",
)  # fmt: skip
"""The 39 classes of K.-F. Lee and H.-W. Hon, IEEE Transactions on ASSP 37(11), 1989."""

_FOLDED = {
    "aa": "ao", "ah": "ax ax-h", "er": "axr", "hh": "hv", "ih": "ix", "l": "el", "m": "em", "n": "en nx", "ng": "eng",
    "sh": "zh", "uw": "ux", "sil": "pcl tcl kcl bcl dcl gcl h# pau epi",
}  # fmt: skip
_CLASS = {phone: k for k, phone in enumerate(PHONES)} | {
    other: PHONES.index(phone) for phone, others in _FOLDED.items() for other in others.split()
}
_GLOTTAL_STOP = "q"
_FIELD = re.compile(r"^(\w+) -\w+ (.*)$", re.MULTILINE)


def is_timit(folder: Path) -> bool:
    """Say whether a folder holds the corpus: TRAIN/ and TEST/, in either case, with transcriptions below."""
    return any(next(_below(folder, part, ".phn"), None) is not None for part in PARTS)


def _below(folder: Path, part: str, ending: str) -> Iterator[Path]:
    """Give the files of a part, DIALECT/SPEAKER/SENTENCE, in any case, without the two sentences that all speak."""
    if not folder.is_dir():
        return
    for top in sorted(path for path in folder.iterdir() if path.name.lower() == part and path.is_dir()):
        for path in sorted(top.glob("*/*/*")):
            if path.suffix.lower() == ending and not path.name.lower().startswith("sa"):
                yield path


def load_folder(folder: Path, validation: float) -> Dataset:
    """Return the data set of a folder with TRAIN/ and TEST/, each segment of the transcription a sample.

    The sentences SA1 and SA2, which everybody speaks, are left out, and so are glottal stops. The 60 other phones are
    folded to 39. A segment holds the frames (25 ms every 10 ms, 39 features as in `mfcc`) whose middle lies in it, or
    the nearest one; features are standardised with all frames for training. All are padded to the longest: about
    140,000 segments to train on take 156 bytes a step each, 22 MB for every step that the longest has.

    Parameters
    ----------
    folder : Path
    validation : float
        Fraction of the training samples to hold out for validation.

    Raises
    ------
    FileFault
        A file is missing, truncated or damaged.
    BadInput
        A transcription is not one, or a recording is compressed.
    """
    loaded = [_read_part(folder, part) for part in PARTS]
    (train, trained, y), (test, tested, y_test) = loaded
    features = standardised(np.concatenate([train, test]), np.arange(len(train) + len(test)) < len(train))
    cut = [[features[low:high].T for low, high in trained]]
    cut.append([features[len(train) + low : len(train) + high].T for low, high in tested])
    steps = max(segment.shape[1] for part in cut for segment in part)
    (x, lengths), (x_test, test_lengths) = (pad(part, steps=steps, where=str(folder)) for part in cut)
    fit, held_out = split_validation(x, y, validation, lengths=lengths)
    final, shape = Split(x_test, y_test, test_lengths), (features.shape[1], steps)
    return Dataset("timit", fit, held_out, final, 1.0, len(PHONES), LICENCE, shape, signed=True)


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, list[tuple[int, int]], np.ndarray]:
    """Return the features of all frames of a part, the first frame of each segment and that after it, and labels."""
    signals, segments, rates = [], [], set()
    for path in _below(folder, part, ".phn"):
        signal, rate = read_sphere(_recording_of(path))
        signals.append(signal)
        segments.append(read_phones(path, signal.size))
        rates.add(rate)
    if len(rates) != 1:
        raise FileFault(
            f"folder {folder.name} holds no {part} sentences, or recordings of different rates",
            numbers={"sentences": str(len(signals)), "rates": ", ".join(map(str, sorted(rates))) or "none"},
            where=str(folder),
            help="name the folder above TRAIN/ and TEST/ of the corpus",
        )
    framing = Framing(rates.pop())
    offsets = np.concatenate([[0], np.cumsum([signal.size for signal in signals])])
    energies, starts = log_mel(np.concatenate(signals), offsets, framing)
    frames, labels = [], []
    for first, count, sentence in zip(starts[:-1], np.diff(starts), segments, strict=True):
        middles = np.arange(count) * framing.step + framing.width / 2
        for start, end, label in sentence:
            low, high = _frames_of(middles, start, end)
            frames.append((int(first) + low, int(first) + high))
            labels.append(label)
    return mfcc(energies, starts), frames, np.array(labels, np.int64)


def _frames_of(middles: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Return the first frame with its middle in a segment and that after the last; the nearest one where none has."""
    low, high = map(int, np.searchsorted(middles, [start, end]))
    if low == high:
        low = int(np.abs(middles - (start + end) / 2).argmin())
        high = low + 1
    return low, high


def _recording_of(transcription: Path) -> Path:
    """Return the recording beside a transcription."""
    for ending in (".WAV", ".wav", ".WAV.wav"):
        if (path := transcription.with_suffix(ending)).is_file():
            return path
    raise FileFault(f"there is no recording for {transcription.name}", where=str(transcription))


def read_phones(path: Path, samples: int) -> list[tuple[int, int, int]]:
    """Return first sample, sample after the last, and class of each segment of a transcription.

    Raises
    ------
    FileFault
        It cannot be read.
    BadInput
        A line is not START END PHONE, lies outside the recording, or names an unknown phone.
    """
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    segments = []
    for number, line in enumerate(lines, 1):
        match = re.fullmatch(r"\s*(\d+)\s+(\d+)\s+(\S+)\s*", line)
        phone = match.group(3).lower() if match else ""
        # The corpus ends some transcriptions a little after the recording.
        if not match or not int(match[1]) < int(match[2]) or int(match[1]) >= samples:
            raise BadInput(
                f"{path.name} is not a transcription of its recording",
                numbers={"line": f"{line!r}", "samples": f"{samples:,}"},
                where=f"{path}:{number}",
                help="each line is START END PHONE, counted in samples",
            )
        if phone == _GLOTTAL_STOP:
            continue
        if phone not in _CLASS:
            raise BadInput(f"{path.name} names a phone {phone!r} that TIMIT does not have", where=f"{path}:{number}")
        segments.append((int(match[1]), int(match[2]), _CLASS[phone]))
    return segments


def read_sphere(path: Path) -> tuple[np.ndarray, int]:
    """Return the int16 samples of a NIST SPHERE file and their rate; of a RIFF wav file, which some copies have, too.

    Raises
    ------
    FileFault
        It cannot be read or is truncated.
    BadInput
        It is compressed, or not of 16 bits in one channel.
    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise FileFault(f"cannot read {path.name}: {fault.strerror or fault}", where=str(path)) from fault
    if not data.startswith(b"NIST_1A"):
        return read_wav(path)
    size = int(data[8:16]) if data[8:16].strip().isdigit() else 1024
    fields = dict(_FIELD.findall(data[16:size].decode("ascii", "replace")))
    layout = [fields.get(name, "").strip() for name in ("sample_n_bytes", "channel_count", "sample_byte_format")]
    count, rate = (fields.get(name, "").strip() for name in ("sample_count", "sample_rate"))
    coding = fields.get("sample_coding", "pcm").strip()
    if layout[:2] != ["2", "1"] or layout[2] not in ("01", "10") or coding != "pcm" or not (count + rate).isdigit():
        raise BadInput(
            f"{path.name} is not a plain recording of 16 bits in one channel",
            numbers={"bytes, channels, order": ", ".join(layout), "coding": coding},
            where=str(path),
            help="unpack it with sph2pipe",
        )
    body = data[size:]
    if not count or not rate or len(body) < 2 * int(count) or not int(count) or not int(rate):
        raise FileFault(
            f"{path.name} is truncated",
            numbers={"header": f"{count or 'no'} samples", "there are": f"{len(body) // 2:,}"},
            where=str(path),
        )
    order = "<i2" if layout[2] == "01" else ">i2"
    return np.frombuffer(body, order, int(count)).astype(np.int16), int(rate)
