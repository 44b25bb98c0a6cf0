"""Peers beside which we are measured: installed at run time into environments of their own, run in own processes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.servers import ROOT

FOLDER = ROOT / ".venv" / "peers"


def environment_with(name: str, *packages: str) -> str:
    """The Python of an environment that has these packages and nothing of ours; made where it is missing."""
    python = FOLDER / name / "bin" / "python"
    uv = ROOT / ".venv" / "bin" / "uv"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", FOLDER / name], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return str(python)


def run(python: str, *arguments: str, folder: Path) -> dict[str, Any]:
    """What a script prints as JSON in its last line; our own product finds its data in `folder`."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "APPOINTMENT_VAR_DIR": str(folder)}
    done = subprocess.run(
        [python, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
