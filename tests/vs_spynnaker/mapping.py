"""Run network descriptions through the mapping of the real sPyNNaker alone, and write down the entries of all routers.

A script for an interpreter that has sPyNNaker, used like tool_chain.py:

    python mapping.py WORK NETWORK.json...

It ends each run where the data of the cores would be generated, which takes most of the time of large networks.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import tool_chain


class MappedError(Exception):
    """Raised to end a run when all that is asked for is there."""


def run(sim: Any, network: tool_chain.Json, lists: Any) -> tuple[tool_chain.Json, tool_chain.Json]:
    """Map one network; whatever the tool chain raises becomes the ``error`` of its facts."""
    from spinn_front_end_common.interface.abstract_spinnaker_base import AbstractSpinnakerBase as Base
    from spynnaker.pyNN.data import SpynnakerDataView as View

    Path("spynnaker.cfg").write_text(tool_chain.CONFIGURATION.format(board_version=network["board_version"]))
    facts: tool_chain.Json = {"error": None}
    compress = Base._do_early_compression

    def observe(tool: Any, name: str) -> Any:
        compressed = compress(tool, name)
        facts["routing_uncompressed"] = tool_chain.routing(View.get_uncompressed())
        facts["routing_compressed"] = tool_chain.routing(compressed)
        raise MappedError

    Base._do_early_compression = observe
    try:
        sim.setup(timestep=network["timestep"])
        tool_chain.build(sim, network, lists)
        sim.run(network["runtime"])
    except Exception as fault:
        causes = [[type(cause).__name__, str(cause)] for cause in tool_chain.chain(fault)]
        if causes[-1][0] != MappedError.__name__:
            facts["error"] = {"type": causes[0][0], "message": causes[0][1], "cause": causes}
    finally:
        Base._do_early_compression = compress
    if not View.is_shutdown():
        sim.end()
    for name in ("uncompressed", "compressed"):
        tables = facts.get(f"routing_{name}", {})
        facts[f"routing_{name}_counts"] = {chip: len(rows) for chip, rows in tables.items()}
    return facts, {}


if __name__ == "__main__":
    tool_chain.run = run
    tool_chain.main(sys.argv[1:])
