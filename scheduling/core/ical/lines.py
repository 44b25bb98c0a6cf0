"""Content lines: from bytes to components within limits, and from text to folded, escaped lines (RFC 5545 3.1).

Nothing here knows what a property means. Reading is linear in the size of the file and ends at a deadline;
what is not asked for is passed over unread.

Invariants:
- what `fold` and `escape` wrote is read back as the same text
- a value can never begin a line of its own
- a file beyond a limit is refused with a sentence for people, and never later than the deadline
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from scheduling.core.language import gettext as _

LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_LINES = 500_000
MOST_EVENTS = 5000
DEEPEST = 3  # VCALENDAR, VEVENT, VALARM
LONGEST_VALUE = 200_000  # characters of a property that is read
SECONDS = 4.0  # of the processor, for reading one file


class UnreadableCalendar(ValueError):
    """The file cannot be taken; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: `SUMMARY;LANGUAGE=de:Zahnarzt`. The value is as it stands there, still escaped."""

    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class Component:
    """`BEGIN:VEVENT … END:VEVENT` with the properties that were asked for and the components within."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    children: list[Component] = field(default_factory=list)
    is_complete: bool = False

    def first(self, name: str) -> Property | None:
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The first value of that name without its escapes, or nothing."""
        found = self.first(name)
        return unescape(found.value) if found else ""

    def all(self, name: str) -> list[Property]:
        return self.properties.get(name, [])


class Deadline:
    """Raises `UnreadableCalendar` once reading has taken too long, whatever else the machine does meanwhile."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.thread_time() + seconds

    def check(self) -> None:
        if time.thread_time() > self._end:
            raise UnreadableCalendar(_("Reading this file takes too long. Split it into smaller ones."))


