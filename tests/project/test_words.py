"""What scripts and Python say to people can be said in every language."""

from __future__ import annotations

import re
from pathlib import Path

from scheduling.script_words import OF_GUESTS, OF_PAGES

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(r"gettext\('((?:[^'\\]|\\.)*)'")


def said_in(*scripts: Path) -> set[str]:
    return {text for path in scripts for text in SAID.findall(path.read_text())}


def test_pages_carry_every_text_of_their_scripts_and_no_other() -> None:
    guests = ROOT / "static" / "book.js"
    pages = [path for path in (ROOT / "static").glob("*.js") if path != guests]
    assert said_in(*pages) == set(OF_PAGES)
    assert said_in(guests) == set(OF_GUESTS)
