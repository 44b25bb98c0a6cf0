"""`sandbox`: a stand-alone sandbox Google, one process for the session, emptied for every test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandbox.client import SandboxControl

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def run_sandbox(folder: Path) -> Iterator[SandboxControl]:
    """The process on a free port, with a database of its own in `folder`."""
    with open(folder / "stderr", "w") as errors:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sync.sandbox.server",
                "--port",
                "0",
                "--database",
                str(folder / "db.sqlite3"),
            ],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, (folder / "stderr").read_text()
        yield SandboxControl(line.split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxControl]:
    with run_sandbox(tmp_path_factory.mktemp("sandbox")) as control:
        yield control


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    """An empty sandbox Google that answers over HTTP and can be made to fail."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def sandbox_database(sandbox_server: SandboxControl, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of the server's SQLite file."""
    return str(next(tmp_path_factory.getbasetemp().glob("sandbox*/db.sqlite3")))
