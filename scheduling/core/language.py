"""The language that words are said in: English, unless what runs the core brings a catalogue.

`scheduling.apps` brings Django's, which speaks the language of the request. The functions have the names of gettext, so
that its tools find the words where they stand. None of them is called while a module is loaded: nobody speaks yet.
"""

from __future__ import annotations

import gettext as standard
from typing import Protocol


class Catalogue(Protocol):
    def get_language(self) -> str | None: ...
    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...
    def pgettext(self, context: str, message: str, /) -> str: ...


class English(standard.NullTranslations):
    def get_language(self) -> str:
        return "en"


_catalogue: Catalogue = English()


def use(catalogue: Catalogue) -> None:
    """Say all words by this catalogue from now on."""
    global _catalogue
    _catalogue = catalogue


def spoken() -> str:
    """The language's code, for what keeps words: `en`, `de`."""
    return _catalogue.get_language() or "en"


# What extracts the words takes each call by one of these names for one of a text: hence the detours.
def gettext(message: str) -> str:
    say = _catalogue.gettext
    return say(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    say = _catalogue.ngettext
    return say(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    say = _catalogue.pgettext
    return say(context, message)
