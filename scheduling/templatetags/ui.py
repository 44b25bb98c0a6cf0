"""Small marks that every page draws."""

from __future__ import annotations

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext as translated

from scheduling.script_words import script_words as script_words_of

register = template.Library()

# What stands on the calendar before anything is opened, in a file of its own: a browser reads the whole of a file of
# icons before the first frame. `icons.svg` has them all, for toasts name them in a script.
FIRST_ICONS = frozenset(
    [
        "arrow-left-right",
        "arrow-repeat",
        "bar-chart-line",
        "box-arrow-right",
        "calendar3",
        "chevron-down",
        "chevron-expand",
        "chevron-left",
        "chevron-right",
        "clock-history",
        "cloud-arrow-up",
        "cloud-slash",
        "envelope",
        "exclamation-triangle",
        "gear",
        "key",
        "list",
        "lock",
        "people",
        "plug",
        "plus-lg",
        "question-circle",
        "search",
        "shield-lock",
        "trash3",
    ]
)


@register.simple_tag
@cache
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """An icon of the sprites: decorative, or with `label` an image that is read out.

    `build_assets` finds names that stand literally in templates and code: `{% icon "lock" %}`, `icon="lock"`.
    """
    classes = f"i {extra}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            classes,
            label,
            _sprite(name),
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, _sprite(name), name
    )


@register.filter
def initials(name: str) -> str:
    """One or two capitals for an avatar."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox on Linux`, as far as a browser says; the first 60 letters of what it calls itself otherwise."""
    names = [next((name for mark, name in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    if all(names):
        return _("%(browser)s on %(system)s") % {"browser": names[0], "system": names[1]}
    return "".join(names) or user_agent[:60] or _("Unknown browser")


def _sprite(name: str) -> str:
    return static("first-icons.svg" if name in FIRST_ICONS else "icons.svg")


@register.filter
def said(words: str) -> str:
    """A sentence that was kept in English (`gettext_noop` stands where it was) as the reader speaks; others as they are."""
    return translated(words) if words else ""


@register.simple_tag
def script_words(of_guests: bool = False) -> SafeString | str:
    """What the scripts of the page say in the reader's language; nothing where that is English."""
    words = script_words_of(of_guests=of_guests)
    return json_script(words, "words") if words else ""
