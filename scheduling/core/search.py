"""What people type into a search field, as words to look for, and where they stand in a text.

Words are compared without case and diacritics and match the beginning of a word. What is written with punctuation in
it (`e-mail`, `ana@example.com`, `10:30`) is its parts, one after the other.

Invariants:
- any text is a search; what holds no letter or digit is left out
- the segments of a text are the text
- a found word is marked as far as it was typed
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.core.event import clean_text

LONGEST = 200
MOST_WORDS = 12
PART = re.compile(r"[^\W_]+")
# Those of Latin letters, as SQLite's index does it; the marks of other scripts make other letters.
LETTER = re.compile("[\\s\\S][\u0300-\u036f]*")
DIACRITICS = re.compile("(?<=[a-z])[\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text, marked where it was found."""

    text: str
    is_found: bool


def fold(text: str) -> str:
    """`text` without case and without the diacritics of Latin letters, as the databases' indexes hold it."""
    return unicodedata.normalize("NFC", DIACRITICS.sub("", unicodedata.normalize("NFD", text.lower())))


def words_of(text: str) -> list[str]:
    """The words of a search, folded; each holds a letter or a digit."""
    words = (word for word in fold(clean_text(text[:LONGEST])).split() if PART.search(word))
    return list(dict.fromkeys(words))[:MOST_WORDS]


def segments(text: str, words: Sequence[str]) -> list[Segment]:
    """`text` in pieces, those marked that a search for `words` finds."""
    folded, places = _folded_with_places(text)
    parts = sorted({part for word in words for part in PART.findall(word)}, key=len, reverse=True)
    found: list[tuple[int, int]] = []
    for there in PART.finditer(folded):
        part = next((part for part in parts if there[0].startswith(part)), None)
        if part:
            found.append((places[there.start()], places[there.start() + len(part)]))
    pieces: list[Segment] = []
    at = 0
    for start, end in found:
        if start > at:
            pieces.append(Segment(text[at:start], False))
        if end > max(start, at):
            pieces.append(Segment(text[max(start, at) : end], True))
        at = max(at, end)
    if at < len(text):
        pieces.append(Segment(text[at:], False))
    return pieces


def excerpt(text: str, words: Sequence[str], length: int = 90) -> list[Segment]:
    """The part of `text` around the first found word; nothing when none is found."""
    text = " ".join(text.split())
    pieces = segments(text, words)
    before = 0
    for piece in pieces:
        if piece.is_found:
            break
        before += len(piece.text)
    else:
        return []
    start = max(0, before - length // 3)
    if start:  # begin with a whole word
        start = text.rfind(" ", 0, start) + 1
    end = start + length
    if end < len(text):
        space = text.rfind(" ", before + 1, end)
        end = space if space > 0 else end
    cut = segments(text[start:end], words)
    return [Segment("… ", False)] * (start > 0) + cut + [Segment(" …", False)] * (end < len(text))


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters (and the end) where it stands in `text`."""
    folded: list[str] = []
    places: list[int] = []
    for letter in LETTER.finditer(text):
        pieces = fold(letter[0])
        folded.append(pieces)
        places += [letter.start()] * len(pieces)
    return "".join(folded), [*places, len(text)]
