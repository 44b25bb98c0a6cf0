"""What stands hundreds of times on a page: events in lanes and boxes, the days of a month, empty slots.

Links open where what stands around them says: events in the popover. Each is one `format_html` instead of a dozen
template nodes, which is ten times quicker, and its words are arguments: what was drawn once is kept in every language.

What is said and not shown is in `aria-label`, for a hidden box takes a browser longer to lay out than a shown one; but
not with events, whose titles would stand there twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import add
from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scheduling.templatetags.ui import icon

if TYPE_CHECKING:
    from scheduling.presentation.items import Mark, More, Row
    from scheduling.presentation.month import MonthDay
    from scheduling.presentation.pieces import Piece
    from scheduling.presentation.side import MiniDay
    from scheduling.presentation.times import BoxPiece, Column, Slots

register = template.Library()

# What was drawn once is remembered by its words: of a month that is drawn anew nearly all stands where it stood. `typed`
# tells text that is safe from equal text that is not.
remember = lru_cache(maxsize=4096, typed=True)

CELL = (
    '<div class="mg-day {}" role="gridcell" id="d-{}">'
    '<a class="mg-n" href="{}" hx-target="#grid" hx-swap="outerHTML" hx-push-url="true"'
    ' tabindex="{}"{} aria-label="{}">{}</a>{}'
)
CELL_END = '<a class="mg-new" href="{}" hx-target="#dialog-body" aria-label="{}"></a></div>'
NOTHING = SafeString()
CURRENT = format_html(' aria-current="{}"', "date")
OUT = format_html(' class="{}"', "out")


@register.simple_tag
def bar(piece: Piece) -> SafeString:
    """An event of all day or of several days, above the hours."""
    return _in_lane("bar", piece, is_line=False)


@register.simple_tag
def month_days(days: Iterable[MonthDay]) -> SafeString:
    """The cells of a week of the month with all that stands in them."""
    return _joined(map(_month_day, days))


def _month_day(day: MonthDay) -> SafeString:
    begin = _cell(
        day.classes,
        day.iso,
        day.day_href,
        day.tabindex,
        day.is_today,
        day.weekday,
        day.number,
        day.rest,
        tuple(day.dots),
    )
    bars = _joined(_in_lane("bar", piece, is_line=True) for piece in day.bars)
    chips = _joined(_in_lane("chip", piece, is_line=True) for piece in day.chips)
    return (
        begin
        + bars
        + chips
        + (_more(day.more) if day.more else NOTHING)
        + _cell_end(day.new_href, day.new_label)
    )


@register.simple_tag
def more(found: More) -> SafeString:
    """ "+N more": the way to what has no place."""
    return _more(found)


@register.simple_tag
def mini_days(days: Iterable[MiniDay]) -> SafeString:
    """A week of the mini month."""
    return _joined(map(_mini_day, days))


@register.simple_tag
def rows_of_day(rows: Iterable[Row]) -> SafeString:
    """The events of a day in a list."""
    return _joined(
        _row(
            f"e-{row.item.color} {row.item.list_state}",
            row.id,
            row.item.href,
            row.time,
            row.till,
            row.item.title,
            row.detail,
            f", {row.day}{row.item.spoken}",
            _icons(row.item.marks),
        )
        for row in rows
    )


@register.simple_tag
def day_heading(day: Column) -> SafeString:
    """The heading of a day of week and day."""
    return _day_heading(
        " is-today" * day.is_today + " is-off" * day.is_off,
        day.iso,
        day.href,
        day.is_today,
        day.name,
        day.day.day,
        day.rest,
        day.summary,
    )


@register.simple_tag
def boxes(pieces: Iterable[BoxPiece]) -> SafeString:
    """The timed events of a day of week and day."""
    return _joined(
        _box(
            *_identity("ev", piece),
            piece.label,
            piece.item.title,
            piece.time,
            piece.till,
            piece.where,
            _icons(piece.item.marks),
        )
        for piece in pieces
    )


@register.simple_tag
@lru_cache(maxsize=256)
def hours(found: tuple[tuple[str, str, str], ...]) -> SafeString:
    """The scale of the time grid: (place, time, time in the second zone)."""
    return _joined(
        _drawn(('<span class="{}">', place), ("<i>{}</i>", second or None), ("{}</span>", shown))
        for place, shown, second in found
    )


@register.simple_tag
@lru_cache(maxsize=256)
def slots(found: Slots) -> SafeString:
    """The empty half hours of a day."""
    return format_html_join(
        "",
        '<a class="slot {}" id="{}" href="{}" tabindex="{}" aria-label="{}">{}</a>',
        ((slot.place, slot.id, slot.href, slot.tabindex, slot.label, slot.time) for slot in found),
    )


@remember
def _cell(
    classes: str,
    iso: str,
    href: str,
    tabindex: str,
    is_today: bool,
    weekday: str,
    number: str,
    rest: str,
    dots: tuple[tuple[int, bool], ...],
) -> SafeString:
    """The beginning of a cell: its day."""
    current = CURRENT if is_today else ""
    label = f"{weekday} {number}{rest}"
    return format_html(CELL, classes, iso, href, tabindex, current, label, number, _dots(dots))


@remember
def _cell_end(href: str, label: str) -> SafeString:
    return format_html(CELL_END, href, label)


def _dots(dots: tuple[tuple[int, bool], ...]) -> SafeString:
    """What a day of the month holds, where there is no room for words."""
    if not dots:
        return NOTHING
    marks = _joined(
        format_html('<i class="e-{} wide"></i>' if wide else '<i class="e-{}"></i>', color)
        for color, wide in dots
    )
    return format_html('<span class="dots" aria-hidden="true">{}</span>', marks)


@remember
def _more(found: More) -> SafeString:
    return _drawn(
        ('<a class="more {}"', found.place),
        (' id="{}"', found.id or None),
        (' href="{}" aria-haspopup="dialog"', found.href),
        (' aria-label="{}">', found.words + found.spoken),
        ("{}</a>", found.words),
    )


@remember
def _mini_day(day: MiniDay) -> SafeString:
    return format_html(
        '<td><a href="{href}"{out}{current} aria-label="{label}">{number}{load}</a></td>',
        href=day.href,
        out=OUT if day.is_out else "",
        current=CURRENT if day.is_today else "",
        label=f"{day.number}{day.rest}",
        number=day.number,
        load=format_html('<span class="load l{}"></span>', day.load) if day.load else "",
    )


def _in_lane(kind: str, piece: Piece, *, is_line: bool) -> SafeString:
    item = piece.item
    icons = _icons(item.urgent)
    return _lane_event(is_line, *_identity(kind, piece), piece.time, item.title, piece.label, icons)


@remember
def _lane_event(
    is_line: bool,
    classes: str,
    name: str,
    revision: str,
    href: str,
    time: str,
    title: str,
    label: str,
    icons: tuple[str, ...],
) -> SafeString:
    """`is_line`: as one box of text, for a hundred of them stand on a month. Line breaks count in it (`white-space: pre`)
    and it is one line high, so that what is only said stands two lines below, out of sight."""
    marks = ("{}", _marks(icons))
    opening = (
        ('<a class="{}"', classes),
        (' id="{}"', name or None),
        (' data-rev="{}"', revision or None),
        (' data-event href="{}">', href),
    )
    at = ('<span class="ev-m">{} </span>', time or None)
    if is_line:
        return _drawn(*opening, marks, at, ("{}", " ".join(title.split())), ("\n\n{}</a>", label))
    shown = ('<span class="ev-t trunc">{}</span>', title)
    said = ('<span class="visually-hidden">{}</span>', label)
    return _drawn(*opening, at, shown, said, marks, ("{}</a>", NOTHING))


@remember
def _row(
    classes: str,
    name: str,
    href: str,
    time: str,
    till: str,
    title: str,
    detail: str,
    rest: str,
    icons: tuple[str, ...],
) -> SafeString:
    return _drawn(
        ('<a class="ag-i {}"', classes),
        (' id="{}"', name),
        (' data-event href="{}">', href),
        ('<span class="tm">{}', time),
        ('<span class="till"><span class="hide-m">–</span>{}</span>', till or None),
        ('</span><span class="spine"></span><span class="grow"><span class="ti trunc">{}</span>', title),
        ('<span class="su trunc">{}', detail),
        ('<span class="visually-hidden">{}</span></span></span>', rest),
        ("{}</a>", _marks(icons)),
    )


@remember
def _day_heading(
    classes: str,
    iso: str,
    href: str,
    is_today: bool,
    name: tuple[str, str],
    number: int,
    rest: str,
    summary: str,
) -> SafeString:
    shown, more = name
    return _drawn(
        ('<a class="tg-day{}"', classes),
        (' id="day-{}"', iso),
        (' href="{}"', href),
        (' hx-get="{}"', href),
        ("{}>", CURRENT if is_today else ""),
        ('<span class="dow">{}', shown),
        ('<span class="visually-hidden">{}</span>', more or None),
        ('</span><span class="n"><span class="visually-hidden"> </span>{}', number),
        ('<span class="visually-hidden">{}</span></span>', rest),
        ('<span class="sum">{}</span>', summary or None),
        ("{}</a>\n", NOTHING),
    )


@remember
def _box(
    classes: str,
    name: str,
    revision: str,
    href: str,
    label: str,
    title: str,
    time: str,
    till: str,
    where: str,
    icons: tuple[str, ...],
) -> SafeString:
    return _drawn(
        ('<a class="{}"', classes),
        (' id="{}"', name or None),
        (' data-rev="{}"', revision or None),
        (' data-event href="{}"', href),
        (' aria-label="{}">', label),
        ('<span class="ev-in">{}', _marks(icons)),
        ('<span class="ev-x"><span class="ev-t">{}</span> ', title),
        ('<span class="ev-m">{}', time),
        ('<span class="till">{}</span>', till),
        ('<span class="where">{}</span>', where or None),
        ("{}</span></span></span></a>\n", NOTHING),
    )


def _drawn(*parts: tuple[str, str | int | None]) -> SafeString:
    """Templates with their values, one after the other, without those whose value is None.

    A `format_html` for each would take three times as long.
    """
    said = [(template, value) for template, value in parts if value is not None]
    return format_html("".join(template for template, _ in said), *(value for _, value in said))


def _identity(kind: str, piece: Piece | BoxPiece) -> tuple[str, str, str, str]:
    """(classes, id, its revision where it may be changed, address)."""
    item = piece.item
    classes = f"{kind} e-{item.color} {piece.place} {item.state}"
    return classes, piece.id, item.revision, item.href


def _icons(marks: Iterable[Mark]) -> tuple[str, ...]:
    return tuple(mark.icon for mark in marks)


def _marks(icons: tuple[str, ...]) -> SafeString:
    return format_html('<span class="marks">{}</span>', *map(icon, icons)) if icons else NOTHING


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return reduce(add, parts, NOTHING)
