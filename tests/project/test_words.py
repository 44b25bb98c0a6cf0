"""What is said to people can be said in every language, and reads well in each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from scheduling.core import wording
from scheduling.core.quickadd import parse
from scheduling.core.reminders import lead_words
from scheduling.script_words import OF_GUESTS, OF_PAGES, script_words
from tests.messages import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 26)
WEDNESDAY = date(2026, 11, 18)
ROME = ZoneInfo("Europe/Rome")


# --- dates, repeats and counts -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "full", "other_year", "short", "week", "months"),
    [
        ("en", "Wednesday 18 November", "1 March 2027", "Wed 18 Nov", "16–22 November", "30 November – 6 December"),
        ("de", "Mittwoch, 18. November", "1. März 2027", "Mi, 18. Nov.", "16.–22. November", "30. November – 6. Dezember"),
        ("es", "miércoles, 18 de noviembre", "1 de marzo de 2027", "mié, 18 nov", "16–22 de noviembre", "30 de noviembre – 6 de diciembre"),
        ("fr", "mercredi 18 novembre", "1er mars 2027", "mer 18 nov.", "16–22 novembre", "30 novembre – 6 décembre"),
    ],
)  # fmt: skip
def test_days_read_as_the_language_writes_them(
    language: str, full: str, other_year: str, short: str, week: str, months: str
) -> None:
    with translation.override(language):
        assert wording.full_day(WEDNESDAY, TODAY) == full
        assert wording.day_month(date(2027, 3, 1), TODAY) == other_year
        assert wording.short_day(WEDNESDAY, TODAY) == short
        assert wording.day_range(date(2026, 11, 16), date(2026, 11, 22)) == week
        assert wording.day_range(date(2026, 11, 30), date(2026, 12, 6)) == months


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20261218", {
            "en": "Every 2 weeks on Tuesday, until 18 December",
            "de": "Alle 2 Wochen am Dienstag, bis 18. Dezember",
            "es": "Cada 2 semanas el martes, hasta el 18 de diciembre",
            "fr": "Toutes les 2 semaines le mardi, jusqu’au 18 décembre",
        }),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", {
            "en": "Every month on the last weekday",
            "de": "Jeden Monat am letzten Werktag",
            "es": "Cada mes el último día laborable",
            "fr": "Tous les mois le dernier jour ouvré",
        }),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24;COUNT=3", {
            "en": "Every year on 24 December, 3 times",
            "de": "Jedes Jahr am 24. Dezember, 3 Mal",
            "es": "Cada año el 24 de diciembre, 3 veces",
            "fr": "Tous les ans le 24 décembre, 3 fois",
        }),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_sentence_in_each_language(rule: str, words: dict[str, str]) -> None:
    for language, sentence in words.items():
        with translation.override(language):
            assert wording.repeats([f"RRULE:{rule}"], TODAY) == sentence


def test_counts_agree_with_their_nouns() -> None:
    said = {}
    for language in ("en", *LANGUAGES):
        with translation.override(language):
            said[language] = [lead_words(60), lead_words(120), wording.length_words(timedelta(days=2))]
    assert said == {
        "en": ["1 hour before", "2 hours before", "2 days"],
        "de": ["1 Stunde vorher", "2 Stunden vorher", "2 Tage"],
        "es": ["1 hora antes", "2 horas antes", "2 días"],
        "fr": ["1 heure avant", "2 heures avant", "2 jours"],
    }


def test_a_short_weekday_is_the_beginning_of_its_name_in_every_language() -> None:
    """What shows and what completes it for those who listen make the whole name."""
    for language in ("en", *LANGUAGES):
        with translation.override(language):
            for n in range(7):
                day = WEDNESDAY + timedelta(days=n)
                shown, rest = wording.split_weekday(day)
                assert shown + rest == wording.weekday(day) and len(shown) < 4, (language, shown)


def test_what_one_language_has_said_is_not_kept_for_another() -> None:
    for language in ("fr", "es", "de", "fr", "en"):
        with translation.override(language):
            word = {"de": "Mittwoch", "fr": "mercredi", "es": "miércoles", "en": "Wednesday"}[language]
            assert wording.long_day(WEDNESDAY).startswith(word)


def test_quick_add_reads_english_and_explains_it_in_the_readers_language() -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=UTC)
    with translation.override("es"):
        read = parse("Lunch on 18 Dec", now, ROME)
        asked = parse("Lunch", now, ROME).question
    assert read.start == date(2026, 12, 18)
    assert [token.meaning for token in read.tokens if token.kind == "day"] == ["vie, 18 dic"]
    assert asked is not None and asked.text == "¿Cuándo es?"
    assert [(option.label, option.text) for option in asked.options][:1] == [("Hoy", "Lunch today")]


# --- nothing is said that cannot be translated ---------------------------------------------------
def said_in(*scripts: Path) -> set[str]:
    return {
        text for path in scripts for text in re.findall(r"gettext\('((?:[^'\\]|\\.)*)'", path.read_text())
    }


def test_pages_carry_every_text_of_their_scripts_and_no_other() -> None:
    guests = ROOT / "static" / "book.js"
    pages = [path for path in (ROOT / "static").glob("*.js") if path != guests]
    assert said_in(*pages) == set(OF_PAGES)
    assert said_in(guests) == set(OF_GUESTS)


def test_a_page_in_english_carries_no_texts_for_its_scripts() -> None:
    with translation.override("en"):
        assert script_words(of_guests=False) == {}
    with translation.override("es"):
        assert script_words(of_guests=False)["Undo"] == "Deshacer"


TRANSLATORS = {
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
    *("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"),
}
SHOWN_BY_NAME = {"label", "empty_label", "verbose_name", "verbose_name_plural", "description"}
# What operators, programs and logs read is English.
FOR_OPERATORS = (
    "scheduling/api/",
    "scheduling/demo.py",
    "scheduling/search/",
    "sync/sandbox/",
    "sync/checks.py",
    "sync/metrics.py",
    "sync/provider.py",
    "sync/second_factors.py",
)
OF_PROJECT_FOR_PEOPLE = {f"project/{name}.py" for name in ("apps", "middleware", "overview", "urls", "views")}
ENGLISH_BY_CHOICE = {
    "This Idempotency-Key was used for another request.",  # said to programs
    "It came too late to be of use.",  # said in the log and to administrators
    "Twice nobody knows whether it went out.",
    "… is not a mail address.",
    "Google says ……: ….",  # goes on in Google's own English
    "Too many exports.",  # answered as plain text
    "Too many requests.",
    "Google",
}


def people_read(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    if name.startswith(FOR_OPERATORS) or {"migrations", "management"} & set(path.parts):
        return False
    return not name.startswith("project/") or name in OF_PROJECT_FOR_PEOPLE


CODE = [path for app in ("project", "scheduling", "sync") for path in sorted((ROOT / app).rglob("*.py"))]


def literal(node: ast.AST) -> str | None:
    """A text as it stands in the code, with … for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.strip()
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values).strip()
    return None


