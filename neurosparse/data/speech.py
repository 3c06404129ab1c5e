"""Features of recorded speech: log-mel energies and mel-frequency cepstral coefficients, a column a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft

PRE_EMPHASIS = 0.97
FLOOR = 1e-8
"""The least energy of a mel band, of samples in [-1, 1]: the logarithm of digital silence must be a number."""

CEPSTRA = 13
_DELTA_REACH = 2
_FRAMES_AT_ONCE = 2**14
_GRID = 2**10


@dataclass(frozen=True)
class Framing:
    """How a recording is cut into frames.

    Attributes
    ----------
    rate : int
        Samples a second.
    window, hop : float
        Milliseconds that a frame spans, and from the start of one to that of the next.
    bands : int
        Triangular filters, evenly spread over the mel scale from 0 to half the rate.
    """

    rate: int
    window: float = 25.0
    hop: float = 10.0
    bands: int = 26

    @property
    def width(self) -> int:
        """Return the samples of a frame."""
        return round(self.rate * self.window / 1000)

    @property
    def step(self) -> int:
        """Return the samples from frame to frame."""
        return round(self.rate * self.hop / 1000)

    def counts(self, samples: np.ndarray) -> np.ndarray:
        """Return how many frames recordings of so many samples have: all that fit whole, at least one."""
        return np.maximum(1, 1 + (np.asarray(samples, np.int64) - self.width) // self.step)


def mel_filters(framing: Framing, points: int) -> np.ndarray:
    """Return the filter bank: triangles between neighbours of `bands` + 2 places, evenly spread in mel.

    The mel scale is that of O'Shaughnessy, 2595 log10(1 + f / 700).

    Returns
    -------
    ndarray of float64, shape (bands, points // 2 + 1)
        Weights of the bins of a spectrum of `points` samples, 0 to 1.
    """
    top = 2595 * np.log10(1 + framing.rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, framing.bands + 2) / 2595) - 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.arange(points // 2 + 1) * framing.rate / points
    return np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))


def log_mel(samples: np.ndarray, offsets: np.ndarray, framing: Framing) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the energy in each mel band of every frame of recordings that lie one after the other.

    Each frame is pre-emphasised (0.97), weighted with a Hamming window and taken to its power spectrum; a recording
    shorter than a frame is filled up with silence.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
    offsets : ndarray of int64, shape (n_recordings + 1,)
        Where each recording starts, and the end of the last.
    framing : Framing

    Returns
    -------
    energies : ndarray of float64, shape (n_frames, bands)
        Those of all recordings, one after the other.
    starts : ndarray of int64, shape (n_recordings + 1,)
        Where the frames of each start, and their number.
    """
    counts = framing.counts(np.diff(offsets))
    starts = np.concatenate([[0], np.cumsum(counts)])
    points = 1 << (framing.width - 1).bit_length()
    filters = mel_filters(framing, points)
    energies = np.empty((int(starts[-1]), framing.bands))
    for low, frames in _frames(samples, offsets, starts, framing):
        emphasised = frames.copy()
        emphasised[:, 1:] -= PRE_EMPHASIS * frames[:, :-1]
        spectrum = fft.rfft(emphasised * np.hamming(framing.width), points, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2) / points
        energies[low : low + len(frames)] = np.log(np.maximum(power @ filters.T, FLOOR))
    return energies, starts


def _frames(
    samples: np.ndarray, offsets: np.ndarray, starts: np.ndarray, framing: Framing
) -> Iterator[tuple[int, np.ndarray]]:
    """Give frames in [-1, 1], a few thousand at once, each lot with the number of its first."""
    recording = np.repeat(np.arange(len(offsets) - 1), np.diff(starts))
    first = offsets[recording] + (np.arange(starts[-1]) - starts[recording]) * framing.step
    for low in range(0, len(first), _FRAMES_AT_ONCE):
        lot = slice(low, low + _FRAMES_AT_ONCE)
        index = first[lot, None] + np.arange(framing.width)
        inside = index < offsets[recording[lot] + 1][:, None]
        yield low, np.where(inside, samples[np.minimum(index, len(samples) - 1)], 0) / 32768


def mfcc(energies: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return 13 cepstral coefficients of every frame, with their first and second differences.

    The coefficients c0 to c12 are an orthonormal DCT-II of the log-mel energies; c0 stands for the loudness. They are
    not liftered: that scales each by a constant, which standardising takes away again.

    Parameters
    ----------
    energies, starts
        See `log_mel`.

    Returns
    -------
    ndarray of float64, shape (n_frames, 39)
    """
    cepstra = fft.dct(energies, type=2, norm="ortho", axis=1)[:, :CEPSTRA]
    slope = deltas(cepstra, starts)
    return np.concatenate([cepstra, slope, deltas(slope, starts)], axis=1)


def deltas(features: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the slope of every feature over five frames, by least squares; the outermost frames count as repeated.

    Parameters
    ----------
    features : ndarray, shape (n_frames, n_features)
    starts : ndarray of int64, shape (n_recordings + 1,)
        No slope reaches over the end of a recording.
    """
    recording = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    low, high = starts[recording], starts[recording + 1] - 1
    frame = np.arange(len(features))
    rise = np.zeros_like(features)
    for reach in range(1, _DELTA_REACH + 1):
        rise += reach * (features[np.minimum(frame + reach, high)] - features[np.maximum(frame - reach, low)])
    return rise / (2 * sum(reach**2 for reach in range(1, _DELTA_REACH + 1)))


def standardised(features: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Return features with mean 0 and deviation 1 over the frames for training.

    They are rounded to multiples of 1/1024, so that the last bit of a Fourier transform, which another processor may
    round otherwise, does not make another data set of it.

    Parameters
    ----------
    features : ndarray of float64, shape (n_frames, n_features)
    trained : ndarray of bool, shape (n_frames,)

    Returns
    -------
    ndarray of float32
    """
    mean, deviation = features[trained].mean(axis=0), features[trained].std(axis=0)
    scaled = (features - mean) / np.where(deviation > 0, deviation, 1)
    return (np.rint(scaled * _GRID) / _GRID).astype(np.float32)
