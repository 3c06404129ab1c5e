"""Run many network files through the tool chain in a few processes at a time, whatever one of them does."""

import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("tool_chain.py")
VARIABLE = "NEUROSPARSE_SPYNNAKER"
SECONDS = 240  # that one network may take on a busy machine; most take a quarter of a second


def interpreter():
    """Return the Python that has sPyNNaker, or fail with what to do."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.fail(
            f"{VARIABLE} is not set: these tests run the real sPyNNaker. Make a virtual environment, install"
            f" 'sPyNNaker==1!7.4.1' into it and set {VARIABLE} to its python.",
            pytrace=False,
        )
    if subprocess.run([path, "-c", "import spynnaker"], capture_output=True).returncode:
        pytest.fail(f"{VARIABLE} is {path}, which cannot import spynnaker", pytrace=False)
    return path


def run_tool_chain(paths, processes=2, script=SCRIPT):
    """Return what the tool chain says about each network file, in their order.

    It tells its progress in files called process_*.log beside them.
    """
    python = interpreter()
    # The tool chain waits for its databases to be written to the disk ten times as long as it works.
    fast = next(filter(os.path.isdir, ["/dev/shm"]), None)
    with tempfile.TemporaryDirectory(dir=fast) as work, ThreadPoolExecutor(processes) as pool:
        shares = []
        for k in range(processes):
            log = paths[0].with_name(f"process_{k}.log")
            shares.append(pool.submit(run_share, (python, script), paths[k::processes], Path(work) / log.stem, log))
        for share in shares:
            share.result()
    return [json.loads(told(path).read_text()) for path in paths]


def run_share(program, paths, work, log):
    """Run networks one after the other in one process; should it die of one, the rest run in another."""
    left = list(paths)
    while left:
        with log.open("a") as output:
            command = [program[0], "-W", "ignore", program[1], work, *left]
            try:
                subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, timeout=SECONDS + 5 * len(left))
            except subprocess.TimeoutExpired:
                output.write(f"\nkilled after {SECONDS + 5 * len(left)} s\n")
        unfinished = [path for path in left if not told(path).exists()]
        if unfinished:  # the first of them is the one that it died of
            message = f"the tool chain died without a word: see {log}"
            error = {"type": "Died", "message": message, "cause": [["Died", message]]}
            told(unfinished[0]).write_text(json.dumps({"error": error}))
        left = unfinished[1:]


def told(path):
    """Return the file in which the tool chain tells about a network file."""
    return path.with_suffix(".tool.json")
