"""Which language is spoken with whom, and on which day their week begins before they have chosen."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from scheduling.models import UserProfile

# By CLDR's week data; everywhere else a week begins on Monday.
SUNDAY_FIRST = (
    "AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK "
    "PR PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW"
)
SATURDAY_FIRST = "AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY"
FIRST_REGION = re.compile(r"\s*[a-z]{2,3}(?:-[a-z]{4})?-([a-z]{2})\b", re.I)


def language_of(user: Any) -> str:
    """What this person reads mails in: the language they chose, or the one their browser asked for last."""
    profile: UserProfile = user.profile
    return profile.language or profile.browser_language or settings.LANGUAGE_CODE


def language_of_request(request: HttpRequest) -> str:
    """The offered language that the browser likes best."""
    return get_language_from_request(request)


def first_day_of(request: HttpRequest) -> int:
    """0 Sunday, 1 Monday or 6 Saturday: as it is where the browser says it is, Monday when it says nothing."""
    found = FIRST_REGION.match(request.headers.get("Accept-Language", ""))
    region = found[1].upper() if found else ""
    day = UserProfile.FirstDay
    if region in SUNDAY_FIRST.split():
        return day.SUNDAY
    return day.SATURDAY if region in SATURDAY_FIRST.split() else day.MONDAY
