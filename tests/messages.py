"""The catalogues of translations: `python -m tests.messages` brings them up to date with the code and compiles them.

Needs no gettext: Babel reads Python and what Django makes of a template, and writes `.po` and `.mo`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "project" / "locale"
LANGUAGES = ("de", "es", "fr")
APPS = ("project", "scheduling", "sync")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = "# Translations of Appointment into {language}.\n#"


def templates() -> list[Path]:
    return sorted(p for end in ("html", "txt") for p in (ROOT / "templates").rglob(f"*.{end}"))


def code() -> list[Path]:
    return sorted(p for app in APPS for p in (ROOT / app).rglob("*.py") if "sandbox" not in p.parts)


def extracted() -> Catalog:
    """Every text that is marked, with the files that have it."""
    catalogue = Catalog(charset="utf-8")
    for path in [*templates(), *code()]:
        for context, messages in texts_of(path):
            catalogue.add(messages, locations=[(str(path.relative_to(ROOT)), 1)], context=context)
    return catalogue


def texts_of(path: Path) -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    """(context, text or texts of one and of many)."""
    source = path.read_text()
    if path.suffix != ".py":
        # Everything else on a line is blanked out, but for the space before it, which Python would heed.
        source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())
    for _, function, arguments, _ in extract_python(io.BytesIO(source.encode()), list(KEYWORDS), [], {}):
        found = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
        context = found.pop(0) if function.removesuffix("_lazy").endswith("pgettext") else None
        plural = "ngettext" in function or "npgettext" in function
        texts = found[: 2 if plural else 1]
        if not all(texts):
            raise ValueError(f"{path}: {function}({arguments}) must be called with plain texts")
        yield context, (texts[0], texts[1]) if plural else texts[0]


def path_of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update(languages: Iterable[str] = LANGUAGES) -> None:
    source = extracted()
    for language in languages:
        catalogue = read(language)
        catalogue.update(source, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        catalogue.header_comment = HEADER.format(language=catalogue.locale.english_name)
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, include_lineno=False, sort_by_file=True, omit_header=False)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        missing = sum(not translated(message) for message in catalogue if message.id)
        print(f"{language}: {len(catalogue)} texts, {missing} without a translation")


def translated(message: object) -> bool:
    text = message.string  # type: ignore[attr-defined]
    return all(text) if isinstance(text, tuple) else bool(text)


if __name__ == "__main__":
    update()
