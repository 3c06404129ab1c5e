"""A trained network as a value: sparse weights and biases in a file, read without the compiler."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.layer import layer_text
from neurosparse.architecture.words import parse_layer
from neurosparse.archive import read_arrays, write_arrays
from neurosparse.errors import BadInput, FileFault
from neurosparse.nn.activation import IDENTITY, RELU, Activation

SCHEMA = "neurosparse.trained/2"
BEFORE = "neurosparse.trained/1"
"""The schema that knew rectifiers alone."""
LAYERED = "neurosparse.trained/3"
"""The schema of networks that are no chain of fully connectable layers."""


@dataclass(frozen=True)
class TrainedProjection:
    """The connections from one layer to the next, and the biases of the next.

    Attributes
    ----------
    name, pre, post : str
        Its own name and those of its populations.
    weight : csr_array of float32, shape (n_pre, n_post)
        One stored entry a synapse, columns sorted, none twice; an entry may be zero (a newborn): it is live still.
    bias : ndarray of float32, shape (n_post,) or (0,)
        Empty where the sums of the next layer have their biases with another projection.
    activation : Activation or None
        Of the next layer; None for a rectifier, and for none at the output.
    """

    name: str
    pre: str
    post: str
    weight: csr_array
    bias: np.ndarray
    activation: Activation | None = None


@dataclass(frozen=True)
class TrainedNetwork:
    """A network of sparse layers, rectified between them and not after the last unless a layer says otherwise.

    Attributes
    ----------
    projections : tuple of TrainedProjection
        In the order of the layers.
    architecture : Architecture or None
        What the layers are; None for a chain of fully connectable ones, whose projections say it all.
    """

    projections: tuple[TrainedProjection, ...]
    architecture: Architecture | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of neurons of each layer, input to output."""
        return (self.projections[0].weight.shape[0], *(p.weight.shape[1] for p in self.projections))

    @property
    def synapses(self) -> int:
        """Return the number of live synapses."""
        return sum(p.weight.nnz for p in self.projections)

    def activation(self, k: int) -> Activation:
        """Return the activation after projection `k`."""
        return self.projections[k].activation or (IDENTITY if k == len(self.projections) - 1 else RELU)

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Return what each layer after the input computes.

        Parameters
        ----------
        x : ndarray of float32, shape (n_samples, n_inputs)
            Inputs as the network was trained on them, that is scaled.

        Returns
        -------
        list of ndarray of float32, each (n_samples, n_neurons)
            As `activation` says: mostly rectified for the hidden layers, the raw sums (logits) for the last.
        """
        layers = []
        for k, projection in enumerate(self.projections):
            x = self.activation(k)(np.asarray(x @ projection.weight) + projection.bias)
            layers.append(x)
        return layers

    def save(self, path: Path) -> None:
        """Write the network to `path`, whole or not at all: npz, schema `SCHEMA`, or `LAYERED` if no chain."""
        header: dict[str, Any] = {
            "schema": SCHEMA,
            "sizes": list(self.sizes),
            "projections": [
                {"name": p.name, "pre": p.pre, "post": p.post, "activation": self.activation(k).to_json()}
                for k, p in enumerate(self.projections)
            ],
        }
        if self.architecture is not None:
            header["schema"] = LAYERED
            header["input"] = list(self.architecture.input)
            header["layers"] = [layer_text(layer) for layer in self.architecture.layers]
        arrays = {}
        for k, p in enumerate(self.projections):
            arrays[f"p{k}_row_start"] = p.weight.indptr.astype(np.int64)
            arrays[f"p{k}_target"] = p.weight.indices.astype(np.int32)
            arrays[f"p{k}_weight"] = p.weight.data.astype(np.float32)
            arrays[f"p{k}_bias"] = p.bias.astype(np.float32)
        write_arrays(path, header, arrays)

    @classmethod
    def load(cls, path: Path) -> TrainedNetwork:
        """Read a network that `save` wrote, now or when its schema was ``neurosparse.trained/1``.

        Raises
        ------
        FileFault
            The file is missing or damaged, or its arrays are not compressed rows of the stated sizes.
        """
        header, arrays = read_arrays(path, SCHEMA, BEFORE, LAYERED)
        try:
            architecture, shapes = None, list(pairwise(header["sizes"]))
            if header["schema"] == LAYERED:
                layers = tuple(map(parse_layer, header["layers"]))
                architecture = Architecture(tuple(header["input"]), layers)
                shapes = [(m.rows, m.columns) for m in architecture.matrices]
            projections = []
            for k, named in enumerate(header["projections"]):
                row_start, target = arrays[f"p{k}_row_start"], arrays[f"p{k}_target"]
                weight, bias = arrays[f"p{k}_weight"], arrays[f"p{k}_bias"]
                _check_rows(row_start, target, weight, bias, shapes[k])
                matrix = csr_array((weight, target, row_start), shape=shapes[k])
                activation = Activation.from_json(named["activation"]) if header["schema"] != BEFORE else None
                ends = named["name"], named["pre"], named["post"]
                projections.append(TrainedProjection(*ends, matrix, bias, activation))
        except (KeyError, IndexError, TypeError, ValueError, BadInput) as fault:
            raise FileFault(f"{Path(path).name} is not a trained network: {fault}", where=str(path)) from fault
        return cls(tuple(projections), architecture)


def _check_rows(
    row_start: np.ndarray, target: np.ndarray, weight: np.ndarray, bias: np.ndarray, shape: tuple[int, int]
) -> None:
    """Raise ValueError unless the arrays are compressed rows of `shape`: sorted, in range, no synapse twice."""
    n_pre, n_post = shape
    if row_start.dtype.kind != "i" or target.dtype.kind != "i":
        raise ValueError(f"row starts are {row_start.dtype} and targets {target.dtype}, not whole numbers")
    if weight.dtype != np.float32 or bias.dtype != np.float32:
        raise ValueError(f"weights are {weight.dtype} and biases {bias.dtype}, not float32")
    if row_start.shape != (n_pre + 1,) or row_start[0] != 0 or row_start[-1] != target.size:
        raise ValueError(f"row starts of shape {row_start.shape} do not describe {n_pre} rows of {target.size} slots")
    if np.any(np.diff(row_start) < 0):
        raise ValueError("row starts run backwards")
    if weight.shape != target.shape or bias.shape not in ((n_post,), (0,)):
        raise ValueError(f"{weight.shape} weights, {target.shape} targets and {bias.shape} biases do not match")
    if target.size and (target.min() < 0 or target.max() >= n_post):
        raise ValueError(f"a target lies outside 0..{n_post - 1}")
    row = np.repeat(np.arange(n_pre), np.diff(row_start))
    if np.any((np.diff(row) == 0) & (np.diff(target) <= 0)):
        raise ValueError("a row is unsorted or holds a synapse twice")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError("a weight or bias is not finite")
