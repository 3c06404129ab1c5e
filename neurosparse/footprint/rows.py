"""How long the synaptic rows of given connections are: what the tool chain books, and what they really hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurosparse.description.connectors import AllToAll, Connector, FixedProbability, FromList, OneToOne


@dataclass(frozen=True)
class Rows:
    """The rows of one projection, undelayed or behind a delay extension.

    Attributes
    ----------
    booked : int
        Synapses that the tool chain gives every row; 0 where it makes no rows.
    longest : int
        Synapses of the longest row there really is: the most from one source onto one core.
    source, core : int or None
        Where that row is; None where there is none, or where all are alike or yet to be drawn.
    """

    booked: int
    longest: int
    source: int | None = None
    core: int | None = None


def rows_between(connector: Connector, n_pre: int, n_post: int, width: int, shortest: float, longest: float) -> Rows:
    """Return the rows of the synapses whose rounded delays (ms) lie between `shortest` and `longest`, both included.

    Parameters
    ----------
    n_pre, n_post : int
        Neurons of source and target.
    width : int
        Neurons of a full slice of the target.

    Source: ``get_n_connections_from_pre_vertex_maximum`` of the connectors in
    spynnaker/pyNN/models/neural_projections/connectors/, sPyNNaker 1!7.4.1.
    """
    if isinstance(connector, FromList):
        return _rows_of_list(connector, n_post, width, shortest, longest)
    if not shortest <= connector.delay <= longest:
        return Rows(0, 0)
    match connector:
        case AllToAll():
            return Rows(width, width)
        case OneToOne():
            return Rows(1, 1)
        case FixedProbability(p=p):
            bound = probable_maximum(n_pre * n_post, width, p)
            return Rows(bound, bound)


def fan_in(connector: Connector, n_pre: int, n_post: int) -> int:
    """Return the most synapses onto one neuron, or their probable bound where they are yet to be drawn."""
    match connector:
        case FromList():
            return int(np.bincount(connector.target).max()) if len(connector) else 0
        case AllToAll():
            return n_pre
        case OneToOne():
            return 1
        case FixedProbability(p=p):
            return probable_maximum(n_pre * n_post, n_pre, p)


def in_whole_steps(connector: Connector, timestep: float) -> Connector:
    """Return a connector with its delays (ms) as the tool chain takes them: rounded to whole timesteps, down to none.

    Sources: from_list_connector.py:441-444 and abstract_synapse_dynamics.py:158-185, sPyNNaker 1!7.4.1.
    """
    delay = np.rint(connector.delay / timestep) * timestep
    if np.array_equal(delay, connector.delay):
        return connector
    if isinstance(connector, FromList):
        return replace(connector, delay=delay)
    return replace(connector, delay=float(delay))


def longest_delay(connector: Connector, timestep: float) -> float:
    """Return the longest delay (ms), rounded; of an empty list one timestep, the default of a synapse."""
    delay = connector.delay
    if isinstance(connector, FromList):
        delay = float(connector.delay.max()) if len(connector) else timestep
    return float(np.rint(delay / timestep) * timestep)


def in_steps(delay: np.ndarray, timestep: float) -> np.ndarray:
    """Return delays (ms) as whole timesteps, as floats, at least 1 (from_list_connector.py:441-444)."""
    return np.maximum(np.rint(delay / timestep), 1.0)


def probable_maximum(pairs: int, trials: int, p: float, chance: float = 1e-4) -> int:
    """Return how many of `trials` the tool chain takes for the most that are drawn with probability `p`.

    Source: ``get_probable_maximum_selected``, spynnaker/pyNN/utilities/utility_calls.py:225-242, with the chance that
    fixed_probability_connector.py gives.
    """
    from scipy.stats import binom

    return int(binom.ppf(1.0 - chance / pairs, trials, p))


def _rows_of_list(connector: FromList, n_post: int, width: int, shortest: float, longest: float) -> Rows:
    """Return the rows of a list of synapses.

    The tool chain reckons the length on groups that it cuts from the list in its given order, at the places where the
    sources change in the sorted one: right where the list is sorted by source, else too long or too short.
    Source: ``__numpy_group``, from_list_connector.py:273-283.
    """
    source, target = connector.source, connector.target
    if len(connector) and (shortest > connector.delay.min() or connector.delay.max() > longest):
        chosen = (connector.delay >= shortest) & (connector.delay <= longest)
        source, target = source[chosen], target[chosen]
    if not source.size:
        return Rows(0, 0)
    n_cores = -(-n_post // width)
    core = target // np.int32(width)
    length, fullest = _largest(source, core, n_cores)
    booked = length
    if np.any(source[1:] < source[:-1]):
        per_source = np.bincount(source)
        groups = np.repeat(np.arange(per_source.size, dtype=np.int32), per_source)
        booked, _ = _largest(groups, core, n_cores)
    return Rows(booked, length, *divmod(fullest, n_cores))


def row_lengths(connector: FromList, n_post: int, width: int) -> np.ndarray:
    """Return the synapses of every row that has any: int64, one for each source and core of the target."""
    n_cores = -(-n_post // width)
    place = connector.source.astype(np.int64) * n_cores + connector.target // np.int32(width)
    place.sort()
    starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1]))) if place.size else place
    return np.diff(np.append(starts, place.size))


def _largest(group: np.ndarray, core: np.ndarray, n_cores: int) -> tuple[int, int]:
    """Return the largest number of synapses of one group on one core, and ``group * n_cores + core`` of it."""
    place = group.astype(np.int64) * n_cores + core
    if (int(group.max()) + 1) * n_cores <= 4 * place.size + 65_536:
        counts = np.bincount(place)
        return int(counts.max()), int(counts.argmax())
    place.sort()
    starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
    counts = np.diff(np.append(starts, place.size))
    most = int(counts.argmax())
    return int(counts[most]), int(place[starts[most]])


@dataclass(frozen=True)
class BookedMatrix:
    """The rows that the tool chain has given a projection.

    Attributes
    ----------
    n_pre, n_post, width : int
        Neurons of source and target, and of a full slice of the target.
    slots, stages : int
        What the ring buffers reach (timesteps), and the stages of the delay extension.
    undelayed, delayed : int
        Synapses that a row has room for.
    """

    n_pre: int
    n_post: int
    width: int
    slots: int
    stages: int
    undelayed: int
    delayed: int


def lost_synapses(connector: FromList, booked: BookedMatrix, timestep: float) -> int:
    """Return how many synapses of a list the tool chain leaves out without a word.

    Rows are cut where they are longer than booked, which happens to lists that are not sorted by source; and rows of
    the delay extension that are numbered past the last are not written, which happens to sources on several cores
    that are held back in two stages or more.
    Sources: abstract_sdram_synapse_dynamics.py:94-113 and synapse_io.py:297-319, sPyNNaker 1!7.4.1.
    """
    if not len(connector) or (booked.stages < 2 and not np.any(connector.source[1:] < connector.source[:-1])):
        return 0
    steps = in_steps(connector.delay, timestep)
    core = connector.target // np.int32(booked.width)
    n_cores = -(-booked.n_post // booked.width)
    late = steps > booked.slots
    lost = _cut_off(connector.source[~late], core[~late], n_cores, booked.undelayed)
    if late.any():
        row = delayed_row(connector.source[late], steps[late], booked.slots, booked.stages, booked.width)
        written = row < booked.n_pre * booked.stages
        lost += int(np.count_nonzero(~written)) + _cut_off(row[written], core[late][written], n_cores, booked.delayed)
    return lost


def delayed_row(source: np.ndarray, steps: np.ndarray, slots: int, stages: int, width: int) -> np.ndarray:
    """Return the row of each synapse in the matrix behind the delay extension.

    The number of a source's core is reckoned with the neurons on a core of the target, as the tool chain does.
    Source: spynnaker/pyNN/models/neuron/synapse_io.py:294-305, sPyNNaker 1!7.4.1.
    """
    stage = np.floor((steps - 1.0) / slots).astype(np.int64)
    core = source.astype(np.int64) // width
    return core * width * stages + (stage - 1) * width + (source - core * width)


def _cut_off(row: np.ndarray, core: np.ndarray, n_cores: int, booked: int) -> int:
    """Return how many synapses are beyond the booked length of their row."""
    _, counts = np.unique(row.astype(np.int64) * n_cores + core, return_counts=True)
    return int(np.maximum(counts - booked, 0).sum())
