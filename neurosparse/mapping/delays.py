"""Delays in a plan: how far ring buffers reach, what is held back before it gets there, and what that costs in rows."""

from __future__ import annotations

from dataclasses import dataclass

from neurosparse.errors import OverBudget, shortage
from neurosparse.graph import Graph, Projection
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping import cost
from neurosparse.mapping.partition import slice_width


@dataclass(frozen=True)
class Delays:
    """How a machine of compressed rows holds connections that take 1 to `longest` timesteps.

    Attributes
    ----------
    longest : int
    slots : int
        Timesteps that the ring buffers of the target reach at most.
    """

    longest: int
    slots: int

    @property
    def stages(self) -> int:
        """Return the stages of the delay extension of the source (delay_support_adder.py:240); 0 without one."""
        return cost.ceildiv(self.longest, self.slots) - 1

    @property
    def in_a_row(self) -> int:
        """Return how many delays share a row at most.

        A row holds all that the ring buffers reach. Behind the extension every stage has a row, but each is booked for
        what all stages hold together, and for what just reaches the ring buffers as well (synapse_io.py:122-124).
        """
        return max(min(self.longest, self.slots), self.longest - self.slots + 1)

    def row_limit(self, profile: RowsProfile, width: int) -> int | None:
        """Return the most synapses of one delay with which no row is too long; None where it never is.

        Parameters
        ----------
        width : int
            Neurons of a full slice of the target.
        """
        return None if self.in_a_row * width <= profile.row.longest else profile.row.longest // self.in_a_row


def extension_of(population: str) -> str:
    """Return what the delay extension of a population is called, as the tool chain calls it."""
    return f"{population}_delayed"


def delays_of(projection: Projection, graph: Graph, profile: RowsProfile, neurons_per_core: int | None) -> Delays:
    """Return the delays of a projection; of one step where it has no others."""
    post = graph.population(projection.post)
    model = cost.neuron_model(profile, post.model)
    return Delays(projection.delays, cost.delay_slots(profile, model, slice_width(post, profile, neurons_per_core)))


def check_delays(projection: Projection, graph: Graph, profile: RowsProfile, neurons_per_core: int | None) -> None:
    """Raise OverBudget where delays are beyond what a machine reaches, its rows hold, or its tool chain writes.

    It has no help where fewer neurons on a core would do: how many is left to who knows what else has to fit.
    """
    pre, post = graph.population(projection.pre).size, graph.population(projection.post)
    model, width = cost.neuron_model(profile, post.model), slice_width(post, profile, neurons_per_core)

    def fault(longest: int, width: int) -> str | None:
        return _fault(Delays(longest, cost.delay_slots(profile, model, width)), profile, pre, width)

    longest = projection.delays
    reason = fault(longest, width)
    if reason is None:
        return
    furthest = cost.delay_slots(profile, model, width) * (profile.delay_extension.stages + 1)
    most = next(n for n in range(min(longest - 1, furthest), 0, -1) if fault(n, width) is None)
    raise OverBudget(
        f"the delays of projection {projection.name!r} are too long for {profile.name} with {width} neurons on a core:"
        f" {reason}",
        numbers=shortage(longest, most, "timesteps"),
        help=None if any(fault(longest, n) is None for n in range(1, width)) else f"delays of up to {most} fit",
    )


def _fault(delays: Delays, profile: RowsProfile, n_pre: int, width: int) -> str | None:
    """Return why a machine cannot hold delays from so many sources onto cores of so many neurons; None where it can."""
    stages = profile.delay_extension.stages
    if delays.stages > stages:
        return f"ring buffers reach {delays.slots:,}, and a delay extension has {stages} stages"
    if delays.row_limit(profile, width) == 0:
        return f"{delays.in_a_row} delays would share a synaptic row, which holds {profile.row.longest} synapses"
    if delays.stages > 1 and n_pre % width:
        # Rows past the last are numbered and never written (synapse_io.py:297-305; see footprint.rows.lost_synapses).
        return f"with {delays.stages} stages of delay extension and a last core that is not full, it loses synapses"
    return None
