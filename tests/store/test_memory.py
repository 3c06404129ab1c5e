"""No array of the size n_pre x n_post, or n_pre x n_cores, ever exists; memory follows the synapses."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from neurosparse.kernels.update import descend
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.store.births import Births
from neurosparse.store.layout import Layout, ProjectionLayout
from neurosparse.store.store import SynapseStore


def peak_of_training(n_pre, n_post, synapses, width, max_row_length=None, max_fan_in=None):
    """Return the peak of what numpy and Python allocate while a projection is made, filled and trained."""
    cores = -(-n_post // width)
    layout = Layout(
        (ProjectionLayout("p", n_pre, n_post, synapses, width, (synapses,) * cores, max_row_length, max_fan_in),)
    )
    samples = np.ones((16, n_pre), np.uint8)
    label = np.zeros(16, np.int64)
    tracemalloc.start()
    try:
        store = SynapseStore(layout)
        store.fill(1)
        network = Network(store, 16)
        network.initialise(1.0, 1)
        for step in range(1, 4):
            network.read(samples, np.arange(16), 1.0)
            network.learn(label, Law(0.1, 0.2, 0.1, 0.0, 1, step))
            assert store.replace_dead(1, step) > 0
        store.check()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("limits", [(), (1, 10)], ids=["free", "limited"])
@pytest.mark.parametrize(("n_pre", "n_post"), [(20_000, 20_000), (40_000, 10_000)])
def test_nothing_of_the_size_of_the_matrix_is_allocated(n_pre, n_post, limits):
    peak_of_training(50, 50, 100, 25, *limits)  # compile, so that only the arrays are counted
    synapses, width = 50_000, 50
    peak = peak_of_training(n_pre, n_post, synapses, width, *limits)
    activations = 4 * 16 * (n_pre + 2 * n_post) + 8 * n_pre + n_pre * 16
    assert peak < activations + 60 * synapses + 1_000_000
    # One bit a pair would already be more.
    assert peak < n_pre * n_post // 8
    # And so would one byte a (pre, core) pair.
    assert peak < n_pre * (n_post // width) * 4


@pytest.mark.parametrize("limits", [(), (1, 2)], ids=["free", "limited"])
def test_the_whole_process_stays_far_below_a_bit_a_pair(limits):
    """What the kernels allocate is seen by the operating system alone: 40,000 x 40,000 pairs are 200 MB as bits."""
    script = f"""
import resource, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
from test_memory import peak_of_training
peak_of_training(50, 50, 90, 25, *{limits})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
peak_of_training(40_000, 40_000, 50_000, 50, *{limits})
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 60_000_000


def rise_of_a_step(n_pre, n_post, synapses, width, passes_on, *limits):
    """Return how far the process rises above what it held before while a step moves, kills and replaces, in bytes."""
    cores = -(-n_post // width)
    store = SynapseStore(Layout((ProjectionLayout("p", n_pre, n_post, synapses, width, (synapses,) * cores, *limits),)))
    store.fill(1)
    x, dy = np.ones((n_pre, 16), np.float32), np.zeros((n_post, 16), np.float32)
    law = tuple(np.float32(number) for number in (0.1, 0.0, 0.1, 0.0, -np.inf))
    seen = store.weight, np.float32(np.inf), np.float32(0.0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = in_status("VmRSS")
    store.segment_end[0] = descend(
        store.slots, seen, x, np.empty((0, 0), np.float32), dy, law, (1, 1), (0, n_pre), store.died[0], width
    )
    assert store.replace_dead(1, 1, Births(passes_on=passes_on)) > synapses // 3
    return in_status("VmHWM") - before


def in_status(what):
    """Return a size of this process in bytes."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what)]
    return 1024 * int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read as Linux tells it")
@pytest.mark.parametrize("passes_on", [False, True], ids=["at zero", "passed on"])
@pytest.mark.parametrize("limits", [(), (2, 100)], ids=["free", "limited"])
def test_the_peak_of_a_step_is_that_of_its_synapses_in_a_matrix_a_thousand_times_larger(limits, passes_on):
    """From 1,000 x 1,000 to 32,000 x 32,000 pairs at 20,000 synapses: one bit a pair would be 128 MB more."""
    script = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
from test_memory import rise_of_a_step
rise_of_a_step(50, 50, 90, 25, {passes_on}, *{limits})
for n in 1_000, 32_000:
    print(rise_of_a_step(n, n, 20_000, 50, {passes_on}, *{limits}))
"""
    # Blocks of more than a page or so go back to the system when they are freed, so that none hides in another's place.
    thrifty = os.environ | {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "16384"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120, env=thrifty
    )
    small, large = map(int, done.stdout.split())
    # Measured: 0.4 to 1.8 MB; the two differ by less than 0.2 MB. The fan-in of each neuron may take 0.25 MB more; one
    # bit for each neuron and core would take 2.5 MB.
    assert 0 < small < 3_000_000
    assert large - small < 1_000_000
