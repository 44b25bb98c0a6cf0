"""Quick add, read on Wednesday 18 November 2026, 10:40 in Berlin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.quickadd import QuickAdd, parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 9, 40, tzinfo=UTC)
CALENDARS = ["Work", "Personal", "Studio team"]


def read(text: str, **over: object) -> QuickAdd:
    return parse(text, NOW, BERLIN, calendars=CALENDARS, **over)  # type: ignore[arg-type]


def shown(moment: datetime | date | None) -> str:
    if isinstance(moment, datetime):
        return f"{moment.astimezone(BERLIN):%m-%d %H:%M}"
    return f"{moment:%m-%d}" if moment else ""


PHRASES = [
    # text, title, start, end, place
    ("lunch with Ana tomorrow 13:00 at Roma for 45m", "lunch with Ana", "11-19 13:00", "11-19 13:45", "Roma"),
    ("12 Dec all day offsite", "offsite", "12-12", "12-13", ""),
    ("Mon 3-4pm call", "call", "11-23 15:00", "11-23 16:00", ""),
    ("Lunch with Priya tomorrow 12:30-13:30 at Café Nil #personal", "Lunch with Priya", "11-19 12:30", "11-19 13:30", "Café Nil"),
    ("Dentist Friday 8:30", "Dentist", "11-20 08:30", "11-20 09:30", ""),
    ("Dentist Friday 8.30", "Dentist", "11-20 08:30", "11-20 09:30", ""),
    ("coffee today 15:00", "coffee", "11-18 15:00", "11-18 16:00", ""),
    ("call mum tonight", "call mum", "11-18 20:00", "11-18 21:00", ""),
    ("dinner tonight at 8", "dinner", "11-18 20:00", "11-18 21:00", ""),
    ("dinner at 7 tomorrow", "dinner", "11-19 19:00", "11-19 20:00", ""),
    ("breakfast at 7 tomorrow", "breakfast", "11-19 07:00", "11-19 08:00", ""),
    ("review at 11am", "review", "11-18 11:00", "11-18 12:00", ""),
    ("review at 9am", "review", "11-19 09:00", "11-19 10:00", ""),
    ("meeting tomorrow at 3pm", "meeting", "11-19 15:00", "11-19 16:00", ""),
    ("meeting tomorrow 3:15pm", "meeting", "11-19 15:15", "11-19 16:15", ""),
    ("meeting tomorrow at 3 p.m.", "meeting", "11-19 15:00", "11-19 16:00", ""),
    ("noon walk tomorrow", "walk", "11-19 12:00", "11-19 13:00", ""),
    ("lunch tomorrow at noon", "lunch", "11-19 12:00", "11-19 13:00", ""),
    ("workshop tomorrow 11-1pm", "workshop", "11-19 11:00", "11-19 13:00", ""),
    ("workshop tomorrow 9-10:30", "workshop", "11-19 09:00", "11-19 10:30", ""),
    ("workshop tomorrow from 9 to 17", "workshop", "11-19 09:00", "11-19 17:00", ""),
    ("workshop from 9:00 until 12:30 tomorrow", "workshop", "11-19 09:00", "11-19 12:30", ""),
    ("workshop tomorrow between 9:00 and 11:00", "workshop", "11-19 09:00", "11-19 11:00", ""),
    ("night shift friday 22:00-06:00", "night shift", "11-20 22:00", "11-21 06:00", ""),
    ("party saturday 8pm to 2am", "party", "11-21 20:00", "11-22 02:00", ""),
    ("standup in 20 minutes", "standup", "11-18 11:00", "11-18 12:00", ""),
    ("pick up parcel in 2 hours for 15 min", "pick up parcel", "11-18 12:40", "11-18 12:55", ""),
    ("holiday in 2 weeks", "holiday", "12-02", "12-03", ""),
    ("renew passport in 3 days", "renew passport", "11-21", "11-22", ""),
    ("review in a month", "review", "12-18", "12-19", ""),
    ("Board 2026-12-01 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board 1.12.2026 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board 1.12. 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board 1/12 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board on 1 December at 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board Dec 1 2pm", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board December 1st, 2026 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board Tue 1 Dec 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Board on the 1st 14:00", "Board", "12-01 14:00", "12-01 15:00", ""),
    ("Tax 5 Jan", "Tax", "01-05", "01-06", ""),
    ("Conference 12-14 Dec", "Conference", "12-12", "12-15", ""),
    ("Conference Dec 12-14 in Lisbon", "Conference", "12-12", "12-15", "Lisbon"),
    ("Conference 30 Nov - 2 Dec", "Conference", "11-30", "12-03", ""),
    ("Conference 30 Nov to 2 Dec at Messe Berlin", "Conference", "11-30", "12-03", "Messe Berlin"),
    ("Vacation Mon-Wed", "Vacation", "11-23", "11-26", ""),
    ("Vacation from Monday to Friday", "Vacation", "11-23", "11-28", ""),
    ("Vacation 1 Dec for 3 days", "Vacation", "12-01", "12-04", ""),
    ("Vacation 1 Dec for 2 weeks", "Vacation", "12-01", "12-15", ""),
    ("Hike this weekend", "Hike", "11-21", "11-23", ""),
    ("gym Thursday 18:00 1h30m", "gym", "11-19 18:00", "11-19 19:30", ""),
    ("gym Thursday 18:00 for 1.5 hours", "gym", "11-19 18:00", "11-19 19:30", ""),
    ("gym Thursday 18:00 90min", "gym", "11-19 18:00", "11-19 19:30", ""),
    ("gym Thursday 18:00 for half an hour", "gym", "11-19 18:00", "11-19 18:30", ""),
    ("gym Thursday 18:00 for an hour at Holmes Place", "gym", "11-19 18:00", "11-19 19:00", "Holmes Place"),
    ("gym Wednesday 18:00", "gym", "11-18 18:00", "11-18 19:00", ""),
    ("gym Wednesday 9:00", "gym", "11-25 09:00", "11-25 10:00", ""),
    ("run tomorrow morning", "run", "11-19 09:00", "11-19 10:00", ""),
    ("Review draft Friday afternoon", "Review draft", "11-20 14:00", "11-20 15:00", ""),
    ("cinema this evening", "cinema", "11-18 19:00", "11-18 20:00", ""),
    ("Physio the day after tomorrow 8:00", "Physio", "11-20 08:00", "11-20 09:00", ""),
    ("Physio next Tuesday 8:00", "Physio", "11-24 08:00", "11-24 09:00", ""),
    ("Physio Tuesday next week 8:00", "Physio", "11-24 08:00", "11-24 09:00", ""),
    ("Plan sprint next week", "Plan sprint", "11-23", "11-24", ""),
    ("lunch at Roma with Ana tomorrow 13:00", "lunch with Ana", "11-19 13:00", "11-19 14:00", "Roma"),
    ("1:1 with Jonas tomorrow 10:00 @ Room 5", "1:1 with Jonas", "11-19 10:00", "11-19 11:00", "Room 5"),
    ("sync tomorrow 10:00 https://meet.example/abc", "sync", "11-19 10:00", "11-19 11:00", "https://meet.example/abc"),
    ("meet Kim in Room Havel tomorrow 10:00", "meet Kim", "11-19 10:00", "11-19 11:00", "Room Havel"),
    ("look at designs tomorrow 10:00", "look at designs", "11-19 10:00", "11-19 11:00", ""),
    ("“Call at 5” tomorrow 9:00", "Call at 5", "11-19 09:00", "11-19 10:00", ""),
    ('"Monday Monday" concert Saturday 20:00', "Monday Monday concert", "11-21 20:00", "11-21 21:00", ""),
    ("Mayor's breakfast tomorrow 8:00", "Mayor's breakfast", "11-19 08:00", "11-19 09:00", ""),
    ("buy 3 apples tomorrow 17:00", "buy 3 apples", "11-19 17:00", "11-19 18:00", ""),
    ("Q3 review 20 Nov 10:00", "Q3 review", "11-20 10:00", "11-20 11:00", ""),
    ("train at half past 8 tomorrow", "train", "11-19 08:30", "11-19 09:30", ""),
    ("train at quarter to 9 tomorrow", "train", "11-19 08:45", "11-19 09:45", ""),
    ("Kick-off 23 Nov, 10:00, Room Spree", "Kick-off Room Spree", "11-23 10:00", "11-23 11:00", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "title", "start", "end", "place"), PHRASES, ids=[p[0] for p in PHRASES])
def test_phrase_is_understood(text: str, title: str, start: str, end: str, place: str) -> None:
    found = read(text)
    assert found.question is None
    assert (found.title, shown(found.start), shown(found.end), found.location) == (title, start, end, place)


SERIES = [
    ("standup every weekday 9:30", "standup", "11-19 09:30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ("yoga every Monday 18:00", "yoga", "11-23 18:00", "FREQ=WEEKLY;BYDAY=MO"),
    ("yoga every Mon and Wed 18:00", "yoga", "11-18 18:00", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("yoga Mondays 18:00", "yoga", "11-23 18:00", "FREQ=WEEKLY;BYDAY=MO"),
    ("yoga every other Thursday 18:00", "yoga", "11-19 18:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"),
    ("pills daily 8:00", "pills", "11-19 08:00", "FREQ=DAILY"),
    ("pills every day at 8:00 10 times", "pills", "11-19 08:00", "FREQ=DAILY;COUNT=10"),
    ("water plants every 3 days", "water plants", "11-18", "FREQ=DAILY;INTERVAL=3"),
    ("rent every month on the 1st", "rent", "12-01", "FREQ=MONTHLY"),
    ("board every first Monday of the month 14:00", "board", "12-07 14:00", "FREQ=MONTHLY;BYDAY=1MO"),
    ("retro every last Friday of the month 15:00", "retro", "11-27 15:00", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("Otto's birthday 3 March yearly", "Otto's birthday", "03-03", "FREQ=YEARLY"),
    ("class every Tue 10:00 until 18 Dec", "class", "11-24 10:00", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261218T225959Z"),
    ("clean every weekend", "clean", "11-21", "FREQ=WEEKLY;BYDAY=SA,SU"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "title", "start", "rule"), SERIES, ids=[p[0] for p in SERIES])
def test_repeat_is_understood(text: str, title: str, start: str, rule: str) -> None:
    found = read(text)
    assert found.question is None
    assert (found.title, shown(found.start), found.recurrence) == (title, start, (f"RRULE:{rule}",))


QUESTIONS = [
    ("call at 3 tomorrow", "Is that 03:00 or 15:00?", ["call at 03:00 tomorrow", "call at 15:00 tomorrow"]),
    ("call tomorrow 3-4", "Is that 03:00–04:00 or 15:00–16:00?", ["call tomorrow 03:00-04:00", "call tomorrow 15:00-16:00"]),
    ("call next Friday 10:00", "Which Friday?", ["call on 2026-11-20 10:00", "call on 2026-11-27 10:00"]),
    ("call every second Monday 10:00", "Which Monday is that?", ["call every other Monday 10:00", "call every second Monday of the month 10:00"]),
    ("call Tue or Wed 16:00", "The line names several days. Which one?", ["call Tue 16:00", "call Wed 16:00"]),
    ("call Jonas", "When is it?", ["call Jonas today", "call Jonas tomorrow"]),
    ("tomorrow 10:00", "What is it called?", []),
    ("", "What is it called?", []),
    ("party 31 Feb", "There is no 31 February.", []),
    ("party tomorrow 25:00", "25:00 is not a time. Write 0:00 to 23:59.", []),
    ("party tomorrow 15:00-14:00", "14:00 is before 15:00. When does it end?", []),
    ("focus tomorrow 2h", "2 h from when on? Add a time.", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "question", "options"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_doubtful_phrase_is_asked_about(text: str, question: str, options: list[str]) -> None:
    found = read(text)
    assert found.question is not None
    assert (found.question.text, [option.text for option in found.question.options]) == (question, options)


@pytest.mark.parametrize("text", [option for q in QUESTIONS for option in q[2]])
def test_answer_to_a_question_leaves_no_question(text: str) -> None:
    assert read(text).question is None


def test_numeric_date_follows_the_order_of_the_place() -> None:
    assert shown(read("Board 3/4 14:00", locale_order="mdy").start) == "03-04 14:00"
    assert shown(read("Board 3/4 14:00", locale_order="dmy").start) == "04-03 14:00"
    question = read("Board 3/4 14:00", locale_order="").question
    assert question and [option.label for option in question.options] == ["3 April", "4 March"]


def test_calendar_is_named_by_a_hash_sign() -> None:
    assert read("lunch tomorrow 13:00 #studio").calendar == "Studio team"
    unknown = read("ticket #42 tomorrow 13:00")
    assert (unknown.calendar, unknown.title) == ("", "ticket #42")


def test_tokens_say_what_each_word_means() -> None:
    tokens = read("Lunch with Priya tomorrow 12:30-13:30 at Café Nil #personal").tokens
    assert [(token.text, token.meaning) for token in tokens] == [
        ("Lunch with Priya", "title"),
        ("tomorrow", "Thu 19 Nov"),
        ("12:30-13:30", "1 h"),
        ("at", ""),
        ("Café Nil", "place"),
        ("#personal", "calendar"),
    ]


def test_time_in_a_clock_change_moves_forward() -> None:
    spring = parse("flight 02:30", datetime(2027, 3, 27, 20, tzinfo=UTC), BERLIN)
    assert spring.start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


VOCABULARY = "lunch Ana tomorrow 13:00 at Roma for 45m every Monday 3-4pm 12 Dec 1/12 next Friday all day in 2 h - to until # “ ”"
WORDS = st.sampled_from(VOCABULARY.split(" "))


@given(st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=40))
def test_any_line_gives_an_event_or_a_question(text: str) -> None:
    found = read(text)
    assert found == read(text)
    if found.question is None:
        assert found.title and found.start is not None and found.end is not None
        assert found.start < found.end  # type: ignore[operator]
