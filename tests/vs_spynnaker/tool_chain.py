"""Run network descriptions through the real sPyNNaker on a virtual board and write down everything it booked and wrote.

A script of its own for an interpreter that has sPyNNaker and not neurosparse:

    python tool_chain.py WORK NETWORK.json...

builds each network with ``pyNN.spiNNaker`` exactly as it is described, runs it on a virtual board and writes
``NETWORK.tool.json`` beside it, in the shape of the reference vectors. WORK is an empty folder; it becomes HOME and the
working directory, so that neither the user's settings nor his folders are touched. One network's failure is written
down as its ``error`` and does not disturb the next.

A network's JSON holds ``network`` (or is it) with timestep and runtime in ms; lists lie in the npz of the same stem.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

Json = dict[str, Any]

CONFIGURATION = """[Machine]
virtual_board = True
version = {board_version}
[Mode]
mode = Production
[Reports]
keep_dataspec_database = True
write_compressed = True
max_reports_kept = 1
display_algorithm_timings = False
"""

SMALL_REGION = 1024  # bytes; a region up to this size is written down in full


# -- the network ------------------------------------------------------------------------------------------------------


def build(sim: Any, network: Json, lists: Any) -> tuple[dict[str, Any], list[Any]]:
    """Build the populations, then the projections, each in the order of the description."""
    timestep = network["timestep"]
    populations = {row["name"]: build_population(sim, row, timestep) for row in network["populations"]}
    projections = [
        build_projection(sim, row, index, populations, lists) for index, row in enumerate(network["projections"])
    ]
    return populations, projections


def build_population(sim: Any, row: Json, timestep: float) -> Any:
    """Build one population with the defaults of its model, its cores' limit and its recordings."""
    cell = getattr(sim, row["model"])(**spike_source(row, timestep))
    extra = {} if row["model"] == "SpikeSourceArray" else {"seed": 1}
    population = sim.Population(row["n"], cell, label=row["name"], **extra)
    if row.get("max_neurons_per_core") is not None:
        population.set_max_atoms_per_core(row["max_neurons_per_core"])
    if row.get("record"):
        population.record(row["record"], sampling_interval=row.get("sampling"))
    return population


