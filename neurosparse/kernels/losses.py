"""Softmax cross-entropy over a batch: the loss, the gradient of the sums, and how many samples were right."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel


@kernel
def softmax_cross_entropy(logit, label, dlogit, smoothing):
    """Return the mean loss and the number of right decisions, and write the gradient of the mean loss.

    Parameters
    ----------
    logit : float32 (n_classes, batch)
    label : int64 (n_samples,)
        Labels of the first columns; columns beyond them are padding.
    dlogit : float32 (n_classes, batch) or (0, 0)
        Written: ``(softmax - aim) / n_samples``, zero in the padding; empty where no gradient is wanted. The aim is the
        label's one-hot vector, of which a part `smoothing` is spread evenly over all classes (Szegedy et al. 2016,
        arXiv:1512.00567, section 7).
    smoothing : float32
        In [0, 1). The loss that is returned is that without.

    Returns
    -------
    float64, int64
        The loss is NaN where a logit is.
    """
    n_classes, batch = logit.shape
    n_samples = label.size
    loss = 0.0
    right = 0
    share = np.float32(1.0 / n_samples)
    spread = smoothing * share / np.float32(n_classes)
    for b in range(n_samples):
        best = 0
        for k in range(1, n_classes):
            if logit[k, b] > logit[best, b]:
                best = k
        top = logit[best, b]
        mass = np.float32(0.0)
        if dlogit.size:
            for k in range(n_classes):
                e = math.exp(logit[k, b] - top)
                dlogit[k, b] = e
                mass += e
            scale = share / mass
            for k in range(n_classes):
                dlogit[k, b] = dlogit[k, b] * scale - spread
            dlogit[label[b], b] -= share - smoothing * share
        else:
            for k in range(n_classes):
                mass += math.exp(logit[k, b] - top)
        loss += math.log(mass) + top - logit[label[b], b]
        right += best == label[b]
    if dlogit.size:
        for k in range(n_classes):
            for b in range(n_samples, batch):
                dlogit[k, b] = 0.0
    return loss / n_samples, right
