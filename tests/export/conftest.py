"""A sparse network trained on the digits in plain numpy, and its export, for the tests of this room."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.data.dataset import Dataset
from neurosparse.data.library import load_dataset
from neurosparse.export.exporter import ExportSummary
from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection

SIZES = (64, 128, 64, 10)
DENSITIES = (0.08, 0.08, 0.6)


def trained(data: Dataset, seed: int, epochs: int = 60) -> TrainedNetwork:
    """Train a fixed random mask with Adam on the training split: about 96 % on unseen digits in half a second."""
    rng = np.random.default_rng(seed)
    masks, weights = [], []
    for n_pre, n_post, density in zip(SIZES[:-1], SIZES[1:], DENSITIES, strict=True):
        mask = (rng.permutation(n_pre * n_post) < density * n_pre * n_post).reshape(n_pre, n_post)
        masks.append(mask.astype(np.float32))
        weights.append((rng.normal(size=mask.shape) * np.sqrt(2 / (n_pre * density)) * mask).astype(np.float32))
    biases = [np.zeros(n_post, np.float32) for n_post in SIZES[1:]]
    parameters = weights + biases
    mean, square, step = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters], 0
    x, target = data.train.x * np.float32(data.scale), np.eye(10, dtype=np.float32)[data.train.y]
    for epoch in range(epochs):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // 32):
            layers = [x[batch]]
            for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                sums = layers[-1] @ weight + bias
                layers.append(np.maximum(sums, 0) if k < len(weights) - 1 else sums)
            odds = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
            error = (odds / odds.sum(axis=1, keepdims=True) - target[batch]) / len(batch)
            gradients: list[np.ndarray] = [np.empty(0)] * len(parameters)
            for k in reversed(range(len(weights))):
                gradients[k] = (layers[k].T @ error) * masks[k]
                gradients[len(weights) + k] = error.sum(axis=0)
                error = (error @ weights[k].T) * (layers[k] > 0)
            step += 1
            for p, m, s, gradient in zip(parameters, mean, square, gradients, strict=True):
                m += 0.1 * (gradient - m)
                s += 0.001 * (gradient**2 - s)
                rate = 3e-3 * (1 - epoch / epochs) + 1e-4
                p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
    names = ("input", "hidden1", "hidden2", "output")
    return TrainedNetwork(
        tuple(
            TrainedProjection(f"{pre}-{post}", pre, post, csr_array(weight), bias)
            for pre, post, weight, bias in zip(names[:-1], names[1:], weights, biases, strict=True)
        )
    )


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.fixture(scope="session")
def network(digits: Dataset) -> TrainedNetwork:
    return trained(digits, seed=0)


@pytest.fixture(scope="session")
def exported(network: TrainedNetwork, digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> ExportSummary:
    return PyNNExporter().export(network, digits, tmp_path_factory.mktemp("run") / "export" / "pynn")


@pytest.fixture
def folder(exported: ExportSummary, tmp_path: Path) -> Path:
    """A copy of the export elsewhere, free to be spoilt."""
    elsewhere = tmp_path / "a copy"
    elsewhere.mkdir()
    for name in exported.files:
        (elsewhere / name).write_bytes((exported.folder / name).read_bytes())
    return elsewhere
