"""TIMIT in the layout of the corpus: every phone a sequence, or the file that is wrong by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurosparse.data.library import load_dataset
from neurosparse.data.timit import _CLASS, PHONES, _frames_of, read_phones, read_sphere
from neurosparse.errors import BadInput, FileFault

HEADER = (
    "NIST_1A\n   1024\ndatabase_id -s5 TIMIT\nchannel_count -i 1\nsample_count -i {count}\nsample_rate -i 16000\n"
    "sample_n_bytes -i 2\nsample_byte_format -s2 {order}\nend_head\n"
)


def sphere(samples: np.ndarray, order: str = "01", count: int | None = None, extra: str = "") -> bytes:
    head = HEADER.format(count=len(samples) if count is None else count, order=order).replace("end_head", extra)
    return head.encode().ljust(1024) + samples.astype("<i2" if order == "01" else ">i2").tobytes()


def write_corpus(folder: Path, lower: bool = False) -> None:
    rng = np.random.default_rng(0)
    for part in ("TRAIN", "TEST"):
        for speaker in ("FABC0", "MDEF0"):
            for sentence in ("SA1", "SI7", "SX9"):
                place = folder / part / "DR1" / speaker / sentence
                place = Path(str(place).replace(str(folder), "").lower().lstrip("/")) if lower else place
                place = folder / place
                place.parent.mkdir(parents=True, exist_ok=True)
                samples = rng.integers(-9000, 9000, 16_000)
                ending = (".wav", ".phn") if lower else (".WAV", ".PHN")
                place.with_suffix(ending[0]).write_bytes(sphere(samples))
                lines = ["0 3000 h#", "3000 3100 q", "3100 3150 b", "3150 9000 ix", "9000 12000 ao", "12000 16100 h#"]
                place.with_suffix(ending[1]).write_text("\n".join(lines) + "\n")


def test_a_segment_without_the_middle_of_a_frame_has_the_nearest():
    middles = np.array([200.0, 360.0, 520.0])
    assert [_frames_of(middles, *segment) for segment in ((200, 361), (205, 210), (330, 350), (0, 9), (800, 900))] == [
        (0, 2), (0, 1), (1, 2), (0, 1), (2, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("lower", [False, True])
def test_phones_are_sequences(tmp_path: Path, lower: bool) -> None:
    write_corpus(tmp_path / "corpus", lower)
    data = load_dataset(tmp_path / "corpus")
    assert (data.name, data.n_classes, data.signed, data.shape[0]) == ("timit", 39, True, 39)
    # Two speakers, two sentences without SA1, five segments without the glottal stop.
    assert [len(split) for split in data.splits.values()] == [18, 2, 20]
    assert [PHONES[k] for k in data.test.y[:5]] == ["sil", "b", "ih", "aa", "sil"]
    # Middles of frames: 200 + 160 k samples. Of the 98 frames 18 lie before 3,000, none in 3,100 to 3,150.
    assert data.test.lengths[:5].tolist() == [18, 1, 36, 19, 24]


def test_the_phones_are_61_folded_to_39() -> None:
    assert len(PHONES) == len(set(PHONES)) == 39
    # 61 with the glottal stop, which is left out, and "sil", which is a name of Lee and Hon.
    assert len(_CLASS) == 61 - 1 + 1
    assert set(_CLASS.values()) == set(range(39))


@pytest.mark.parametrize("order", ["01", "10"])
def test_samples_come_back_in_either_order_of_bytes(tmp_path: Path, order: str) -> None:
    samples = np.array([1, -2, 300, -32768])
    (tmp_path / "a.WAV").write_bytes(sphere(samples, order))
    found, rate = read_sphere(tmp_path / "a.WAV")
    assert (found.tolist(), found.dtype, rate) == (samples.tolist(), np.int16, 16000)


def test_recordings_that_are_not_whole_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.WAV"
    path.write_bytes(sphere(np.arange(9), count=10))
    with pytest.raises(FileFault, match="truncated"):
        read_sphere(path)
    path.write_bytes(sphere(np.arange(9), extra="sample_coding -s26 pcm,embedded-shorten-v2.00"))
    with pytest.raises(BadInput, match="not a plain recording"):
        read_sphere(path)
    path.write_bytes(b"junk")
    with pytest.raises(FileFault, match="not a whole wav"):
        read_sphere(path)
    with pytest.raises(FileFault, match="cannot read"):
        read_sphere(tmp_path / "b.WAV")


@pytest.mark.parametrize("line", ["0 10", "10 0 aa", "a b c", "100 200 aa", "0 10 xx"])
def test_a_line_that_is_no_segment_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.PHN"
    path.write_text(f"0 5 aa\n{line}\n")
    with pytest.raises(BadInput) as fault:
        read_phones(path, 100)
    assert fault.value.where == f"{path}:2"


def test_a_corpus_that_is_not_whole_is_told(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    (tmp_path / "TEST" / "DR1" / "FABC0" / "SI7.WAV").unlink()
    with pytest.raises(FileFault, match=r"no recording for SI7\.PHN"):
        load_dataset(tmp_path)
    (tmp_path / "TEST").rename(tmp_path / "OTHER")
    with pytest.raises(FileFault, match="holds no test sentences"):
        load_dataset(tmp_path)