def called(node: ast.AST) -> str:
    """The name of what is called: `_`, `logger.info`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def unmarked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Sentences, and what is given to fields and choices as their names, outside of a translating call."""
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        name = called(node)
        if name in TRANSLATORS or name.startswith("logger."):
            passed_over |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.keyword) and node.arg == "help_text":  # of models: for the administration
            passed_over |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Expr):  # docstrings
            passed_over.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        text = literal(node)
        is_sentence = text and re.fullmatch(r"[A-Z“…][^<>]*[a-z’…”] [^<>]*[.?!]", text, re.S)
        if is_sentence and id(node) not in passed_over and re.search(r"[a-z]{2}", text or ""):
            yield node.lineno, text or ""  # type: ignore[attr-defined]
        if isinstance(node, ast.keyword) and node.arg in SHOWN_BY_NAME:
            text = literal(node.value)
            if text and re.search("[a-z]", text):
                yield node.value.lineno, text
        if isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases):
            for choice in node.body:
                value = choice.value if isinstance(choice, ast.Assign) else None
                if isinstance(value, ast.Tuple) and literal(value.elts[-1]):
                    yield value.lineno, literal(value.elts[-1]) or ""


def test_python_says_nothing_to_people_that_is_not_marked_for_translation() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in CODE
        if people_read(path)
        for line, text in unmarked(ast.parse(path.read_text()))
        if text not in ENGLISH_BY_CHOICE
    ]
    assert offenders == []


def test_no_text_is_translated_inside_an_f_string_where_extraction_does_not_look() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr) and {called(inner) for inner in ast.walk(node)} & TRANSLATORS
    ]
    assert offenders == []


def early(tree: ast.AST, eager: set[str]) -> Iterator[int]:
    """Where a text is translated while its module is loaded, for whoever comes first."""
    for node in ast.iter_child_nodes(tree):
        if called(node) in eager:
            yield node.lineno  # type: ignore[attr-defined]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from early(node, eager)


def eager_names(tree: ast.Module) -> set[str]:
    return {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name.endswith("gettext")
    }


def test_no_text_is_translated_before_it_is_known_who_reads_it() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in CODE
        if (tree := ast.parse(path.read_text()))
        for line in early(tree, eager_names(tree))
    ]
    assert offenders == []
    code = (
        "from django.utils.translation import gettext as _\nLATE = _('Too late')\ndef f(): return _('Late')"
    )
    assert list(early(ast.parse(code), eager_names(ast.parse(code)))) == [2]


def test_the_search_for_unmarked_words_finds_them() -> None:
    code = """
class Kind(models.TextChoices):
    ONE = "one", "One of them"
field = forms.CharField(label="Title")
messages.success(request, f"Moved {title} away.")
raise ValidationError("Give a date.")
raise ValidationError(_("Give a time."))
logger.info("This is for the log.")
"""
    assert [text for _, text in sorted(unmarked(ast.parse(code)))] == [
        "One of them",
        "Title",
        "Moved … away.",
        "Give a date.",
    ]
