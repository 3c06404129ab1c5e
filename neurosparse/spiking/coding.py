"""How the numbers of a sample come in: as constant currents, as regular spikes, or as random ones of known seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

CODINGS = ("current", "regular", "poisson")


@dataclass(frozen=True)
class Coding:
    """A coding of inputs.

    Attributes
    ----------
    kind : str
        ``"current"``: no input spikes; the currents that they would bring on average flow into the first layer.
        ``"regular"``: equally spaced spikes. ``"poisson"``: a spike in each step with the probability of the number.
    seed : int
        Of random spikes.
    """

    kind: str
    seed: int = 0

    def spikes(self, x: np.ndarray) -> Iterator[np.ndarray]:
        """Yield, step after step without end, which inputs of which samples spike.

        Parameters
        ----------
        x : ndarray of float64, shape (n_inputs, n_samples)
            Spikes a step, in [0, 1].

        Yields
        ------
        ndarray of bool, same shape
            Of currents: none ever.
        """
        match self.kind:
            case "regular":
                return regular_spikes(x)
            case "poisson":
                return poisson_spikes(x, self.seed)
            case _:
                return _silence(x)


REGULAR = Coding("regular")
CURRENT = Coding("current")


def regular_spikes(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield, step after step without end, which inputs spike.

    Spikes are equally spaced: up to step `n` there are ``floor(1/2 + x * n)``, the count of a perfect integrator that
    starts half full, which is the nearest whole number to ``x * n``.

    Parameters
    ----------
    x : ndarray of float64
        Spikes a step, in [0, 1].

    Yields
    ------
    ndarray of bool, same shape
    """
    before, step = np.floor(0.5 + x * 0), 0
    while True:
        step += 1
        after = np.floor(0.5 + x * step)
        yield after > before
        before = after


def poisson_spikes(x: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Yield, step after step without end, which inputs spike: each with the probability of its number.

    The numbers drawn for a sample depend on the seed and on the sample's place alone, whatever is shown beside it. They
    are the upper 53 bits of the raw stream of PCG64, which is the same in all versions of NumPy (NEP 19).

    Parameters
    ----------
    x : ndarray of float64, shape (n_inputs, n_samples)
        Spikes a step, in [0, 1].

    Yields
    ------
    ndarray of bool, same shape
    """
    streams = [np.random.PCG64([seed, sample]) for sample in range(x.shape[1])]
    drawn = np.empty(x.shape)
    while True:
        for sample, stream in enumerate(streams):
            drawn[:, sample] = (stream.random_raw(x.shape[0]) >> np.uint64(11)) * 2.0**-53
        yield drawn < x


def _silence(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield no spike, without end."""
    nothing = np.zeros(x.shape, dtype=bool)
    while True:
        yield nothing
