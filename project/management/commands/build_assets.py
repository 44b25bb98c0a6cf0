"""Writes what browsers load to ASSETS_DIR, without Node or a bundler: `site.css`, `site.js`, `book.css` and icons.

- `site.css`: Bootstrap, `static/app.css` and the positions of the grids in one file, without the rules whose
  classes nothing here uses (most of Bootstrap).
- `site.js`: our scripts in one file, each in a scope of its own.
- `book.css`: of the same sources only what the templates of the public booking pages use.
- `icons.svg`: the bootstrap-icons that templates and code name, one `<symbol>` each; `first-icons.svg`: those of the
  calendar before anything is opened.

The same sources give the same bytes; nothing is written while the sources are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import rcssmin
import rjsmin
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scheduling.core.grid import MOST_COLUMNS, ROWS
from scheduling.templatetags.ui import FIRST_ICONS

MOST_LANES = 12
# Guests who book get these alone: a page for strangers on phones loads nothing of the calendar.
GUEST_SCRIPTS = {"book.js"}
# Classes that the server or a script composes: e-7, is-past, has-…; no field of ours says that it `is-valid`
COMPOSED = re.compile(r"(e|has)-.+|is-(?!valid$).+|l[1-4]|htmx-.+")
# The crispy-forms templates whose classes our forms meet; the rest of the pack would keep most of Bootstrap.
CRISPY = (
    "field.html",
    "errors.html",
    "layout/baseinput.html",
    "layout/radio_checkbox_select.html",
    "layout/div.html",
    "layout/field_errors.html",
    "layout/field_errors_block.html",
    "layout/help_text.html",
    "layout/help_text_and_errors.html",
)
# `{% icon "lock" %}`, `icon="lock"`, and in scripts `sign('x-lg')`, `icon || 'check-lg'`.
ICON_NAME = re.compile(r"""(?:\bicon\s+|\bicon\s*(?:[=:]|\|\|)\s*|\bsign\()["']([a-z0-9-]+)["']""")
CLASS_ATTRIBUTE = re.compile(r"""\bclass["']?\s*[=:]\s*(?:"([^"]*)"|'([^']*)')""")
CSS_CLASS = re.compile(r"""css_class\s*=\s*["']([^"']+)["']""")
TEMPLATE_TAG = re.compile(r"\{[%#].*?[%#]\}|\{\{.*?\}\}", re.S)
DARK = re.compile(r"""\[data-bs-theme=["']?dark["']?\]""")
WORD = re.compile(r"[A-Za-z_][\w-]*")


class Command(BaseCommand):
    help = "Build the stylesheet, the script and the icons that browsers load. Skips when nothing changed."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = settings.ASSETS_DIR
        target.mkdir(parents=True, exist_ok=True)
        mark, print_ = target / ".fingerprint", fingerprint(sources())
        if mark.is_file() and mark.read_text() == print_:
            return
        built = {
            "site.css": stylesheet(),
            "book.css": guest_stylesheet(),
            "site.js": script(),
            "icons.svg": sprite(icon_names()),
            "first-icons.svg": sprite(FIRST_ICONS),
        }
        for name, content in built.items():
            write(target / name, content)
        write(mark, print_)
        sizes = ", ".join(f"{name} {len(content.encode()) / 1000:.0f} kB" for name, content in built.items())
        self.stdout.write(f"Built {sizes}.")


# --- sources -----------------------------------------------------------------------------------
def templates() -> list[Path]:
    return sorted((settings.BASE_DIR / "templates").rglob("*.html"))


def scripts() -> list[Path]:
    return sorted(p for p in (settings.BASE_DIR / "static").glob("*.js") if p.name not in GUEST_SCRIPTS)


def code() -> list[Path]:
    """Python that draws: where a class or an icon may be named."""
    apps = ("scheduling", "sync", "project")
    return sorted(
        p for app in apps for p in (settings.BASE_DIR / app).rglob("*.py") if "migrations" not in p.parts
    )


def own_styles() -> Path:
    return settings.BASE_DIR / "static" / "app.css"


def bootstrap() -> Path:
    return settings.BOOTSTRAP_DIR / "css" / "bootstrap.min.css"


def crispy_templates() -> list[Path]:
    root = Path(str(resources.files("crispy_bootstrap5"))) / "templates" / "bootstrap5"
    return [root / name for name in CRISPY]


def sources() -> list[Path]:
    own = [Path(__file__), bootstrap(), own_styles(), *crispy_templates()]
    own += [settings.BASE_DIR / "static" / name for name in sorted(GUEST_SCRIPTS)]
    return [*own, *scripts(), *templates(), *code()]


def fingerprint(paths: Iterable[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def write(path: Path, content: str) -> None:
    """Replace the file at once, so that no reader meets half of it."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(content)
    temporary.replace(path)


# --- stylesheet --------------------------------------------------------------------------------
def stylesheet() -> str:
    trimmed = trim(bootstrap().read_text(), class_names()) + trim(
        own_styles().read_text(), words() - (written_classes(guest_templates()) - class_names())
    )
    return rcssmin.cssmin(with_dark_of_device(drop_unused_variables(trimmed)) + "".join(positions()))


def positions() -> Iterator[str]:
    """Every place the server may need as a class, so that a strict CSP needs no style attribute.

    r-N start row (five-minute steps, 1 = 00:00), s-N rows high, c-IofN column I of N, x-K spans K columns,
    d-N day column, w-N days wide, l-N lane, p-N percent.
    """
    yield from (f".r-{row}{{grid-row-start:{row}}}" for row in range(1, ROWS + 2))
    yield from (f".s-{rows}{{grid-row-end:span {rows}}}" for rows in range(1, ROWS + 1))
    for columns in range(1, MOST_COLUMNS + 1):
        for column in range(1, columns + 1):
            yield f".c-{column}of{columns}{{--ci:{share(column - 1, columns)};--cw:{share(1, columns)}}}"
    for columns in range(2, MOST_COLUMNS + 1):
        for span in range(2, columns + 1):
            yield f'[class*="of{columns} "].x-{span}{{--cw:{share(span, columns)}}}'
    yield from (f".d-{day}{{--d:{day}}}" for day in range(1, 8))
    yield from (f".w-{days}{{--w:{days}}}" for days in range(2, 8))
    yield from (f".l-{lane}{{--l:{lane}}}" for lane in range(1, MOST_LANES + 1))
    yield from (f".p-{percent}{{--p:{percent}}}" for percent in range(101))


def share(part: int, whole: int) -> str:
    return f"{part / whole:.5f}".rstrip("0").rstrip(".")


def guest_stylesheet() -> str:
    paths = [*guest_templates(), *(settings.BASE_DIR / "static" / name for name in GUEST_SCRIPTS)]
    used = {word for path in paths for word in WORD.findall(path.read_text())}
    used |= {"form-control", "form-select", "is-invalid"}
    trimmed = trim(bootstrap().read_text(), used) + trim(own_styles().read_text(), used)
    return rcssmin.cssmin(with_dark_of_device(drop_unused_variables(trimmed)))


def guest_templates() -> list[Path]:
    root = settings.BASE_DIR / "templates"
    shared = [root / "skeleton.html", root / "_brandmark.html", root / "scheduling" / "_field_error.html"]
    return [*shared, *sorted((root / "booking").glob("*.html"))]


def own_templates() -> list[Path]:
    """Those that load `site.css`."""
    return [path for path in templates() if path.parent.name != "booking"]


def class_names() -> set[str]:
    """The classes that templates, forms and scripts write out."""
    found = written_classes([*own_templates(), *crispy_templates(), *code()])
    for path in scripts():
        found.update(WORD.findall(" ".join(re.findall(r"""["'`]([\w .-]+)["'`]""", path.read_text()))))
    # What crispy-forms writes from Python.
    return found | {"form-control", "form-select", "form-check-input", "is-invalid"}


def written_classes(paths: Iterable[Path]) -> set[str]:
    """The classes in `class` attributes and crispy's `css_class`."""
    found: set[str] = set()
    for path in paths:
        text = TEMPLATE_TAG.sub(
            lambda tag: " ".join(re.findall(r"""["']([\w -]+)["']""", tag[0])), path.read_text()
        )
        for match in CLASS_ATTRIBUTE.finditer(text):
            found.update(WORD.findall(match[1] or match[2] or ""))
        for match in CSS_CLASS.finditer(text):
            found.update(WORD.findall(match[1]))
    return found


def words() -> set[str]:
    """Every word of templates, scripts and code: no class of ours in use can be missing."""
    return {
        word
        for path in [*own_templates(), *crispy_templates(), *scripts(), *code()]
        for word in WORD.findall(path.read_text())
    }


def trim(css: str, used: set[str]) -> str:
    """The rules that can match: those whose selectors name only classes in `used` (or composed ones)."""

    def keep(selector: str) -> bool:
        positive = re.sub(r":not\([^()]*\)|\[[^\]]*\]", "", selector)
        return all(
            name in used or COMPOSED.fullmatch(name) for name in re.findall(r"\.([A-Za-z_][\w-]*)", positive)
        )

    kept: list[str] = []
    for head, body in rules(css):
        if head.startswith(("@media", "@supports", "@container")):
            if inner := trim(body, used):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif (
            selectors := [selector for selector in split_selectors(head) if keep(selector)]
        ) and body.strip():
            kept.append(f"{','.join(selectors)}{{{body}}}")
    return "\n".join(kept)


def rules(css: str) -> Iterator[tuple[str, str]]:
    """(selectors or at-rule, body) of each rule at the top level; strings and data URLs may hold braces."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    depth, start, head = 0, 0, ""
    for token in re.finditer(r""""[^"]*"|'[^']*'|[{}]|;""", css):
        if token[0] == "{":
            if depth == 0:
                head, start = css[start : token.start()].strip(), token.end()
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                yield head, css[start : token.start()]
                start = token.end()
        elif token[0] == ";" and depth == 0:  # @charset, @import: nothing of ours needs them
            start = token.end()


def with_dark_of_device(css: str) -> str:
    """Every dark rule once more for pages that follow the device: right from the first paint, with or without scripts."""
    both: list[str] = []
    for head, body in rules(css):
        if head.startswith(("@media", "@supports", "@container")):
            body = with_dark_of_device(body)
        both.append(f"{head}{{{body}}}")
        if dark := [part for part in split_selectors(head) if DARK.match(part)]:
            following = ",".join(DARK.sub("[data-theme=system]", part) for part in dark)
            both.append(f"@media (prefers-color-scheme:dark){{{following}{{{body}}}}}")
    return "\n".join(both)


def split_selectors(head: str) -> list[str]:
    """The selectors of a list; commas inside parentheses do not part them."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", head)]


def drop_unused_variables(css: str) -> str:
    """Without Bootstrap's `--bs-*` that nothing reads."""
    declaration = re.compile(r"""(?<=[{;\s])(--bs-[\w-]+):(?:[^;{}"']|"[^"]*"|'[^']*')*(?:;|(?=\}))""")
    while True:
        read = set(re.findall(r"var\(\s*(--bs-[\w-]+)", css))
        unread = {match[1] for match in declaration.finditer(css)} - read
        if not unread:
            return css
        css = without(declaration, unread, css)


def without(declaration: re.Pattern[str], names: set[str], css: str) -> str:
    return declaration.sub(lambda match: "" if match[1] in names else match[0], css)


# --- script and icons --------------------------------------------------------------------------
def script() -> str:
    parts = (rjsmin.jsmin(path.read_text()) for path in scripts())
    return "\n".join(f'(()=>{{"use strict";{part}\n}})();' for part in parts) + "\n"


def icon_names() -> set[str]:
    paths = [*templates(), *scripts(), *code()]
    return {name for path in paths for name in ICON_NAME.findall(path.read_text())}


def sprite(names: Iterable[str]) -> str:
    symbols = "\n".join(symbol(name) for name in sorted(names))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def symbol(name: str) -> str:
    path = Path(str(resources.files("bs_icon_templates"))) / "templates" / "bs_icon" / f"{name}.svg"
    if not path.is_file():
        raise CommandError(f"There is no icon “{name}” in bootstrap-icons.")
    shapes = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", path.read_text(), flags=re.S)
    compact = re.sub(r">\s+<", "><", shapes).replace(" />", "/>").strip()
    return f'<symbol id="{name}" viewBox="0 0 16 16">{compact}</symbol>'
