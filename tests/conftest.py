"""Settings that every test shares."""

import hashlib
import os
import tempfile
from pathlib import Path

from hypothesis import settings

# Machine code is kept by the file of each kernel, so an edit to one that another has taken in would go unseen: the
# tests, and the processes they start, keep theirs in a folder named after the text of all kernels.
_kernels = Path(__file__).parent.parent / "neurosparse" / "kernels"
_digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_kernels.glob("*.py")))).hexdigest()[:16]
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"neurosparse-{os.getuid()}-{_digest}"))

# The first call of a kernel compiles it, so a deadline per example would measure the compiler.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
