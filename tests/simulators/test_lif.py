"""Spiking layers fire as NEST's iaf_psc_delta and iaf_psc_exp do, and as native Brian2, spike for spike."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurosparse.nn.activation import IDENTITY
from neurosparse.nn.activations import buffer
from neurosparse.nn.lif import Lif
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

SCRIPT = Path(__file__).with_name("simulator.py")
FEATURES, NEURONS, STEPS = 8, 15, 200
CELLS = {
    "at once": LifCell(tau_mem=20.0, dt=1.0),
    "at once, refractory": LifCell(tau_mem=10.0, refractory=2.0, dt=0.5),
    "current": LifCell(tau_mem=20.0, tau_syn=5.0),
    "current, refractory": LifCell(tau_mem=15.0, tau_syn=2.0, refractory=3.0, dt=0.5),
    "current, equal times": LifCell(tau_mem=10.0, tau_syn=10.0, refractory=1.0),
}


def network(cell, n_adaptive, input_delays, delays):
    """Return the layer's spikes (steps, neurons), and the same network as arrays for a simulator."""
    layouts = [
        unbounded("input", FEATURES * input_delays, NEURONS, FEATURES * input_delays * NEURONS // 2),
        unbounded("recurrent", NEURONS * delays, NEURONS, NEURONS * delays * NEURONS // 3),
    ]
    store = SynapseStore(Layout(tuple(layouts)))
    store.fill(5)
    layer = Lif(
        store, store.projections, (FEATURES, STEPS), NEURONS, n_adaptive, cell, Workers(1), 1, IDENTITY,
        input_delays=input_delays, delays=delays,
    )  # fmt: skip
    layer.initialise(2.5, 5)
    generator = np.random.default_rng(6)
    layer.bias[:] = generator.uniform(0.0, 0.06, NEURONS) * cell.dt
    spikes = generator.random((STEPS, FEATURES)) < 0.15
    spikes[0] = False
    x, y = buffer(FEATURES * STEPS, 1), buffer(NEURONS * STEPS, 1)
    x[:, 0] = spikes.T.ravel()
    layer.forward(x, y)
    arrays = {
        "x": spikes, "bias": layer.bias.astype(float), "dt": cell.dt, "tau_mem": cell.tau_mem,
        "tau_syn": cell.tau_syn or 0.0, "tau_adapt": cell.tau_adapt, "refractory": cell.refractory,
        "rests": cell.rests, "beta": np.where(np.arange(NEURONS) >= NEURONS - n_adaptive, cell.beta, 0.0),
        "input_delays": input_delays, "recurrent_delays": delays,
    }  # fmt: skip
    for name, p in zip(("input", "recurrent"), store.projections, strict=True):
        row_start, target, weight, _ = p.slots
        live = slice(row_start[0], row_start[-1])
        arrays[f"{name}_row"] = np.repeat(np.arange(p.n_pre), np.diff(row_start))
        arrays[f"{name}_post"], arrays[f"{name}_weight"] = target[live], weight[live].astype(float)
    return y[:, 0].reshape(NEURONS, STEPS).T, arrays


def simulated(simulator, arrays, folder):
    """Return the spikes that a simulator makes of a network."""
    np.savez(folder / "network.npz", **arrays)
    command = [sys.executable, str(SCRIPT), simulator, str(folder / "network.npz"), str(folder / "spikes.npy")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return np.load(folder / "spikes.npy")


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
def test_fires_as_nest_does(kind, delays, tmp_path):
    found, arrays = network(CELLS[kind], 0, *delays)
    assert (found.sum(axis=0) > 0).sum() > 6
    assert 0.01 < found.mean() < 0.5
    np.testing.assert_array_equal(found, simulated("nest", arrays, tmp_path))


@pytest.mark.parametrize("kind", [kind for kind in CELLS if "equal" not in kind])
@pytest.mark.parametrize("n_adaptive", [0, 9])
def test_fires_as_brian2_does(kind, n_adaptive, tmp_path):
    """Without equal times of membrane and synapse: Brian2's exact integration divides by their difference."""
    found, arrays = network(CELLS[kind], n_adaptive, 2, 3)
    assert 0.01 < found.mean() < 0.5
    np.testing.assert_array_equal(found, simulated("brian2", arrays, tmp_path))
