"""Networks that spike in training, as simulators take them: connection lists and constants, without conversion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from neurosparse.architecture import sequences
from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.layer import LayerSpec, layer_text
from neurosparse.errors import BadInput
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection


@dataclass(frozen=True)
class Connections:
    """Synapses with delays, sorted by pre, delay and post.

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n,)
    weight : ndarray of float64, shape (n,)
        In thresholds: what a spike adds to the potential, at once or by a synaptic current of that charge.
    delay : ndarray of int32, shape (n,)
        In steps: from 0, for input that acts in the step in which it is shown, and from 1 between neurons of a layer.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    @classmethod
    def of(cls, projection: TrainedProjection, delays: int, least: int) -> Connections:
        """Return the synapses of a projection whose row ``i * delays + d`` holds those of i that take least + d."""
        weight = projection.weight
        row = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
        return cls(row // delays, weight.indices.astype(np.int32), weight.data.astype(np.float64), row % delays + least)

    def by_delay(self, shape: tuple[int, int]) -> dict[int, csr_array]:
        """Return the weights of each delay as a matrix of float64, shape (n_pre, n_post)."""
        found = {}
        for delay in np.unique(self.delay).tolist():
            one = self.delay == delay
            found[delay] = csr_array((self.weight[one], (self.pre[one], self.post[one])), shape=shape)
        return found


@dataclass(frozen=True)
class NativeLayer:
    """Leaky integrate-and-fire neurons, the last of them with adaptive thresholds.

    Attributes
    ----------
    name : str
        Of the population.
    cell : LifCell
    adaptive : int
    bias : ndarray of float64, shape (n,)
        What is added to the potentials at each step, in thresholds.
    inputs : Connections
        From the input, or from the layer before.
    recurrent : Connections or None
    """

    name: str
    cell: LifCell
    adaptive: int
    bias: np.ndarray
    inputs: Connections
    recurrent: Connections | None

    @property
    def beta(self) -> np.ndarray:
        """Return what a spike adds to the threshold of each neuron, float64 (n,)."""
        return np.where(np.arange(self.bias.size) >= self.bias.size - self.adaptive, self.cell.beta, 0.0)


@dataclass(frozen=True)
class Readout:
    """What is made of the spikes of the last layer: leaky integrators, one number of all steps, and weighted sums.

    Attributes
    ----------
    taus : tuple of float
        Of the leaky integrators, one after the other, in steps.
    over : str
        ``"last"``, ``"mean"`` or ``"max"``.
    weight : csr_array of float64, shape (n, n_classes)
    bias : ndarray of float64, shape (n_classes,)
    """

    taus: tuple[float, ...]
    over: str
    weight: csr_array
    bias: np.ndarray


@dataclass(frozen=True)
class NativeNetwork:
    """Spiking layers one after the other, and what is read from the last.

    Attributes
    ----------
    shape : tuple of int
        Features and steps of a sample.
    layers : tuple of NativeLayer
    readout : Readout
    """

    shape: tuple[int, int]
    layers: tuple[NativeLayer, ...]
    readout: Readout

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the numbers of inputs, of neurons of each layer, and of classes."""
        return (self.shape[0], *(layer.bias.size for layer in self.layers), self.readout.bias.size)

    @property
    def synapses(self) -> int:
        """Return the number of synapses, those of the readout with them."""
        lists = [one for layer in self.layers for one in (layer.inputs, layer.recurrent) if one is not None]
        return sum(one.pre.size for one in lists) + self.readout.weight.nnz


def spikes_in_training(architecture: Architecture | None) -> bool:
    """Return whether there are neurons that spike while the network learns."""
    return architecture is not None and architecture.is_spiking


def native(network: TrainedNetwork) -> NativeNetwork:
    """Return a network of spiking layers as simulators take it.

    Raises
    ------
    BadInput
        A layer is neither spiking nor a part of the readout, or stands where it cannot be.
    """
    architecture = network.architecture
    if architecture is None or len(architecture.input) != 2:
        raise BadInput("the network has no neurons that spike in training")
    left, specs_left = iter(network.projections), list(architecture.layers)
    layers: list[NativeLayer] = []
    taus: list[float] = []
    while isinstance(spec := specs_left[0], sequences.Lif):
        layers.append(_layer(spec, architecture.signals[len(layers) + 1].population, left))
        specs_left.pop(0)
    while isinstance(spec := specs_left[0], sequences.Leaky):
        taus.append(spec.tau)
        specs_left.pop(0)
    over = specs_left.pop(0)
    if not layers or not isinstance(over, sequences.Last):
        raise _refusal(over)
    if len(specs_left) != 1:
        raise _refusal(specs_left[0])
    output = next(left)
    weight = csr_array(output.weight, dtype=np.float64)
    readout = Readout(tuple(taus), over.word, weight, output.bias.astype(np.float64))
    return NativeNetwork((architecture.input[0], architecture.input[1]), tuple(layers), readout)


def _layer(spec: sequences.Lif, name: str, left: Iterator[TrainedProjection]) -> NativeLayer:
    """Return a spiking layer, taking its projections from those that are left."""
    inputs = next(left)
    recurrent = Connections.of(next(left), spec.delays, 1) if spec.recurrent == "yes" else None
    bias, listed = inputs.bias.astype(np.float64), Connections.of(inputs, spec.input_delays, 0)
    return NativeLayer(name, LifCell.of(spec), spec.adaptive, bias, listed, recurrent)


def _refusal(layer: LayerSpec) -> BadInput:
    """Return the refusal of a layer that simulators cannot be told without conversion."""
    return BadInput(
        f"the layer {layer_text(layer)} stands where a simulator's neurons cannot be it without conversion",
        help="an export of spiking layers takes lif layers one after the other, then leaky integrators if any, then"
        " last, mean or max, and the output",
    )
