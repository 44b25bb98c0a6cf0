"""The storm and what is left of it."""

from __future__ import annotations

import random
from email.message import EmailMessage
from io import StringIO
from itertools import count

import httpx
from django.core.management import call_command
from django.db import connection

from tests.crash import verdict
from tests.crash.killer import Killer
from tests.crash.ledger import Ledger
from tests.crash.people import Guest, OnGooglesSide, Person, Program, Punctual, Trouble, WebPerson
from tests.servers import Product
from tests.sync.google_side import GoogleSide

HOST = "ana"


def storm(
    product: Product,
    killer: Killer,
    sides: dict[str, GoogleSide],
    chance: random.Random,
    seconds: float,
) -> Ledger:
    """`seconds` of work and killing; returns when everybody has got the last answer and everything runs again."""
    ledger = Ledger()
    people = everybody(product, ledger, sides, chance)
    for person in people:
        person.arrive()
    for person in people:
        person.start()
    killer.run(seconds)
    killer.leave()
    for person in people:
        person.stop()
    for person in people:
        person.join(300)
    for person in people:
        if person.failure or person.is_alive():
            raise RuntimeError(f"{person.name} did not get through") from person.failure
    for google in sides.values():
        google.clear_faults()
    return ledger


def everybody(
    product: Product, ledger: Ledger, sides: dict[str, GoogleSide], chance: random.Random
) -> list[Person]:
    number = count(1)

    def common(name: str) -> tuple[str, Ledger, random.Random, str]:
        return product.url, ledger, random.Random(chance.random()), f"{name}{next(number)}"

    people: list[Person] = []
    for email, google in sides.items():
        token = new_token(email)
        people += [
            WebPerson(*common("web"), email=email),
            Program(*common("api"), token=token),
            OnGooglesSide(*common("google"), google=google),
            Trouble(*common("trouble"), google=google),
        ]
    bookings_in_google(product.url, token=new_token(f"{HOST}@example.com"))
    people.append(Punctual(*common("soon"), token=new_token("bo@example.com")))
    people += [
        Guest(*common("guest"), page=f"{HOST}/{kind}", by_form=by_form)
        for kind in ("intro", "consult")
        for by_form in (True, False)
    ]
    return people


def new_token(email: str) -> str:
    said = StringIO()
    call_command("api_token", email, stdout=said)
    return said.getvalue().split()[-1]


def bookings_in_google(url: str, token: str) -> None:
    """Have what is booked written to the calendar that Google mirrors."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/appointment/api/", headers=headers) as client:
        [primary] = [found["id"] for found in client.get("calendars/").json() if found["is_primary"]]
        for kind in client.get("types/").json():
            client.patch(f"types/{kind['id']}/", json={"calendar": primary}).raise_for_status()


def judge(ledger: Ledger, sides: dict[str, GoogleSide], messages: list[EmailMessage]) -> list[str]:
    """What does not hold."""
    connection.close()  # the database's side of it may have been killed
    wrong = [f"an answer of {status}" for status in ("500",) if ledger.answers[status]]
    if left := verdict.wait_until_quiet():
        wrong.append(f"it does not come to rest: {left}")
    wrong += verdict.check_events(ledger)
    wrong += verdict.check_bookings(ledger, HOST)
    wrong += verdict.check_both_sides(sides)
    wrong += verdict.check_mails(ledger, messages)
    connection.close()
    return wrong
