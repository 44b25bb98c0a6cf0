"""The examples of the description are true: what they send is taken, what they show has the described shape."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from scheduling import services
from scheduling.api import schemas, schemas_booking
from scheduling.api.examples import ANSWERS, BODIES
from tests.make import make_type

pytestmark = pytest.mark.django_db
API = "/appointment/api/"


@pytest.fixture
def api(alice: Any) -> Client:
    return Client(HTTP_AUTHORIZATION=f"Bearer {services.create_api_token(user=alice, name='test')}")


def test_every_body_has_an_example_in_the_description(api: Client) -> None:
    document = api.get(f"{API}openapi.json").json()
    assert document["openapi"].startswith("3.1")
    shapes = document["components"]["schemas"]
    sent = {name for name in shapes if name.endswith(("In", "Patch")) or name == "Slot"}
    assert sent == set(BODIES)
    assert all(shapes[name]["examples"] for name in [*BODIES, *ANSWERS])


def test_the_examples_of_bodies_are_taken(api: Client, alice: Any) -> None:
    def send(method: str, path: str, body: Any) -> Any:
        answer = getattr(api, method)(API + path, body, content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    event = send("post", "events/", BODIES["EventIn"])
    send("patch", f"events/{event['id']}/?scope=all", BODIES["EventPatch"])
    send("patch", "profile/", BODIES["ProfilePatch"])
    send("put", "slots/", [BODIES["Slot"]])
    send("post", "overrides/", BODIES["OverrideIn"])
    made = send("post", "types/", BODIES["TypeIn"])
    send("patch", f"types/{made['id']}/", BODIES["TypePatch"])


def test_the_example_of_a_booking_is_taken(alice: Any) -> None:
    kind = make_type(alice, slug="first-talk", window_days=730)
    services.update_profile(profile=alice.profile, handle="alice", public_page=True)
    answer = Client().post(
        f"{API}public/alice/{kind.slug}/bookings/", BODIES["PublicBookingIn"], content_type="application/json"
    )
    assert answer.status_code in (201, 409), answer.content  # 409: its day has passed, or is too far


@pytest.mark.parametrize("name", ANSWERS)
def test_the_examples_of_answers_have_the_described_shape(name: str) -> None:
    shape = getattr(schemas, name, None) or getattr(schemas_booking, name)
    assert set(shape.model_validate(ANSWERS[name]).model_dump()) == set(ANSWERS[name])
