"""What an installation is started by: units, image, compose file and the example of an environment say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from project.supervise import LITTLE_MEMORY

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
STARTS = re.compile(r"^ExecStart=/opt/appointment/\.venv/bin/python (.+)$", re.MULTILINE)
NOT_FOR_OPERATORS = {"APPOINTMENT_VAR_DIR"}  # units and image set it


def hardening(unit: Path) -> set[str]:
    kept = (
        "Protect",
        "Private",
        "Restrict",
        "NoNew",
        "Lock",
        "Capability",
        "SystemCall",
        "UMask",
        "StateDirectoryMode",
    )
    return {line for line in unit.read_text().splitlines() if line.startswith(kept)}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_as_closed_as_the_others_and_starts_what_exists(unit: Path) -> None:
    assert hardening(unit) == hardening(UNITS[0]) and len(hardening(unit)) >= 12
    (command,) = STARTS.findall(unit.read_text())
    assert command.startswith("-m project.web ") or command.split()[1] in get_commands()


@pytest.mark.parametrize(
    "file", ["Dockerfile", "deploy/appointment-web@.service", "deploy/appointment-worker.service"]
)
def test_web_and_worker_share_one_heap_however_they_are_started(file: str) -> None:
    text = (ROOT / file).read_text()
    assert {name for name, value in LITTLE_MEMORY.items() if f"{name}={value}" in text} == set(LITTLE_MEMORY)


def test_the_example_of_an_environment_names_every_variable() -> None:
    settings = (ROOT / "project" / "settings.py").read_text()
    read = set(re.findall(r"env\.(?!refuse)\w+\(\s*\"([A-Z_]+)\"", settings)) - NOT_FOR_OPERATORS
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert len(read) > 20 and read - example == set()


def test_compose_passes_on_only_what_the_program_knows() -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    passed = set(
        re.findall(
            r"^    ([A-Z_]+): ", (ROOT / "compose.yaml").read_text().split("services:")[0], re.MULTILINE
        )
    )
    assert len(passed) > 10 and {name.removesuffix("_FILE") for name in passed} <= known
