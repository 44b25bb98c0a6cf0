"""docs/checks.md names tests that exist, for every promise of the tables it has."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

from tests.servers import ROOT

ROW = re.compile(r"^\| (?P<id>[A-Z]{1,3}-\d\d) \| (?P<promise>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
ROWS = list(ROW.finditer((ROOT / "docs" / "checks.md").read_text()))
LAST = {"UX": 18, "AX": 17, "S": 30, "BK": 12}


@cache
def functions_of(path: str) -> set[str]:
    file = ROOT / "tests" / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module(body=[], type_ignores=[])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_named_test_exists() -> None:
    named = [name for row in ROWS for name in re.findall(r"`([^`]+::[^`]+)`", row["tests"])]
    missing = {name for name in named if name.split("::")[1] not in functions_of(name.split("::")[0])}
    assert missing == set()
    assert len(named) >= len(ROWS)


def test_every_promise_has_one_row_with_a_test() -> None:
    ids = Counter(row["id"] for row in ROWS)
    assert [one for one, count in ids.items() if count > 1] == []
    assert [row["id"] for row in ROWS if "::" not in row["tests"]] == []
    assert {f"{kind}-{n:02}" for kind, last in LAST.items() for n in range(1, last + 1)} - set(ids) == set()


def test_what_security_names_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    paths = re.findall(r"`((?:tests|requirements|docs)/[^`]*)`", text)
    targets = re.findall(r"`make (\w+)`", text)
    assert len(paths) >= 3 and len(targets) >= 2
    assert [path for path in paths if not (ROOT / path).exists()] == []
    recipes = (ROOT / "Makefile").read_text()
    assert [target for target in targets if not re.search(rf"^{target}:", recipes, re.MULTILINE)] == []
