"""Data sets from the network: known addresses, pinned checksums, whole files in the user's cache or none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from neurosparse.errors import FileFault, Unavailable
from neurosparse.registry import unknown_name


@dataclass(frozen=True)
class Remote:
    """Where the files of a data set are published.

    Attributes
    ----------
    bases : tuple of str
        Addresses of folders with the same files, tried in this order; each ends with a slash.
    files : mapping of str to str
        File name to its SHA-256, hexadecimal.
    """

    bases: tuple[str, ...]
    files: Mapping[str, str]


# The SHA-256 are of files whose MD5 are the official ones (MNIST: torchvision, `datasets/mnist.py`; Fashion-MNIST: the
# table in the README of github.com/zalandoresearch/fashion-mnist).
PUBLISHED: Mapping[str, Remote] = {
    "mnist": Remote(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "fashion-mnist": Remote(
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
    ),
}


def cache_folder() -> Path:
    """Return the folder for fetched data: NEUROSPARSE_CACHE, or where this system keeps the caches of a user."""
    if given := os.environ.get("NEUROSPARSE_CACHE"):
        return Path(given)
    import pooch

    return Path(pooch.os_cache("neurosparse"))


def fetch_dataset(name: str, say: Callable[[str], None]) -> Path:
    """Fetch a published data set into the cache, and return its folder there.

    Parameters
    ----------
    name : str
        One of `PUBLISHED`.
    say : callable
        Told, file by file, what is going on.

    Raises
    ------
    BadInput
        The name is none of those that can be fetched.
    Unavailable, FileFault
        See `fetch_files`.
    """
    if name not in PUBLISHED:
        raise unknown_name("data set to fetch", name, sorted(PUBLISHED))
    folder = cache_folder() / name
    fetch_files(PUBLISHED[name], folder, say)
    return folder


def fetch_files(remote: Remote, folder: Path, say: Callable[[str], None], *, timeout: float = 30.0) -> None:
    """Bring the files of `remote` into `folder`: each whole and with the right checksum, or not at all.

    Files that are there and right are left alone, so that a second call goes on where a first one failed.

    Parameters
    ----------
    remote : Remote
    folder : Path
        Made where it does not exist.
    say : callable
        Told, file by file, what is going on.
    timeout : float
        Seconds without an answer after which an address is given up.

    Raises
    ------
    Unavailable
        No address gave a file: no connection, an HTTP error, a transfer that broke off.
    FileFault
        A file came with another checksum, or the folder cannot be written. Nothing of that file is left behind.
    """
    import pooch

    for file, sha256 in remote.files.items():
        if (folder / file).is_file() and pooch.file_hash(str(folder / file)) == sha256:
            say(f"{file} is there")
            continue
        faults: list[FileFault | Unavailable] = []
        for base in remote.bases:
            say(f"fetching {base}{file}")
            fault = _fetch_file(base + file, sha256, folder / file, timeout)
            if fault is None:
                break
            say(fault.what)
            faults.append(fault)
        else:
            # A wrong checksum says more than a server that does not answer.
            raise next((fault for fault in faults if isinstance(fault, FileFault)), faults[-1])


def _fetch_file(url: str, sha256: str, path: Path, timeout: float) -> FileFault | Unavailable | None:
    """Fetch one file from one address; return what went wrong there, or raise where no other address would help."""
    import pooch
    from requests.exceptions import RequestException

    downloader = pooch.HTTPDownloader(timeout=timeout)
    try:
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent, downloader=downloader)
    except RequestException as fault:  # Before OSError and ValueError: it is the one and may be the other.
        return Unavailable(
            f"cannot fetch {path.name}: {_reason(fault, timeout)}",
            where=url,
            help="check the connection and try again; or put the file into a folder yourself and name that with --data",
        )
    except ValueError as fault:
        return FileFault(
            f"{path.name} came with another checksum and was thrown away",
            numbers={"needs SHA-256": sha256, "came": _found_checksum(fault, sha256)},
            where=url,
            help="try again; if it happens again, the server or something on the way changes the file",
        )
    except OSError as fault:
        raise FileFault(
            f"cannot write {path.name}: {fault.strerror or fault}",
            where=str(path.parent),
            help="free some disk space, or set NEUROSPARSE_CACHE to another folder",
        ) from fault
    return None


def _found_checksum(fault: ValueError, sha256: str) -> str:
    """Return the other checksum that the message of pooch names."""
    found = set(re.findall(r"\b[0-9a-f]{64}\b", str(fault))) - {sha256}
    return found.pop() if found else "another"


def _reason(fault: Exception, timeout: float) -> str:
    """Return in a few words why a request failed."""
    from requests import exceptions

    if isinstance(fault, exceptions.HTTPError) and fault.response is not None:
        return f"the server says {fault.response.status_code} {fault.response.reason}"
    if isinstance(fault, exceptions.Timeout):
        return f"no answer within {timeout:g} s"
    if isinstance(fault, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        return "the transfer broke off"
    if isinstance(fault, exceptions.ConnectionError):
        return "no connection to the server"
    return str(fault)
