"""Losses on the sums of the last layer."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.losses import softmax_cross_entropy


class SoftmaxCrossEntropy:
    """Mean negative log-likelihood of the label under the softmax of the sums.

    Parameters
    ----------
    smoothing : float
        The part of a label that is spread evenly over all classes, in [0, 1): in gradients alone.
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        self.smoothing = np.float32(smoothing)

    def __call__(self, logit: np.ndarray, label: np.ndarray, dlogit: np.ndarray) -> tuple[float, int]:
        """Return the mean loss and how many decisions are right, and write the gradient unless `dlogit` is empty.

        Parameters
        ----------
        logit : ndarray of float32, shape (n_classes, batch)
        label : ndarray of int64, shape (n_samples,)
            `n_samples` at most `batch`; later columns are padding.
        dlogit : ndarray of float32, shape (n_classes, batch) or (0, 0)
        """
        return softmax_cross_entropy(logit, label, dlogit, self.smoothing)
