"""Every text is marked, every mark is translated, and what is offered is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings

from tests import messages

WORD = re.compile(r"[^\W\d_]{2,}")
MARKED = re.compile(
    r"\{%\s*blocktranslate\b.*?\{%\s*endblocktranslate\s*%\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}"
    r"|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",
    re.S,
)
# What shows of a template tag's arguments: `|default:"No title"`, `{% icon "lock" "read only" %}`.
SHOWN_ARGUMENT = re.compile(r"""\|default:"([^"]+)"|\{% icon "[\w-]+" (?:label=)?"([^"]+)\"""")
SHOWN_ATTRIBUTES = {"alt", "aria-description", "aria-label", "aria-roledescription", "placeholder", "title"}
NOT_READ = {"code", "kbd", "script", "style"}
# Names, keys and examples that are the same in every language; values that are no words.
NAMES = {"Appointment", "Google", "UTC", "comfortable", "system"}
EXAMPLES = ("name@example.com", "/book/")
PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w*)\}")
TAG = re.compile(r"<[^>]+>")


class Reader(HTMLParser):
    """The texts of a page that people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_READ:
            self.inside.append(tag)
        self.texts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)


def unmarked(path: Path) -> Iterator[str]:
    source = path.read_text()
    yield from (first or second for first, second in SHOWN_ARGUMENT.findall(source))
    reader = Reader()
    # What stands in class names of conditions and the like leaves no words behind.
    source = re.sub(
        r"\{%\s*block (?:width|coltype|bodyclass|stylesheet)\s*%\}.*?\{%\s*endblock", "", source, flags=re.S
    )
    reader.feed(MARKED.sub("", source))
    yield from reader.texts


def own_templates() -> list[Path]:
    """All but the description of the API, which is English as the API is, and parts of tags and addresses."""
    parts = {"_grid_attributes.html", "_which.html"}
    return [path for path in messages.templates() if "api" not in path.parts and path.name not in parts]


def test_every_text_of_a_template_is_marked_for_translation() -> None:
    found = {
        (str(path.relative_to(messages.ROOT)), text.strip())
        for path in own_templates()
        for text in unmarked(path)
        if set(WORD.findall(text)) - NAMES and not any(example in text for example in EXAMPLES)
    }
    assert found == set()


def test_a_text_that_is_not_marked_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<p title="{% translate "Fine" %}">{% if a %}Good{% endif %} <b aria-label="day">{{ x }}</b></p>'
    )
    assert {text.strip() for text in unmarked(page)} - {""} == {"Good", "day"}


@pytest.fixture(scope="module")
def source() -> Catalog:
    return messages.extracted()


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES if code != "en"])
def test_catalogue_of_an_offered_language_translates_every_text_and_keeps_its_placeholders(
    language: str, source: Catalog
) -> None:
    catalogue = messages.read(language)
    faults = {}
    for message in source:
        known = catalogue.get(message.id, message.context)
        if message.id and (fault := fault_of(known)):
            faults[message.id] = fault
    assert faults == {}, "run `make messages`, then translate"


def fault_of(message: Message | None) -> str:
    if message is None:
        return "is not in the catalogue"
    if not messages.translated(message):
        return "is not translated"
    if message.fuzzy:
        return "is fuzzy"
    sources = message.id if isinstance(message.id, tuple) else (message.id,)
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    needed, allowed = placeholders(sources[-1]), placeholders(" ".join(sources))
    if not all(needed <= placeholders(text) <= allowed for text in texts[-1:]):
        return "has other placeholders"
    if not all(placeholders(text) <= allowed for text in texts):
        return "has other placeholders"
    if any(sorted(TAG.findall(text)) != sorted(TAG.findall(sources[-1])) for text in texts[-1:]):
        return "has other tags"
    # It may stand in an attribute.
    return (
        'has a "' if any('"' in TAG.sub("", text) for text in texts) and '"' not in "".join(sources) else ""
    )


def placeholders(text: str) -> set[str]:
    return {first or second for first, second in PLACEHOLDER.findall(text)}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    path = messages.path_of(language)
    assert path.with_suffix(".mo").read_bytes() == messages.compiled(messages.read(language)), (
        "run `make messages`"
    )
