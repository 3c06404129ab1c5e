"""Whole shares of a budget: over the projections of a network by their sizes, or over anything by weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from neurosparse.errors import BadInput


def total_pairs(sizes: Sequence[int]) -> int:
    """Return how many pairs of neurons the neighbouring layers of a chain have."""
    return sum(pre * post for pre, post in pairwise(sizes))


def too_many(synapses: int, pairs: int) -> dict[str, str]:
    """Return the numbers of more synapses than there are pairs of neurons."""
    return {"asked": f"{synapses:,}", "pairs": f"{pairs:,}", "too much": f"{synapses - pairs:,}"}


def split_budget(sizes: Sequence[int], synapses: int) -> tuple[int, ...]:
    """Return how many of the synapses each projection of a chain of layers gets (see `split_over`).

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, input to output, at least two.
    synapses : int
        What to split.

    Raises
    ------
    BadInput
        There are fewer than two layers, or more synapses than pairs of neurons, or fewer than none.
    """
    if len(sizes) < 2:
        raise BadInput(f"a network needs an input and an output layer, {len(sizes)} given")
    return split_over(list(pairwise(sizes)), synapses, "-".join(map(str, sizes)))


def split_over(matrices: Sequence[tuple[int, int]], synapses: int, network: str) -> tuple[int, ...]:
    """Return how many of the synapses each of some weight matrices gets.

    The density of a matrix is proportional to (n_pre + n_post) / (n_pre * n_post), so that small layers are
    dense and large ones sparse; what exceeds all pairs goes to the others. Source of the rule: Erdos-Renyi
    initialisation of Mocanu et al., Nature Communications 9:2383 (2018); on 784-300-100-10 it comes near
    the densities .75, 2.3 and 22.8 times p0 of Bellec et al., ICLR 2018, which it replaces for other sizes.

    Parameters
    ----------
    matrices : sequence of (int, int)
        Rows and columns of each.
    synapses : int
        What to split.
    network : str
        What the network is called in errors.

    Returns
    -------
    tuple of int
        They sum to `synapses` exactly; none is 0 where there are as many synapses as matrices.

    Raises
    ------
    BadInput
        There are more synapses than pairs of neurons, or fewer than none.
    """
    pairs = [pre * post for pre, post in matrices]
    if synapses < 0:
        raise BadInput(f"{synapses} synapses make no sense", help="at least 1")
    if synapses > sum(pairs):
        raise BadInput(
            f"the layers {network} have fewer pairs of neurons than synapses are asked for",
            numbers=too_many(synapses, sum(pairs)),
            help=f"at most {sum(pairs):,} synapses fit",
        )
    parts = list(share_out(synapses, [pre + post for pre, post in matrices], pairs))
    if synapses >= len(parts):
        while 0 in parts:
            parts[parts.index(max(parts))] -= 1
            parts[parts.index(0)] += 1
    return tuple(parts)


def share_out(total: int, weights: Sequence[int], caps: Sequence[int]) -> tuple[int, ...]:
    """Return whole numbers in proportion to `weights`, none above its cap, that sum to `total`.

    What exceeds a cap goes to the others in proportion; the last units go to the largest remainders, the earlier
    first. Where the caps sum to less than `total`, the caps are returned. Weights of 0 get nothing, unless all are 0:
    then all count the same.
    """
    parts = [0] * len(weights)
    if not any(weights):
        weights = [1] * len(weights)
    open_ = [k for k, weight in enumerate(weights) if weight]
    left = total
    while open_:
        whole = sum(weights[k] for k in open_)
        full = [k for k in open_ if left * weights[k] >= caps[k] * whole]
        if not full:
            break
        for k in full:
            parts[k] = caps[k]
        left -= sum(caps[k] for k in full)
        open_ = [k for k in open_ if k not in full]
    if open_:
        whole = sum(weights[k] for k in open_)
        for k in open_:
            parts[k] = left * weights[k] // whole
        rest = left - sum(parts[k] for k in open_)
        for k in sorted(open_, key=lambda k: (-(left * weights[k] % whole), k))[:rest]:
            parts[k] += 1
    return tuple(parts)
