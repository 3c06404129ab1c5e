"""A whole learning step of a chain of layers in one call: on small networks the calls cost as much as the work."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.dropout import drop_out, pass_back
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.losses import softmax_cross_entropy
from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.update import descend


@kernel
def learn(slots, seen, blocks, segment_end, deaths, biases, activations, label, law, moment, regular, preconditioner):
    """Compute forward, the loss, and one backward visit of every layer that moves its parameters.

    The layers lie one after the other in every array: rows of the store, biases and activations are numbered by
    neuron, so that the input of layer p is the rows of its projection and its output is the rows after them.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store; left with gaps where connections died.
    seen : (weight, ceiling, levels)
        What the products see, as `forward` and `descend` take it.
    blocks : int64 (n_layers, 5)
        Per projection: first row, row after the last, post neurons, post neurons a core, first core.
    segment_end : int64 (n_layers,)
        Written: the slot after the last survivor of each layer.
    deaths : (died int64 (n_cores,) or (0,), mortal bool (n_layers,))
        As `descend` takes it, and in which layers a connection that crosses zero dies.
    biases : (bias, velocity), each float32 (n_neurons - n_inputs,), the velocity (0,) without momentum
    activations : (x, dx), float32 (n_neurons, batch) and (n_neurons - n_inputs, batch)
        `x` holds the input in its first rows.
    label : int64 (n_samples,)
    law, moment
        As `descend` takes them, but for the preconditioner.
    regular : (dropout float32 (n_layers,), smoothing float32)
        The rate of dropout at the input of each layer (see `drop_out`), and the loss's smoothing.
    preconditioner : float32 (n_layers,)
        A factor on rate and shrink, and on the variance of the noise, of each layer.

    Returns
    -------
    float64, int64
        Mean loss and right decisions before the step.
    """
    row_start, target, weight, velocity = slots
    bias, bias_velocity = biases
    x, dx = activations
    dropout, smoothing = regular
    died, mortal = deaths
    rate, shrink, noise, momentum, least = law
    last = blocks.shape[0] - 1
    n_inputs = blocks[0, 1]
    for p in range(last + 1):
        row0, row1, n_post, _, _ = blocks[p]
        post = slice(row1 - n_inputs, row1 - n_inputs + n_post)
        rows = row_start[row0 : row1 + 1]
        y = x[row1 : row1 + n_post]
        if dropout[p] > np.float32(0.0):
            drop_out(x[row0:row1], dropout[p], moment, row0)
        forward(rows, target, seen, bias[post], x[row0:row1], y, p < last, (0, n_post))
    n_outputs = blocks[last, 2]
    loss, right = softmax_cross_entropy(x[x.shape[0] - n_outputs :], label, dx[dx.shape[0] - n_outputs :], smoothing)
    for p in range(last, -1, -1):
        row0, row1, n_post, width, core0 = blocks[p]
        post = slice(row1 - n_inputs, row1 - n_inputs + n_post)
        pre = slice(max(row0 - n_inputs, 0), row1 - n_inputs)  # empty for the first layer: nobody asks
        rows = (row_start[row0 : row1 + 1], target, weight, velocity)
        cores = died[core0 : core0 + (n_post + width - 1) // width * mortal[p]]
        whole = (0, row1 - row0)
        factor = preconditioner[p]
        own = (rate * factor, shrink * factor, noise * np.sqrt(factor), momentum, least)
        segment_end[p] = descend(rows, seen, x[row0:row1], dx[pre], dx[post], own, moment, whole, cores, width)
        if p > 0 and dropout[p] > np.float32(0.0):
            pass_back(dx[pre], dropout[p])
        moving = bias_velocity[post] if bias_velocity.size else bias_velocity
        descend_bias(bias[post], moving, dx[post], own[0], momentum)
    return loss, right
