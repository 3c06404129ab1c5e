"""Settings that every test shares, and the network that many look at."""

import hashlib
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Machine code is kept by the file of each kernel, so an edit to one that another has taken in would go unseen: the
# tests, and the processes they start, keep theirs in a folder named after the text of all kernels.
_kernels = Path(__file__).parent.parent / "neurosparse" / "kernels"
_digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_kernels.glob("*.py")))).hexdigest()[:16]
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"neurosparse-{os.getuid()}-{_digest}"))

# A shell has what it starts in the background ignore interrupts, and so do its children; some tests interrupt theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The first call of a kernel compiles it, so a deadline per example would measure the compiler.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def digits():
    from neurosparse.data.library import load_dataset

    return load_dataset("digits")


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """The digits network that Algorithm 1 trains: bounds on how simulators decide are those of this network."""
    from neurosparse.config import configure
    from neurosparse.run.training import start

    run = start(
        configure({"births": "anywhere", "rewire_until": 1.0, "alpha": 1e-4, "fan_in_of": "all"}),
        tmp_path_factory.mktemp("trained") / "run",
    )
    for _ in run.events():
        pass
    return run.folder.trained()
