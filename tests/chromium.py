"""Pages as Debian's Chromium shows them, with no network."""

import json
import shutil
import subprocess

import pytest

_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1",
)  # fmt: skip

DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"


def browse(page, scratch, *options):
    """Open the file `page` with a profile of its own under `scratch`, and return what Chromium prints."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("there is no chromium to open the page with: apt-get install -y chromium")
    command = [program, *_QUIET, f"--user-data-dir={scratch / 'chromium'}", *options, page.as_uri()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def screenshot(page, scratch, *options, size):
    """Return a picture of the page: floats (height, width, 3 or 4) from 0 to 1."""
    from matplotlib.image import imread

    target = scratch / "screenshot.png"
    browse(page, scratch, *options, f"--screenshot={target}", f"--window-size={size[0]},{size[1]}")
    return imread(target)[:, :, :3]


def asked_for(page, scratch):
    """Return the addresses that the page, not the browser on its own, asks for."""
    log = scratch / "network.json"
    browse(page, scratch, f"--log-net-log={log}", "--dump-dom")
    events = (event.get("params", {}) for event in json.loads(log.read_text())["events"])
    # A page from a file has the origin "null"; what the browser does on its own is of no origin.
    return {params["url"] for params in events if params.get("initiator") == "null" and "url" in params}
