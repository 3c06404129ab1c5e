"""How a projection connects its neurons: a list of synapses, or a rule that stands for one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurosparse.errors import BadInput


@dataclass(frozen=True, eq=False)
class FromList:
    """Synapses one by one, in the order in which the tool chain is given them (the order matters to it).

    Attributes
    ----------
    source, target : ndarray of int32, shape (n_synapses,)
        Neurons, counted from 0 in their populations.
    weight : ndarray of float, shape (n_synapses,)
        In the unit of the target's cell type (nA or microsiemens); all of one sign, zeros allowed.
    delay : ndarray of float, shape (n_synapses,)
        ms.
    """

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    def __len__(self) -> int:
        """Return the number of synapses."""
        return len(self.source)


@dataclass(frozen=True)
class AllToAll:
    """Every neuron to every neuron, with one weight and one delay (ms)."""

    weight: float
    delay: float


@dataclass(frozen=True)
class OneToOne:
    """Neuron i to neuron i, with one weight and one delay (ms)."""

    weight: float
    delay: float


@dataclass(frozen=True)
class FixedProbability:
    """Every pair with probability `p`, drawn by the tool chain: only its bounds are known beforehand."""

    p: float
    weight: float
    delay: float


# Far inside what the tool chain's numbers hold.
_HEAVIEST = 1e30

Connector = FromList | AllToAll | OneToOne | FixedProbability


def check_connector(connector: Connector, n_pre: int, n_post: int, where: str) -> None:
    """Raise BadInput, with the entry, unless a connector makes sense between `n_pre` and `n_post` neurons.

    A source or target is out of range, a weight or delay is not finite, a delay is not positive, weights have
    both signs, or a probability is not one.
    """
    if isinstance(connector, FixedProbability) and not 0.0 <= connector.p < 1.0:
        raise BadInput(f"p = {connector.p} is not a probability below 1", where=where)
    if not isinstance(connector, FromList):
        _check_values(np.array([connector.weight]), np.array([connector.delay]), where)
        return
    sizes = {name: np.shape(getattr(connector, name)) for name in ("source", "target", "weight", "delay")}
    if len(set(sizes.values())) > 1 or connector.source.ndim != 1:
        raise BadInput("the arrays of a list of synapses differ in shape", numbers=_told(sizes), where=where)
    for name, index, size in (("source", connector.source, n_pre), ("target", connector.target, n_post)):
        bad = (index < 0) | (index >= size)
        if bad.any():
            entry = int(np.argmax(bad))
            raise BadInput(
                f"{name} {int(index[entry])} of synapse {entry} is out of range",
                numbers={"neurons": f"{size:,}", "such synapses": f"{int(bad.sum()):,}"},
                where=where,
            )
    _check_values(connector.weight, connector.delay, where)


def _check_values(weight: np.ndarray, delay: np.ndarray, where: str) -> None:
    """Raise BadInput unless weights are finite and of one sign, and delays finite and positive."""
    for name, values in (("weight", weight), ("delay", delay)):
        # A sum is finite unless a value is not, or they overflow; only then each is looked at.
        with np.errstate(over="ignore", invalid="ignore"):
            total = values.sum()
        if not np.isfinite(total) and not (finite := np.isfinite(values)).all():
            entry = int(np.argmin(finite))
            raise BadInput(f"{name} {float(values[entry])} of synapse {entry} is not a finite number", where=where)
    if weight.size and max(-weight.min(), weight.max()) > _HEAVIEST:
        entry = int(np.argmax(np.abs(weight)))
        raise BadInput(f"weight {float(weight[entry]):g} of synapse {entry} is beyond any use", where=where)
    if delay.size and delay.min() <= 0:
        entry = int(np.argmin(delay))
        raise BadInput(
            f"delay {float(delay[entry]):g} ms of synapse {entry} is not positive",
            help="a spike arrives a timestep later at the earliest",
            where=where,
        )
    if weight.size and weight.min() < 0 < weight.max():
        low, high = int(np.argmin(weight)), int(np.argmax(weight))
        raise BadInput(
            "the weights of one projection have both signs",
            numbers={f"synapse {low}": f"{float(weight[low]):g}", f"synapse {high}": f"{float(weight[high]):g}"},
            help="a projection has one receptor: give positive and negative weights as two projections",
            where=where,
        )


def _told(sizes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """Return shapes as an error tells them."""
    return {name: str(shape) for name, shape in sizes.items()}