def spike_source(row: Json, timestep: float) -> Json:
    """Return the parameters of a source, from ``spike_source`` (``rate=10.0`` and the like) or the keys of its own."""
    if row["model"] == "SpikeSourceArray":
        at_once = row.get("spikes_per_step", row["n"])
        if at_once in (0, row["n"]):
            return {"spike_times": [1.0] if at_once else []}
        # Core after core, so that each has a step in which as many fire as can.
        width = min(row["n"], row.get("max_neurons_per_core", row["n"]))
        steps = -(-width // at_once)
        times = [1.0 + n // width * steps + n % width // at_once for n in range(row["n"])]
        return {"spike_times": [[time * timestep] for time in times]}
    if row["model"] == "SpikeSourcePoisson":
        rate = row.get("rate")
        return {"rate": float(row["spike_source"].removeprefix("rate=")) if rate is None else rate}
    return {}


def build_projection(sim: Any, row: Json, index: int, populations: Json, lists: Any) -> Any:
    """Build one projection; a list keeps its order."""
    if row["connector"] == "FromList":
        columns = [lists[f"p{index}_{name}"] for name in ("src", "dst", "weight", "delay")]
        connector = sim.FromListConnector(np.stack([column.astype(float) for column in columns], axis=1))
        synapse = sim.StaticSynapse()
    else:
        connector = {"AllToAll": sim.AllToAllConnector, "OneToOne": sim.OneToOneConnector}[row["connector"]]()
        synapse = sim.StaticSynapse(weight=row["weight"], delay=row["delay"])
    pre, post = populations[row["pre"]], populations[row["post"]]
    return sim.Projection(pre, post, connector, synapse, receptor_type=row["receptor"])


# -- what the tool chain says -----------------------------------------------------------------------------------------


def observe(network: Json, populations: Json, projections: list[Any], compressed: Any) -> tuple[Json, Json]:
    """Return the facts of the run that has just ended, and the raw synaptic matrices by core."""
    from spynnaker.pyNN.data import SpynnakerDataView as View

    steps = View.get_plan_n_timestep()
    facts: Json = {"plan_n_timesteps": steps}
    facts["projections"] = [projection_facts(projection) for projection in projections]
    facts["populations"] = [population_facts(population._vertex) for population in populations.values()]

    regions = read_regions(Path(View.get_ds_database_path()))
    places = list(View.iterate_placemements())
    mine = [place for place in places if place.vertex.app_vertex is not None and is_application(place.vertex)]
    matrices: Json = {}
    vertices = []
    for place in mine:
        found = regions.get((place.x, place.y, place.p), [])
        vertices.append(core_facts(place, steps, found))
        matrix = [content for _, label, _, content in found if label == "SynBlocks"]
        if matrix and matrix[0]:
            matrices[f"synblocks_{place.x}_{place.y}_{place.p}"] = np.frombuffer(matrix[0], "<u4")
    facts["machine_vertices"] = vertices
    facts["system_vertices"] = system_facts([place for place in places if place not in mine], regions)
    chips = sorted({(place.x, place.y) for place in mine})
    facts["chips_used_by_application"] = [list(chip) for chip in chips]
    facts["n_application_cores"] = len(mine)
    facts["app_keys"] = key_facts()
    uncompressed = routing(View.get_uncompressed())
    facts["routing_uncompressed_counts"] = {chip: len(rows) for chip, rows in uncompressed.items()}
    facts["routing_uncompressed"] = uncompressed
    facts["routing_compressed_counts"] = {chip: len(rows) for chip, rows in routing(compressed).items()}
    facts["machine"] = machine_facts(View.get_machine())
    facts["chip_sdram_total_at_plan"] = {
        f"{x},{y}": sum(
            int(place.vertex.sdram_required.get_total_sdram(steps)) for place in places if (place.x, place.y) == (x, y)
        )
        for x, y in chips
    }
    listed = [row for row in network["projections"] if row["connector"] == "FromList"]
    if listed and len(listed) == len(network["projections"]):
        written = sum(vertex.get("n_synapses_written", 0) for vertex in vertices)
        facts["silently_dropped_synapses"] = sum(row["n_synapses"] for row in listed) - written
    return facts, matrices


def is_application(vertex: Any) -> bool:
    """Return whether a core was asked for by the network (neurons, sources, delays), not by the tools."""
    return vertex.app_vertex.__class__.__name__ in (
        "PopulationVertex",
        "SpikeSourceArrayVertex",
        "SpikeSourcePoissonVertex",
        "DelayExtensionVertex",
    )


def projection_facts(projection: Any) -> Json:
    """Return the row lengths of one projection."""
    edge, info = projection._projection_edge, projection._synapse_information
    post, pre = edge.post_vertex, edge.pre_vertex
    atoms = planned_atoms(post)
    row = post.get_max_row_info(info, atoms, edge)
    return {
        "pre": pre.label,
        "post": post.label,
        "synapse_type": info.synapse_type,
        "n_delay_stages": edge.n_delay_stages,
        "on_machine": info.may_generate_on_machine(),
        "pre_n_atoms": pre.n_atoms,
        "post_max_atoms_per_core": atoms,
        "undelayed_max_n_synapses": int(row.undelayed_max_n_synapses),
        "delayed_max_n_synapses": int(row.delayed_max_n_synapses),
        "undelayed_max_bytes": int(row.undelayed_max_bytes),
        "delayed_max_bytes": int(row.delayed_max_bytes),
        "undelayed_max_words": int(row.undelayed_max_words),
        "delayed_max_words": int(row.delayed_max_words),
        "matrix_bytes": int(pre.n_atoms * row.undelayed_max_bytes),
        "delayed_matrix_bytes": int(pre.n_atoms * edge.n_delay_stages * row.delayed_max_bytes),
        "n_connections_to_post_max": int(info.connector.get_n_connections_to_post_vertex_maximum(info)),
    }


def planned_atoms(vertex: Any) -> int:
    """Return the neurons that every core of a population is planned for."""
    return min(vertex.get_max_atoms_per_core(), vertex.n_atoms)


def population_facts(vertex: Any) -> Json:
    """Return the planned sizes of one population's cores."""
    from spynnaker.pyNN.models.neuron import PopulationVertex
    from spynnaker.pyNN.models.neuron.master_pop_table import MasterPopTableAsBinarySearch
    from spynnaker.pyNN.utilities.bit_field_utilities import get_sdram_for_bit_field_region, get_sdram_for_keys
    from spynnaker.pyNN.utilities.utility_calls import get_n_bits

    facts = {
        "label": vertex.label,
        "cls": type(vertex).__name__,
        "n_atoms": vertex.n_atoms,
        "max_atoms_per_core": vertex.get_max_atoms_per_core(),
        "splitter": type(vertex.splitter).__name__,
        "n_machine_vertices": len(vertex.machine_vertices),
    }
    if not isinstance(vertex, PopulationVertex):
        return facts
    atoms, incoming = planned_atoms(vertex), list(vertex.incoming_projections)
    shifts = vertex.get_ring_buffer_shifts()
    n_types = vertex.neuron_impl.get_n_synapse_types()
    delay = vertex.splitter.max_support_delay()
    entries = 2 ** (get_n_bits(atoms) + get_n_bits(n_types) + get_n_bits(delay))
    return facts | {
        "planned_atoms_per_core": atoms,
        "synaptic_matrix_region_bytes": int(vertex.get_synapses_size(atoms)),
        "pop_table_bytes": MasterPopTableAsBinarySearch.get_master_population_table_size(incoming),
        "bit_field_bytes": get_sdram_for_bit_field_region(incoming),
        "keys_bytes": get_sdram_for_keys(incoming),
        "synapse_expander_bytes": vertex.get_synapse_expander_size(),
        "synapse_params_bytes": vertex.get_synapse_params_size(),
        "synapse_dynamics_bytes": vertex.get_synapse_dynamics_size(atoms),
        "core_neuron_params_bytes": vertex.get_sdram_usage_for_core_neuron_params(atoms),
        "neuron_params_bytes": vertex.get_sdram_usage_for_neuron_params(atoms),
        "neuron_generation_bytes": vertex.get_sdram_usage_for_neuron_generation(atoms),
        "current_source_bytes": vertex.get_sdram_usage_for_current_source_params(atoms),
        "ring_buffer_shifts": [int(shift) for shift in shifts],
        "weight_scales": [float(scale) for scale in vertex.get_weight_scales(shifts)],
        "n_synapse_types": n_types,
        "global_weight_scale": float(vertex.neuron_impl.get_global_weight_scale()),
        "max_delay_steps": vertex.max_delay_steps,
        "max_delay_steps_incoming": vertex.max_delay_steps_incoming,
        "allow_delay_extension": vertex.allow_delay_extension,
        "use_combined_core": vertex.use_combined_core,
        "n_atom_bits": get_n_bits(atoms),
        "n_type_bits": get_n_bits(n_types),
        "splitter_max_support_delay": delay,
        "incoming_spike_buffer_size": vertex.incoming_spike_buffer_size,
        "n_recordables_neuron": len(vertex.neuron_recordables),
        "n_recordables_synapse": len(vertex.synapse_recordables),
        "ring_buffer_entries": entries,
        "ring_buffer_bytes_dtcm": 2 * entries,
        "struct_bytes_per_neuron": [
            {
                "repeat": str(struct.repeat_type),
                "n_fields": len(struct.fields),
                "words_1": struct.get_size_in_whole_words(),
            }
            for struct in vertex.neuron_impl.structs
        ],
    }


# -- one core ---------------------------------------------------------------------------------------------------------


def read_regions(path: Path) -> dict[tuple[int, int, int], list[tuple[int, str, int, bytes]]]:
    """Read the data specification: by core, each region's number, label, bytes reserved and content."""
    regions: dict[tuple[int, int, int], list[tuple[int, str, int, bytes]]] = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        query = "SELECT x, y, p, region_num, region_label, size, content FROM region ORDER BY x, y, p, region_num"
        for x, y, p, number, label, size, content in database.execute(query):
            regions.setdefault((x, y, p), []).append((number, label, size, content or b""))
    database.close()
    return regions


def core_facts(place: Any, steps: int, regions: list[tuple[int, str, int, bytes]]) -> Json:
    """Return what is booked for one core and what its data specification reserves and writes."""
    vertex = place.vertex
    booked = vertex.sdram_required
    facts = {
        "label": vertex.label,
        "cls": type(vertex).__name__,
        "x": place.x,
        "y": place.y,
        "p": place.p,
        "sdram_fixed": int(booked.fixed),
        "sdram_per_timestep": float(booked.per_timestep),
        "sdram_total_at_plan": int(booked.get_total_sdram(steps)),
        "app_vertex": vertex.app_vertex.label,
        "slice": [int(vertex.vertex_slice.lo_atom), int(vertex.vertex_slice.hi_atom)],
        "binary": vertex.get_binary_file_name(),
    }
    if hasattr(booked, "regions"):
        facts["sdram_regions"] = {
            str(int(region)): {"fixed": int(sdram.fixed), "per_timestep": float(sdram.per_timestep)}
            for region, sdram in booked.regions.items()
        }
    facts["ds_regions"] = [region_facts(*region) for region in regions]
    contents = {label: content for _, label, _, content in regions}
    table = decode_table(contents["PopTable"]) if contents.get("PopTable") else None
    if table is not None:
        facts["pop_table"] = table
    facts["ds_total_reserved"] = sum(region["size"] for region in facts["ds_regions"])
    facts["ds_total_written"] = sum(region["written"] for region in facts["ds_regions"])
    facts["keys"] = core_keys(vertex)
    if table is not None and contents.get("SynBlocks"):
        facts |= matrix_facts(np.frombuffer(contents["SynBlocks"], "<u4"), table)
    return facts


def region_facts(number: int, label: str, size: int, content: bytes) -> Json:
    """Return one region of a data specification."""
    facts: Json = {"region": number, "label": label, "size": size, "written": len(content)}
    if content:
        facts["sha256"] = hashlib.sha256(content).hexdigest()
        if len(content) <= SMALL_REGION:
            facts["hex"] = content.hex()
    return facts


def core_keys(vertex: Any) -> Json:
    """Return the key and mask that a core sends with, by partition."""
    from spynnaker.pyNN.data import SpynnakerDataView as View

    infos = View.get_routing_infos()
    return {
        name: {"key": int(info.key), "mask": int(info.mask)}
        for name in infos.get_partitions_from(vertex)
        for info in [infos.get_info_from(vertex, name)]
    }


def decode_table(content: bytes) -> Json:
    """Decode a master population table (C: population_table.h; Python: master_pop_table.py)."""
    words = np.frombuffer(content, "<u4").tolist()
    n_entries, n_addresses = words[:2]
    entries = []
    for i in range(n_entries):
        key, mask, start, cores, neurons = words[2 + 5 * i : 7 + 5 * i]
        entries.append(
            {
                "key": key,
                "mask": mask,
                "start": start & 0x1FFF,
                "n_colour_bits": (start >> 13) & 0x7,
                "count": start >> 16,
                "core_mask": cores & 0xFFFF,
                "mask_shift": cores >> 16,
                "n_neurons": neurons & 0xFFFF,
                "n_words": neurons >> 16,
            }
        )
    addresses = [
        {"row_length": word & 0xFF, "address16": word >> 8, "invalid": word >> 8 == 0xFFFFFF}
        for word in words[2 + 5 * n_entries : 2 + 5 * n_entries + n_addresses]
    ]
    return {"n_entries": n_entries, "n_addresses": n_addresses, "entries": entries, "addresses": addresses}


def matrix_facts(words: np.ndarray, table: Json) -> Json:
    """Return layout, count and hash of one core's synaptic matrices.

    The order of the synapses within a row is that of an unstable sort, so the hash is taken with the words of every row
    sorted. Only static rows (no plastic words) are looked into.
    """
    blocks = sorted((a["address16"] * 4, a["row_length"] + 1) for a in table["addresses"] if not a["invalid"])
    ends = [start for start, _ in blocks[1:]] + [words.size]
    canonical, written, layout = words.copy(), 0, []
    for (start, row_words), end in zip(blocks, ends, strict=True):
        stride = row_words + 3
        n_rows = (end - start) // stride
        rows = canonical[start : start + n_rows * stride].reshape(n_rows, stride)
        if rows[:, 0].any() or rows[:, 2].any():
            return {}
        counts = rows[:, 1]
        body = rows[:, 3:]
        padded = np.where(np.arange(row_words) < counts[:, None], body, np.uint64(1 << 32))
        ordered = np.sort(padded, axis=1)
        rows[:, 3:] = np.where(ordered == 1 << 32, 0, ordered)
        written += int(counts.sum())
        layout.append({"offset": 4 * start, "n_rows": n_rows, "row_words": row_words})
    return {
        "synblocks_canonical_sha256": hashlib.sha256(canonical.tobytes()).hexdigest(),
        "n_synapses_written": written,
        "synblocks_layout": layout,
    }


# -- the machine ------------------------------------------------------------------------------------------------------


def system_facts(places: list[Any], regions: Json) -> Json:
    """Return the monitor cores, by class."""
    facts: Json = {}
    for place in places:
        vertex = place.vertex
        row = facts.setdefault(
            type(vertex).__name__,
            {
                "count": 0,
                "sdram_fixed": int(vertex.sdram_required.fixed),
                "per_timestep": int(vertex.sdram_required.per_timestep),
                "ds_regions": [
                    [number, label, size] for number, label, size, _ in regions.get((place.x, place.y, place.p), [])
                ],
            },
        )
        row["count"] += 1
    return facts


def key_facts() -> list[Json]:
    """Return the keys of the populations that send, in the order of their numbers."""
    from pacman.model.graphs.application import ApplicationVertex
    from spynnaker.pyNN.data import SpynnakerDataView as View

    infos = View.get_routing_infos()
    rows = [
        {
            "vertex": info.vertex.label,
            "partition": info.partition_id,
            "key": int(info.key),
            "mask": int(info.mask),
            "n_bits_atoms": int(info.n_bits_atoms),
        }
        for info in infos
        if isinstance(info.vertex, ApplicationVertex) and is_spiking(info.vertex)
    ]
    return sorted(rows, key=lambda row: row["key"])


def is_spiking(vertex: Any) -> bool:
    """Return whether an application vertex is one of the network's own."""

    class Core:
        app_vertex = vertex

    return is_application(Core)


def routing(tables: Any) -> Json:
    """Return the entries of every chip's multicast table."""
    return {
        f"{table.x},{table.y}": [
            {
                "key": int(entry.key),
                "mask": int(entry.mask),
                "cores": sorted(entry.processor_ids),
                "links": sorted(entry.link_ids),
                "default": bool(entry.defaultable),
            }
            for entry in table.multicast_routing_entries
        ]
        for table in tables
    }


def machine_facts(machine: Any) -> Json:
    """Return the size of the virtual machine."""
    from spynnaker.pyNN.data import SpynnakerDataView as View

    return {
        "n_chips": machine.n_chips,
        "total_cores": machine.total_cores,
        "sdram_per_chip": sorted({chip.sdram for chip in machine.chips}),
        "monitor_cores_per_chip": View.get_all_monitor_cores(),
        "ethernet_monitor_cores": View.get_ethernet_monitor_cores(),
    }


# -- running ----------------------------------------------------------------------------------------------------------


def run(sim: Any, network: Json, lists: Any) -> tuple[Json, Json]:
    """Build and run one network; whatever the tool chain raises becomes the ``error`` of its facts."""
    from spynnaker.pyNN.data import SpynnakerDataView as View

    Path("spynnaker.cfg").write_text(CONFIGURATION.format(board_version=network["board_version"]))
    started = time.perf_counter()
    error, matrices = None, {}
    try:
        sim.setup(timestep=network["timestep"])
        with Compressed() as compressed:
            populations, projections = build(sim, network, lists)
            sim.run(network["runtime"])
    except Exception as fault:
        causes = [[type(cause).__name__, str(cause)] for cause in chain(fault)]
        error = {"type": causes[0][0], "message": causes[0][1], "cause": causes}
    facts = {"error": error, "run_seconds": round(time.perf_counter() - started, 2)}
    if error is None:
        observed, matrices = observe(network, populations, projections, compressed.tables)
        facts |= observed
    if not View.is_shutdown():  # a failed run has ended itself
        sim.end()
    return facts, matrices


class Compressed:
    """While open, keeps the compressed routing tables, which the tool chain otherwise forgets after its report."""

    def __enter__(self) -> Compressed:
        from spinn_front_end_common.interface.abstract_spinnaker_base import AbstractSpinnakerBase as Base

        self.owner, self.report, self.tables = Base, Base._report_compressed, None

        def report(tool: Any, tables: Any) -> None:
            self.tables = tables
            self.report(tool, tables)

        Base._report_compressed = report
        return self

    def __exit__(self, *_: object) -> None:
        self.owner._report_compressed = self.report


def chain(fault: BaseException | None) -> Iterable[BaseException]:
    """Yield an exception and the causes it was raised from."""
    while fault is not None:
        yield fault
        fault = fault.__cause__


def plain(value: Any) -> Any:
    """Return a numpy scalar as the vectors hold it: a truth value in words, a number as a number."""
    return str(value) if isinstance(value, np.bool_) else int(value)


def main(arguments: list[str]) -> None:
    """Run the networks of the command line."""
    work, paths = Path(arguments[0]), [Path(argument).resolve() for argument in arguments[1:]]
    work.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = str(work.resolve())
    os.chdir(work)
    Path(".spynnaker.cfg").touch()  # without it the first run of all only writes this file and aborts
    import pyNN.spiNNaker as sim

    for path in paths:
        document = json.loads(path.read_text())
        network = document.get("network", document)
        npz = path.with_suffix(".npz")
        lists = np.load(npz) if npz.exists() else {}
        facts, matrices = run(sim, network, lists)
        if matrices:
            np.savez(path.with_suffix(".tool.npz"), **matrices)
        unfinished = path.with_suffix(".tool.part")
        unfinished.write_text(json.dumps({"network": network} | facts, default=plain))
        unfinished.replace(path.with_suffix(".tool.json"))


if __name__ == "__main__":
    main(sys.argv[1:])
