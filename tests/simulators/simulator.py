"""A network of spiking neurons as NEST and Brian2 have it: run in a process of its own, arrays in and out.

Neurons have thresholds of 1, and there is no input at step 0: what acts at step t is sent a step earlier.
"""

from __future__ import annotations

import sys

import numpy as np


def nest_spikes(n):
    """Return spikes (steps, neurons) of iaf_psc_delta or iaf_psc_exp: step t ends at time t + 1."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = dt = float(n["dt"])
    (steps, features), neurons = n["x"].shape, n["bias"].size
    cell = {"C_m": 1.0, "tau_m": float(n["tau_mem"]), "E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1.0}
    cell["t_ref"] = float(n["refractory"])
    if n["tau_syn"] > 0:
        cell |= {"tau_syn_ex": float(n["tau_syn"]), "tau_syn_in": float(n["tau_syn"])}
    cells = nest.Create("iaf_psc_exp" if n["tau_syn"] > 0 else "iaf_psc_delta", neurons, params=cell)
    # A constant current that adds so much a step, and a weight that carries a charge of one threshold.
    cells.I_e = n["bias"] / (cell["tau_m"] * -np.expm1(-dt / cell["tau_m"]))
    charge = 1 / float(n["tau_syn"]) if n["tau_syn"] > 0 else 1.0
    inputs = nest.Create("spike_generator", features)
    for source, spikes in zip(inputs, n["x"].T, strict=True):
        source.spike_times = np.flatnonzero(spikes) * dt
    for name, sources in (("input", inputs), ("recurrent", cells)):
        delays = int(n[f"{name}_delays"])
        for row, post, weight in zip(n[f"{name}_row"], n[f"{name}_post"], n[f"{name}_weight"], strict=True):
            synapse = {"weight": weight * charge, "delay": dt * (row % delays + 1.0)}
            nest.Connect(sources[int(row // delays)], cells[int(post)], syn_spec=synapse)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(dt * (steps + 2))
    step = np.rint(np.asarray(recorder.events["times"]) / dt).astype(int) - 1
    found = np.zeros((steps, neurons))
    inside = step < steps
    found[step[inside], np.asarray(recorder.events["senders"])[inside] - cells[0].global_id] = 1
    return found


def brian2_spikes(n):
    """Return spikes (steps, neurons) of a native group that receives spikes before it tests for a threshold."""
    import brian2 as b

    b.prefs.codegen.target = "numpy"
    step = float(n["dt"]) * b.ms
    b.defaultclock.dt = step
    (steps, features), neurons = n["x"].shape, n["bias"].size
    tau_mem, tau_adapt = float(n["tau_mem"]) * b.ms, float(n["tau_adapt"]) * b.ms
    at_once = n["tau_syn"] == 0
    tau_syn = 1 * b.ms if at_once else float(n["tau_syn"]) * b.ms
    cells = b.NeuronGroup(
        neurons,
        """dv/dt = -v / tau_mem + current / tau_syn + drive : 1 (unless refractory)
        dcurrent/dt = -current / tau_syn : 1
        da/dt = -a / tau_adapt : 1
        drive : Hz
        beta : 1""",
        # The adaptation decays before the threshold is tested, and what a spike adds to it does not.
        threshold="v >= 1 + beta * a", reset="v = 0\na += exp(dt / tau_adapt)", method="exact",
        refractory=(int(n["rests"]) + 1) * step,
        namespace={"tau_mem": tau_mem, "tau_syn": tau_syn, "tau_adapt": tau_adapt},
    )  # fmt: skip
    cells.drive = n["bias"] / (tau_mem * -np.expm1(-step / tau_mem))
    cells.beta = n["beta"]
    sent, source = np.nonzero(n["x"])
    inputs = b.SpikeGeneratorGroup(features, source, (sent - 1) * step)
    objects = [cells, inputs]
    for name, sources in (("input", inputs), ("recurrent", cells)):
        delays, row = int(n[f"{name}_delays"]), n[f"{name}_row"]
        reached = "v_post += w * int(not_refractory_post)" if at_once else "current_post += w"
        synapses = b.Synapses(sources, cells, "w : 1", on_pre=reached)
        synapses.connect(i=row // delays, j=n[f"{name}_post"])
        synapses.w = n[f"{name}_weight"]
        # Spikes of a step are there before the threshold of the next one is tested.
        synapses.pre.when, synapses.pre.delay = "before_thresholds", row % delays * step
        objects.append(synapses)
    monitor = b.SpikeMonitor(cells)
    network = b.Network(*objects, monitor)
    network.run(steps * step)
    found = np.zeros((steps, neurons))
    found[np.rint(np.asarray(monitor.t / step)).astype(int), np.asarray(monitor.i)] = 1
    return found


if __name__ == "__main__":
    with np.load(sys.argv[2]) as network:
        arrays = dict(network)
    np.save(sys.argv[3], {"nest": nest_spikes, "brian2": brian2_spikes}[sys.argv[1]](arrays))
