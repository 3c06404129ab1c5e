"""Events at moments in time, as counts in steps of a stated width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.data.checks import check_below
from neurosparse.data.dataset import Dataset, Split, split_validation
from neurosparse.data.sequences import pad
from neurosparse.errors import BadInput


def bin_events(times: np.ndarray, channels: np.ndarray, n_channels: int, width: float, where: str) -> np.ndarray:
    """Return how many events each channel has in each step.

    Parameters
    ----------
    times : ndarray of any real dtype, shape (n_events,)
        From the start of the sample, in the unit of `width`, in any order.
    channels : ndarray of integers, shape (n_events,)
        From 0.
    n_channels : int
    width : float
        Of a step: step k holds the events from ``k * width`` to before ``(k + 1) * width``.
    where : str
        What they are, for the error.

    Returns
    -------
    ndarray of uint8, shape (n_channels, steps)
        As many steps as the last event asks for; one, of zeros, where there is no event.

    Raises
    ------
    BadInput
        A time is negative or not finite, a channel out of range, there are fewer times than channels or more, a step
        has more than 255 events of a channel, or there would be a million steps.
    """
    if times.shape != channels.shape or times.ndim != 1:
        raise BadInput(
            "times and channels of events do not pair off",
            numbers={"times": str(times.shape), "channels": str(channels.shape)},
            where=where,
        )
    if times.size == 0:
        return np.zeros((n_channels, 1), np.uint8)
    if not (times.min() >= 0 and np.isfinite(times).all()) or channels.min() < 0 or channels.max() >= n_channels:
        raise BadInput(
            "events are out of range",
            numbers={"times": f"{times.min()} to {times.max()}", "channels": f"{channels.min()} to {channels.max()}"}
            | {"there are": f"{n_channels} channels"},
            where=where,
        )
    step = (times.astype(np.float64) / width).astype(np.int64)
    steps = int(step.max()) + 1
    if steps >= 10**6:
        raise BadInput(
            "events last for too many steps",
            numbers={"last": f"{times.max()}", "a step": f"{width}", "steps": f"{steps:,}"},
            where=where,
        )
    counts = np.bincount(channels.astype(np.int64) * steps + step, minlength=n_channels * steps)
    if counts.max() > 255:
        raise BadInput(
            "a step has more events than a byte can count",
            numbers={"a step": f"{width}", "most": f"{counts.max():,}", "a byte": "255"},
            where=where,
            help="make the steps shorter, or put fewer channels into one",
        )
    return counts.reshape(n_channels, steps).astype(np.uint8)


def dataset_of_events(
    name: str,
    samples: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    labels: tuple[np.ndarray, np.ndarray],
    validation: float,
    n_classes: int,
    licence: str,
    where: str,
) -> Dataset:
    """Return the data set of counts: padded to the longest sample, the highest count to train on scaled to 1.

    Parameters
    ----------
    name : str
    samples : pair of sequences of ndarray of uint8, each of shape (n_channels, its steps)
        To train on, and to test with: there a count beyond the highest to train on is cut to it.
    labels : pair of ndarray of int64
    validation : float
        Fraction of the training samples to hold out for validation.
    n_classes : int
    licence : str
    where : str
        The folder, for errors.

    Raises
    ------
    BadInput
        A part has no sample, a label is out of range, or there is no event to train on.
    """
    for part, y in zip(("train", "test"), labels, strict=True):
        if y.size == 0:
            raise BadInput(f"there is no sample to {part} {'on' if part == 'train' else 'with'}", where=where)
        check_below(y, n_classes, f"labels, {part}", where)
    steps = max(sample.shape[1] for part in samples for sample in part)
    (x, lengths), (x_test, test_lengths) = (pad(part, steps=steps, where=where) for part in samples)
    if not (highest := int(x.max())):
        raise BadInput("there is no event to train on", where=where)
    np.minimum(x_test, highest, out=x_test)
    train, held_out = split_validation(x, labels[0], validation, lengths=lengths)
    test, shape = Split(x_test, labels[1], test_lengths), (len(samples[0][0]), steps)
    return Dataset(name, train, held_out, test, 1 / highest, n_classes, licence, shape)
