"""Every colour of an event can be read in both themes (AX-07, WCAG 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

STYLES = (settings.BASE_DIR / "static" / "app.css").read_text()
SURFACE = {"light": "#ffffff", "dark": "#121917"}


def colours(theme: str) -> dict[str, dict[str, str]]:
    """`e-1` … `e-11` → the names of its colours (tint, strong, ink, on) → `#rrggbb`."""
    start = r"\[data-bs-theme=dark\] " if theme == "dark" else r"^"
    rules = re.findall(rf"{start}\.(e-\d+)\{{([^}}]*--e-tint[^}}]*)\}}", STYLES, re.MULTILINE)
    return {name: dict(re.findall(r"--e-(\w+):(#[0-9a-f]{3,6})", rule)) for name, rule in rules}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_edge_of_every_event_colour_stand_out(theme: str) -> None:
    palette = colours(theme)
    assert len(palette) == 11
    faint = {
        (name, what, round(ratio, 2))
        for name, colour in palette.items()
        for what, ratio, least in (
            ("text on its tint", contrast(colour["ink"], colour["tint"]), 4.5),
            ("text on the full colour", contrast(colour["on"], colour["strong"]), 4.5),
            ("edge on the page", contrast(colour["strong"], SURFACE[theme]), 3),
        )
        if ratio < least
    }
    assert faint == set()
