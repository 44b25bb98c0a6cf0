"""What is typed becomes words; what is found is marked where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.search import LONGEST, MOST_WORDS, excerpt, fold, segments, words_of


def marked(text: str, search: str) -> str:
    return "".join(f"[{s.text}]" if s.is_found else s.text for s in segments(text, words_of(search)))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Atlas steering", ["atlas", "steering"]),
        ("  Café  CAFE ", ["cafe"]),
        ("e-mail ana@example.com", ["e-mail", "ana@example.com"]),
        ('"quoted" (NOT this) a* -b', ['"quoted"', "(not", "this)", "a*", "-b"]),
        ("— … !!! * _", []),
        ("Ünïcödé ẾÊ", ["unicode", "ee"]),
        ("회의 がっこう й", ["회의", "がっこう", "й"]),
    ],
)
def test_words_are_without_case_and_diacritics_and_hold_a_letter_or_digit(
    typed: str, words: list[str]
) -> None:
    assert words_of(typed) == words


def test_a_very_long_search_is_cut() -> None:
    assert len(words_of(" ".join(f"w{n}" for n in range(100)))) == MOST_WORDS
    assert words_of("x" * 5000) == ["x" * LONGEST]


@pytest.mark.parametrize(
    ("text", "search", "expected"),
    [
        ("Atlas: results of Atlases", "atlas", "[Atlas]: results of [Atlas]es"),
        ("Preatlas", "atlas", "Preatlas"),
        ("Grand CAFÉ Cafe\u0301", "cafe", "Grand [CAFÉ] [Cafe\u0301]"),
        ("İstanbul", "ist", "[İst]anbul"),
        ("E-mail to ana@example.com", "e-mail example", "[E]-[mail] to ana@[example].com"),
        ("<b>Tea</b> & cake", "b cake", "<[b]>Tea</[b]> & [cake]"),
        ("", "x", ""),
        ("one two", "t tw two", "one [two]"),
    ],
)
def test_a_found_word_is_marked_as_far_as_it_was_typed(text: str, search: str, expected: str) -> None:
    assert marked(text, search) == expected


@given(st.text(), st.text())
def test_the_segments_of_a_text_are_the_text(text: str, search: str) -> None:
    assert "".join(segment.text for segment in segments(text, words_of(search))) == text


def test_an_excerpt_begins_and_ends_with_whole_words() -> None:
    text = " ".join(f"word{n}" for n in range(100))
    shown = "".join(segment.text for segment in excerpt(text, words_of("word50"), 60))
    assert shown.startswith("… word") and shown.endswith(" …") and "word50" in shown
    assert len(shown) < 75
    assert excerpt("nothing here", words_of("else")) == []
    assert fold("ÀÉ") == "ae"
