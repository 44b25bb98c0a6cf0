from __future__ import annotations

import gzip

import brotli
import pytest
from django.test import Client

PAGE = "/accounts/login/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.5", "br"),
        ("identity", ""),
    ],
)
def test_page_is_compressed_as_its_reader_takes_it(client: Client, accepted: str, coding: str) -> None:
    answer = client.get(PAGE, headers={"Accept-Encoding": accepted})
    assert answer.get("Content-Encoding", "") == coding
    assert "Accept-Encoding" in answer["Vary"]
    assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)
    content = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding](answer.content)
    assert b"</html>" in content


@pytest.mark.django_db
def test_length_of_a_compressed_page_varies(client: Client) -> None:
    headers = {"Accept-Encoding": "br"}
    lengths = {len(client.get(PAGE, headers=headers)["X-Padding"]) for _ in range(40)}
    assert len(lengths) > 1