def decode(data: bytes) -> tuple[str, bool]:
    """The unfolded text of a file, and whether its encoding had to be guessed. Raises `UnreadableCalendar`."""
    if len(data) > LARGEST_FILE:
        raise UnreadableCalendar(
            _("The file is larger than %(size)d MB.") % {"size": LARGEST_FILE // 1024 // 1024}
        )
    if data[:2] == b"PK":
        raise UnreadableCalendar(_("This is a zip file. Unpack it and import the .ics files in it."))
    if data[:2] == b"\x1f\x8b":
        raise UnreadableCalendar(_("This is a compressed file. Unpack it and import the .ics file in it."))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise UnreadableCalendar(_("The file is empty."))
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    # A fold may stand inside a character of several bytes: lines are joined before they are decoded.
    data = re.sub(rb"\r*\n[ \t]", b"", data)
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


_HEAD = re.compile(r'[^":]*+(?:"[^"]*+"[^":]*+)*+:')
_PARAMETER = re.compile(r';([^=;":]+)=((?:"[^"]*"|[^";])*+)')


def parse_line(line: str) -> Property | None:
    """`NAME;PARAMETER=x;OTHER="y:z":value`, or None when it is no content line."""
    matched = _HEAD.match(line)
    if matched is None:
        return None
    head, value = line[: matched.end() - 1], line[matched.end() :]
    name, semicolon, _rest = head.partition(";")
    if not semicolon:
        return Property(name.strip().upper(), {}, value)
    parameters = {
        key.strip().upper(): _caret(content.replace('"', ""))
        for key, content in _PARAMETER.findall(head, len(name))
    }
    return Property(name.strip().upper(), parameters, value)


def _caret(text: str) -> str:
    """RFC 6868: ^n, ^' and ^^ in parameter values."""
    if "^" not in text:
        return text
    return re.sub(r"\^([n'^])", lambda found: {"n": "\n", "'": '"', "^": "^"}[found[1]], text)


def parse_components(
    text: str, wanted: Mapping[str, Collection[str]], deadline: Deadline
) -> tuple[list[Component], dict[str, int]]:
    """The outermost components, and how many of each other kind were passed over.

    `wanted` names the properties to read of each kind of component; kinds that it does not name are skipped
    whole. Raises `UnreadableCalendar` when the text has no calendar in it or is beyond a limit.
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise UnreadableCalendar(_("The file has more than %(count)s lines.") % {"count": f"{MOST_LINES:,}"})
    roots: list[Component] = []
    stack: list[Component] = []
    passed_over: dict[str, int] = {}
    depth_passed_over, events = 0, 0
    for number, line in enumerate(lines):
        if number % 2000 == 0:
            deadline.check()
        line = line.rstrip("\r")
        head = line[:6].upper()
        if head == "BEGIN:":
            kind = line[6:].strip().upper()[:40]
            if len(stack) + depth_passed_over >= DEEPEST:
                raise UnreadableCalendar(_("Parts of the file are nested too deeply."))
            if depth_passed_over or kind not in wanted:
                if not depth_passed_over:
                    passed_over[kind] = passed_over.get(kind, 0) + 1
                depth_passed_over += 1
                continue
            component = Component(kind)
            events += kind == "VEVENT"
            if events > MOST_EVENTS:
                raise UnreadableCalendar(
                    _("The file has more than %(count)s events. Split it.") % {"count": f"{MOST_EVENTS:,}"}
                )
            (stack[-1].children if stack else roots).append(component)
            stack.append(component)
        elif line[:4].upper() == "END:":
            if depth_passed_over:
                depth_passed_over -= 1
            elif stack:
                stack.pop().is_complete = True
        elif stack and not depth_passed_over:
            _read_property(line, stack[-1], wanted[stack[-1].name])
    if not any(root.name == "VCALENDAR" for root in roots):
        if text.lstrip()[:1] == "<":
            raise UnreadableCalendar(_("This is a web page, not a calendar."))
        raise UnreadableCalendar(_("This is not an iCalendar file: BEGIN:VCALENDAR is missing."))
    return roots, passed_over


_NAME = re.compile(r"\s*([A-Za-z0-9-]+)[;:]")


def _read_property(line: str, component: Component, wanted: Collection[str]) -> None:
    named = _NAME.match(line)
    if named is None or named[1].upper() not in wanted:
        return
    if len(line) > LONGEST_VALUE:
        raise UnreadableCalendar(_("A text in the file (%(name)s) is far too long.") % {"name": named[1]})
    if found := parse_line(line):
        component.properties.setdefault(found.name, []).append(found)


_ESCAPED = re.compile(r"\\([\\;,nN])")


def unescape(value: str) -> str:
    r"""A TEXT value as text: `\n`, `\,`, `\;` and `\\`."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


# Line ends become \n; other control characters have no place in a content line (3.1), and readers that split
# lines at them would take what follows for a property.
_TEXT = str.maketrans(
    {number: None for number in [*range(0x00, 0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)]}
    | {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\u2028": "\\n", "\u2029": "\\n", "\x85": "\\n"}
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def escape(text: str) -> str:
    """Text as a TEXT value."""
    if _CONTROL.search(text):
        return text.translate(_TEXT)
    # The same for the usual text, several times as fast.
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def without_controls(text: str) -> str:
    """Text that stays on its line, for values that are not TEXT."""
    return _CONTROL.sub("", text.replace("\n", ""))


def quote(text: str) -> str:
    """Text as a quoted parameter value, its quotes written as RFC 6868 has it."""
    return '"' + _CONTROL.sub("", text.replace("^", "^^").replace("\n", "^n").replace('"', "^'")) + '"'


def fold(line: str) -> str:
    """The line with its CRLF, in pieces of at most 75 octets."""
    if len(line) <= 75 and line.isascii():
        return line + "\r\n"
    return "\r\n ".join(_pieces(line)) + "\r\n"


def _pieces(line: str) -> Iterator[str]:
    if line.isascii():
        yield line[:75]
        for start in range(75, len(line), 74):
            yield line[start : start + 74]
        return
    data, start, room = line.encode("utf-8", "ignore"), 0, 75
    while start < len(data):
        end = min(start + room, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # never inside a character
            end -= 1
        yield data[start:end].decode()
        start, room = end, 74
