"""A footprint put beside what the real tool chain booked and wrote: fields by the names of its recorded vectors."""

import hashlib
from collections import Counter

from neurosparse.description.connectors import FixedProbability
from neurosparse.export import packing
from neurosparse.footprint.router_tables import LINKS, router_tables
from neurosparse.footprint.routers import router_entries
from neurosparse.mapping.cost import total

# The region numbers of a core of neurons (spynnaker/pyNN/models/neuron/population_machine_vertex.py).
REGIONS = {
    "0": "system", "1": "core_params", "2": "neuron_params", "3": "current_sources", "4": "synapse_params",
    "5": "population_table", "6": "synaptic_matrix", "9": "recording_metadata", "10": "provenance", "11": "profiler",
    "12": "expander", "13": "neuron_builder", "14": "bit_field", "15": "recording", "16": "initial_values",
    "18": "recorded_data",
}  # fmt: skip
# Regions the model has no name for, and that are empty with static synapses.
EMPTY = ("7", "8")
# The labels of the data specification, where a region of the model goes by one.
LABELS = {
    "System": "system", "SYSTEM": "system", "setup": "system", "CONFIGURATION": "configuration",
    "RECORDING": "recording", "Recording": "recording", "Provenance": "provenance",
    "Neuron Core Params": "core_params", "neuron_params": "neuron_params", "CurrentSourceParams": "current_sources",
    "SynapseParams": "synapse_params", "PopTable": "population_table", "SynBlocks": "synaptic_matrix",
    "neuron recording": "recording_metadata", "profilerRegion": "profiler", "ConnectorBuilderRegion": "expander",
    "neuron_builder": "neuron_builder", "bit_field region": "bit_field", "initial_values": "initial_values",
    "PoissonParams": "poisson_params", "PoissonRates": "poisson_rates", "sdram edge params": "sdram_edge",
    "Expander": "expander", "delay_params": "delay_params",
}  # fmt: skip
# All that is left of the chip goes to it.
UNBOUNDED = ("SEND_BUFFER",)


class Comparison:
    """What was compared, by the name of the field, and every difference."""

    def __init__(self):
        self.fields = Counter()
        self.differences = []

    def check(self, field, where, ours, theirs):
        self.fields[field] += 1
        if ours != theirs:
            self.differences.append(f"{field} of {where}: ours {ours!r}, theirs {theirs!r}")


def compare(footprint, vector):
    """Return the comparison of a footprint with a vector."""
    result = Comparison()
    result.check("plan_n_timesteps", "network", footprint.timesteps, vector["plan_n_timesteps"])
    result.check("n_application_cores", "network", len(footprint.cores), vector["n_application_cores"])
    chips = sorted({(core.x, core.y) for core in footprint.cores})
    theirs = sorted(tuple(xy) for xy in vector["chips_used_by_application"])
    result.check("chips_used_by_application", "network", chips, theirs)
    if "machine" in vector:
        n_chips = footprint.boards * footprint.profile.board.chips
        result.check("machine.n_chips", "network", n_chips, vector["machine"]["n_chips"])
    sdram = {f"{x},{y}": usage.used for (x, y), usage in footprint.chips.items()}
    result.check(
        "chip_sdram_total_at_plan", "network", sdram, {k: int(v) for k, v in vector["chip_sdram_total_at_plan"].items()}
    )
    keys = [(name, block.key, block.mask, block.atom_bits) for name, block in footprint.keys.items()]
    app_keys = [(k["vertex"], k["key"], k["mask"], k["n_bits_atoms"]) for k in vector["app_keys"]]
    result.check("app_keys", "network", keys, app_keys)
    lost = sum(projection.lost for projection in footprint.projections)
    if vector.get("silently_dropped_synapses") is not None:
        result.check("silently_dropped_synapses", "network", lost, vector["silently_dropped_synapses"])
    for ours, theirs in zip(footprint.projections, vector["projections"], strict=True):
        _compare_projection(result, ours, theirs, footprint)
    populations = {p["label"]: p for p in vector["populations"]}
    for population in footprint.populations:
        _compare_population(result, footprint, population, populations[population.name])
    _compare_cores(result, footprint, vector)
    compare_routers(result, footprint, vector)
    return result


def compare_routers(result, footprint, vector):
    """Compare the entries of every router: how many, and what they are where the vector tells."""
    uses = router_entries(footprint)
    for field, entries in {
        "routing_uncompressed_counts": {f"{x},{y}": use.before for (x, y), use in uses.items()},
        "routing_compressed_counts": {f"{x},{y}": use.after for (x, y), use in uses.items()},
    }.items():
        result.check(field, "network", entries, vector[field])
    if "routing_uncompressed" in vector:
        ours = {f"{x},{y}": [told(entry) for entry in table] for (x, y), table in router_tables(footprint).items()}
        result.check("routing_uncompressed", "network", ours, vector["routing_uncompressed"])


