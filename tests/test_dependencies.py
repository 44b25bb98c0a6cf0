"""What is installed is exactly what was locked (S-28); what browsers load comes out of those packages, or is ours."""

from __future__ import annotations

import re

import pytest

from tests.servers import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.name for lock in LOCKS])
def test_every_package_is_pinned_with_hashes(lock: object) -> None:
    text = (ROOT / "requirements" / str(lock)).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert (
        lines
        and [line for line in lines if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
    )


def test_everything_is_installed_by_its_hash() -> None:
    recipes = (ROOT / "Makefile").read_text()
    installs = re.findall(r"^.*(?:pip sync|pip install).*$", recipes, re.MULTILINE)
    assert len(installs) >= 5
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_no_script_or_style_of_others_is_kept_here() -> None:
    """They are built from locked packages by `manage.py build_assets`, so that an update is one of the lock."""
    kept = [path for path in (ROOT / "static").rglob("*") if path.suffix in (".js", ".css")]
    longest = {path.name: max(map(len, path.read_text().splitlines())) for path in kept}
    assert (
        kept and {name: length for name, length in longest.items() if length > 2000 or ".min." in name} == {}
    )
