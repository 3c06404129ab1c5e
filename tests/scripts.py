"""Running exported scripts as a user does, and changing what they read."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np


def run(folder, *arguments, **environment):
    """Run the script from another working directory, with nothing of this process but the interpreter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    (folder.parent / "cwd").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-I", str(folder / "network.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder.parent / "cwd",
        env=kept | environment,
        check=False,
    )


def arrays_of(folder):
    """Return the arrays of an export."""
    with np.load(folder / "network.npz") as archive:
        return {name: archive[name] for name in archive.files}


def rewrite(folder, **changed):
    """Exchange arrays of an export and make its manifest agree, as an honest but wrong export would."""
    np.savez(folder / "network.npz", **(arrays_of(folder) | changed))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["arrays"]["sha256"] = hashlib.sha256((folder / "network.npz").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