def told(entry):
    """Return an entry of a router as the vectors tell it."""
    return {
        "key": entry.key,
        "mask": entry.mask,
        "cores": [p for p in range(32 - LINKS) if entry.route >> LINKS + p & 1],
        "links": [link for link in range(LINKS) if entry.route >> link & 1],
        "default": entry.default,
    }


def _compare_projection(result, ours, theirs, footprint):
    where = f"projection {ours.index}"
    for field, value in {
        "pre": ours.pre,
        "post": ours.post,
        "synapse_type": ours.receptor,
        "n_delay_stages": ours.stages,
        "pre_n_atoms": footprint.population(ours.pre).neurons,
        "post_max_atoms_per_core": footprint.population(ours.post).width,
        "undelayed_max_n_synapses": ours.undelayed.booked,
        "delayed_max_n_synapses": ours.delayed.booked,
        "undelayed_max_words": ours.undelayed.booked,
        "delayed_max_words": ours.delayed.booked,
        "undelayed_max_bytes": ours.row_bytes,
        "delayed_max_bytes": ours.delayed_row_bytes,
        "matrix_bytes": ours.matrix_bytes,
        "delayed_matrix_bytes": ours.delayed_matrix_bytes,
        "n_connections_to_post_max": ours.fan_in,
    }.items():
        result.check(field, where, value, theirs[field])


def _compare_population(result, footprint, ours, theirs):
    where = f"population {ours.name}"
    cores = footprint.cores_of(ours.name)
    result.check("n_machine_vertices", where, len(cores), theirs["n_machine_vertices"])
    if "planned_atoms_per_core" not in theirs:
        return
    booked = {name: booking.fixed for name, booking in cores[0].booked.items()}
    for field, value in {
        "planned_atoms_per_core": ours.width,
        "synaptic_matrix_region_bytes": booked["synaptic_matrix"],
        "pop_table_bytes": booked["population_table"],
        "bit_field_bytes": booked["bit_field"],
        "synapse_expander_bytes": booked["expander"],
        "synapse_params_bytes": booked["synapse_params"],
        "core_neuron_params_bytes": booked["core_params"],
        "neuron_params_bytes": booked["neuron_params"],
        "neuron_generation_bytes": booked["neuron_builder"],
        "ring_buffer_shifts": list(ours.shifts),
        "weight_scales": list(ours.scales),
        "splitter_max_support_delay": ours.delay_slots,
        "ring_buffer_bytes_dtcm": ours.ring_buffer_bytes,
    }.items():
        result.check(field, where, value, theirs[field])


def _compare_cores(result, footprint, vector):
    theirs = {(v["app_vertex"], tuple(v["slice"])): v for v in vector["machine_vertices"]}
    ours = {(core.population, (core.start, core.stop - 1)): core for core in footprint.cores}
    result.check("slices", "network", sorted(ours), sorted(theirs))
    drawn = {
        projection.post
        for projection in footprint.network.projections
        if isinstance(projection.connector, FixedProbability)
    }
    for place, core in ours.items():
        if place in theirs:
            _compare_core(result, footprint, core, theirs[place], core.population in drawn)


def _compare_core(result, footprint, core, theirs, drawn):
    where = f"core {core.population} {core.start}-{core.stop - 1}"
    result.check("placement", where, (core.x, core.y, core.p), (theirs["x"], theirs["y"], theirs["p"]))
    result.check("sdram_fixed", where, total(core.booked, 0), theirs["sdram_fixed"])
    per_step = sum(booking.per_step for booking in core.booked.values())
    result.check("sdram_per_timestep", where, per_step, theirs["sdram_per_timestep"])
    result.check("sdram_total_at_plan", where, total(core.booked, footprint.timesteps), theirs["sdram_total_at_plan"])
    for number, cost in theirs.get("sdram_regions", {}).items():
        booking = core.booked.get(REGIONS.get(number, ""), (0, 0))
        assert number in REGIONS or number in EMPTY, number
        result.check("sdram_regions", f"{where} region {number}", tuple(booking), (cost["fixed"], cost["per_timestep"]))
    for region in theirs["ds_regions"]:
        if region["label"] not in UNBOUNDED:
            name = LABELS[region["label"]]
            result.check("ds_regions.size", f"{where} {name}", core.reserved.get(name), region["size"])
    if theirs.get("keys"):
        result.check("keys", where, core.key, theirs["keys"]["SPIKE"]["key"])
    table = next((r for r in theirs["ds_regions"] if r["label"] == "PopTable"), None)
    if table is not None:
        packed = packing.population_table(footprint, core.population)
        result.check("PopTable.sha256", where, hashlib.sha256(packed).hexdigest(), table["sha256"])
    blocks = next((r for r in theirs["ds_regions"] if r["label"] == "SynBlocks"), None)
    if blocks is None or drawn:
        return
    words = packing.synaptic_matrix(footprint, core)
    result.check("SynBlocks.written", where, words.nbytes, blocks["written"])
    if "synblocks_canonical_sha256" in theirs:
        digest = hashlib.sha256(words.astype("<u4").tobytes()).hexdigest()
        result.check("synblocks_canonical_sha256", where, digest, theirs["synblocks_canonical_sha256"])
