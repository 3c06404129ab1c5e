"""Features of speech against their definitions, a frame at a time."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.data.speech import FLOOR, Framing, deltas, log_mel, mel_filters, mfcc, standardised

SMALL = Framing(800, window=25.0, hop=10.0, bands=4)


def plain_log_mel(recording: np.ndarray, framing: Framing) -> list[list[float]]:
    """Return the log-mel energies of one recording by the sums that define them."""
    width, points = framing.width, 1 << (framing.width - 1).bit_length()
    signal = [value / 32768 for value in recording.tolist()] + [0.0] * max(0, width - len(recording))
    filters = mel_filters(framing, points)
    rows = []
    for start in range(0, len(signal) - width + 1, framing.step):
        frame = signal[start : start + width]
        emphasised = [frame[k] - (0.97 * frame[k - 1] if k else 0) for k in range(width)]
        weighted = [v * (0.54 - 0.46 * math.cos(2 * math.pi * k / (width - 1))) for k, v in enumerate(emphasised)]
        power = []
        for f in range(points // 2 + 1):
            total = sum(v * cmath.exp(-2j * math.pi * f * k / points) for k, v in enumerate(weighted))
            power.append(abs(total) ** 2 / points)
        rows.append([math.log(max(FLOOR, sum(map(float.__mul__, row, power)))) for row in filters.tolist()])
    return rows


@settings(max_examples=20)
@given(st.lists(st.integers(1, 70), min_size=1, max_size=4), st.integers(0, 99))
def test_log_mel_energies_are_as_defined(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    recordings = [rng.integers(-32768, 32768, n).astype(np.int16) for n in lengths]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    energies, starts = log_mel(np.concatenate(recordings), offsets, SMALL)
    for k, recording in enumerate(recordings):
        expected = plain_log_mel(recording, SMALL)
        np.testing.assert_allclose(energies[starts[k] : starts[k + 1]], expected, rtol=1e-9, atol=1e-9)
    assert starts[-1] == len(energies)


def test_silence_is_a_number() -> None:
    energies, _ = log_mel(np.zeros(100, np.int16), np.array([0, 100]), SMALL)
    np.testing.assert_allclose(energies, np.log(FLOOR))


def test_frames_are_those_that_fit_whole() -> None:
    framing = Framing(8000)
    assert (framing.width, framing.step) == (200, 80)
    assert framing.counts(np.array([1, 200, 279, 280, 18262])).tolist() == [1, 1, 1, 2, 226]


def test_a_tone_lands_in_its_band() -> None:
    framing = Framing(8000)
    centres = np.argmax(mel_filters(framing, 256), axis=1) * 8000 / 256
    for band in (5, 12, 20):
        wave = 10_000 * np.sin(2 * np.pi * centres[band] * np.arange(1000) / 8000)
        energies, _ = log_mel(wave.astype(np.int16), np.array([0, 1000]), framing)
        assert set(energies.argmax(axis=1)) <= {band - 1, band, band + 1}


def test_filters_are_triangles_that_add_up_to_one_between_the_outer_centres() -> None:
    filters = mel_filters(Framing(8000), 4096)
    assert filters.shape == (26, 2049)
    first, last = filters[0].argmax() + 1, filters[-1].argmax()
    np.testing.assert_allclose(filters.sum(axis=0)[first:last], 1, atol=1e-12)


def test_cepstra_are_the_cosine_transform() -> None:
    energies = np.random.default_rng(0).normal(size=(7, 26))
    found = mfcc(energies, np.array([0, 3, 7]))
    assert found.shape == (7, 39)
    for k in range(13):
        weights = np.cos(np.pi * k * (2 * np.arange(26) + 1) / 52) * math.sqrt((1 if k == 0 else 2) / 26)
        np.testing.assert_allclose(found[:, k], energies @ weights, atol=1e-12)
    np.testing.assert_allclose(found[:, 13:26], deltas(found[:, :13], np.array([0, 3, 7])))
    np.testing.assert_allclose(found[:, 26:], deltas(found[:, 13:26], np.array([0, 3, 7])))


def test_a_straight_line_has_its_slope_and_no_other_recording_counts() -> None:
    line = np.concatenate([3.0 * np.arange(9), np.full(4, 1e6)])[:, None]
    found = deltas(line, np.array([0, 9, 13]))[:, 0]
    np.testing.assert_allclose(found[2:7], 3)
    np.testing.assert_allclose(found[0], (1 * 3 + 2 * 6) / 10)
    np.testing.assert_allclose(found[9:], 0)


@pytest.mark.parametrize("constant", [False, True])
def test_training_frames_have_mean_0_and_deviation_1(constant: bool) -> None:
    features = np.random.default_rng(0).normal(5, 3, (500, 4))
    if constant:
        features[:, 2] = 7
    trained = np.arange(500) < 400
    features[~trained] += 50
    found = standardised(features, trained)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found * 1024, np.rint(found * 1024))
    np.testing.assert_allclose(found[trained].mean(axis=0), 0, atol=1e-3)
    deviation = found[trained].std(axis=0)
    np.testing.assert_allclose(deviation, [1, 1, 0, 1] if constant else 1, atol=1e-3)
