"""Cell types: their parameters, what their weights are, and who can run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BACKENDS = ("nest", "neuron", "brian2", "spiNNaker")
"""Back ends of PyNN."""

SOURCES = ("SpikeSourceArray", "SpikeSourcePoisson")

POISSON_RATE = 1.0
"""Of a Poisson source without one, Hz: PyNN's default."""


@dataclass(frozen=True)
class CellType:
    """A cell type of PyNN.

    Attributes
    ----------
    parameters : mapping of str to float
        PyNN's names and defaults (0.13, ``pyNN/standardmodels/cells.py``): mV, nF, ms and nA.
    weight_unit : str
        What its weights are in: nA, uS, or mV where a spike moves the potential at once.
    refused : mapping of str to str
        Back ends of PyNN that cannot run it, and why.
    native : bool
        Whether the Brian2 exporter has its equations.
    """

    parameters: Mapping[str, float]
    weight_unit: str
    refused: Mapping[str, str]
    native: bool = True

    @property
    def conducting(self) -> bool:
        """Say whether weights are conductances, which have no sign."""
        return self.weight_unit == "uS"


_LEAKY = {
    "v_rest": -65.0, "cm": 1.0, "tau_m": 20.0, "tau_refrac": 0.1, "i_offset": 0.0, "v_reset": -65.0, "v_thresh": -50.0,
}  # fmt: skip
_STEPS = "there its synapses are steps of the potential (mV), here exponential currents (nA)"

CELL_TYPES: Mapping[str, CellType] = {
    "IF_curr_exp": CellType(_LEAKY | {"tau_syn_E": 5.0, "tau_syn_I": 5.0}, "nA", {}),
    "IF_curr_alpha": CellType(_LEAKY | {"tau_syn_E": 0.5, "tau_syn_I": 0.5}, "nA", {}),
    "IF_curr_delta": CellType(_LEAKY, "mV", {"neuron": "PyNN does not have it there"}),
    "IF_cond_exp": CellType(_LEAKY | {"tau_syn_E": 5.0, "tau_syn_I": 5.0, "e_rev_E": 0.0, "e_rev_I": -70.0}, "uS", {}),
    "Izhikevich": CellType(
        {"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "i_offset": 0.0},
        "nA",
        dict.fromkeys(("nest", "neuron", "brian2"), _STEPS),
        native=False,
    ),
}
