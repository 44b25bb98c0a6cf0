"""A Radicale, the CalDAV server that many people host themselves, without sign-in on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers import ROOT, free_port, wait_for

PYTHON = ROOT / ".venv" / "oracle" / "bin" / "python"


@contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """Run one on the data in `folder`; yields the address of the person `ana`'s collections."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            PYTHON, "-m", "radicale", "--config", os.devnull, "--server-hosts", address,
            "--auth-type", "none", "--rights-type", "authenticated", "--logging-level", "error",
            "--server-max-content-length", "100000000", "--server-timeout", "600",
            "--storage-filesystem-folder", str(folder),
        ],
    )  # fmt: skip
    try:
        wait_for(lambda: httpx.get(f"http://{address}/.web/").status_code < 500, "Radicale", 60)
        yield f"http://ana:x@{address}/ana"
    finally:
        process.terminate()
        process.wait(20)
