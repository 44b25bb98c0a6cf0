"""What is said to people can be said in every language, and reads well in each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

from scheduling.script_words import OF_GUESTS, OF_PAGES, script_words

ROOT = Path(__file__).resolve().parents[2]


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
