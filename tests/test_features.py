"""docs/features.md names the tests that hold each feature: every one of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "features.md"
TEST = re.compile(r"`(test_\w+)`")


def rows() -> dict[str, list[tuple[str, str]]]:
    """feature → (file, test) pairs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith("| ") or line.startswith(("| feature |", "| --- |")):
            continue
        feature, held_by = line.strip("| ").split(" | ")
        pairs = []
        for part in held_by.split("; "):
            file = part.split("`")[1]
            pairs += [(file, name) for name in TEST.findall(part)]
        found[feature] = pairs
    return found


def test_every_feature_has_tests_that_are_there() -> None:
    table = rows()
    assert len(table) > 60
    files = {file for pairs in table.values() for file, _test in pairs}
    there = {
        (file, node.name)
        for file in files
        for node in ast.walk(ast.parse((ROOT / "tests" / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {feature for feature, pairs in table.items() if not pairs} == set()
    assert {pair for pairs in table.values() for pair in pairs} - there == set()


def test_the_rows_of_the_checklist_are_complete() -> None:
    wanted = {f"OP-{n:02}" for n in range(1, 13)} | {"S-10", "S-16", *(f"S-{n}" for n in range(20, 27))}
    assert wanted <= {feature.split()[0] for feature in rows()}


def test_nothing_is_written_as_a_table_for_spreadsheets() -> None:
    """S-24: were there one, cells that begin with = + - @ would have to be made harmless."""
    offenders = [
        str(path)
        for app in ("project", "scheduling", "sync")
        for path in (ROOT / app).rglob("*.py")
        if re.search(
            r"^(import csv|from csv|import openpyxl|from openpyxl)|text/csv", path.read_text(), re.MULTILINE
        )
    ]
    assert offenders == []
