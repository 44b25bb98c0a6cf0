"""The reference page: the OpenAPI document as plain HTML, without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

Document = Mapping[str, Any]


@require_safe
def reference(request: HttpRequest, document: Document) -> HttpResponse:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(document, method, path, operation))
    shapes = [
        {
            "name": name,
            "description": _prose(schema.get("description", "")),
            "fields": list(_fields(document, schema)),
        }
        for name, schema in document["components"]["schemas"].items()
        if name in _answered(document)
    ]
    context = {"info": document["info"], "about": _prose(document["info"]["description"])}
    return render(request, "api/reference.html", {**context, "groups": groups, "shapes": shapes})


def home(request: HttpRequest) -> HttpResponse:
    return redirect("api:docs")


def _operation(document: Document, method: str, path: str, operation: Document) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": _prose(operation.get("description", "")),
        "parameters": [
            _field(parameter["name"], {**parameter["schema"], **parameter}, parameter["required"])
            for parameter in operation["parameters"]
        ],
        "body": list(_fields(document, body)) if body else [],
        "answers": [
            {"status": status, "meaning": answer["description"], "kind": _answer_kind(answer)}
            for status, answer in operation["responses"].items()
        ],
    }


def _answer_kind(answer: Document) -> str:
    return _kind(answer["content"]["application/json"]["schema"]) if "content" in answer else ""


def _answered(document: Document) -> set[str]:
    """The names of the shapes that come back: those of answers and what these contain."""
    names: set[str] = set()

    def collect(part: Any) -> None:
        if isinstance(part, list):
            for item in part:
                collect(item)
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
            if name and name not in names:
                names.add(name)
                collect(document["components"]["schemas"][name])
            collect(list(part.values()))

    for operations in document["paths"].values():
        collect([operation["responses"] for operation in operations.values()])
    return names


def _fields(document: Document, schema: Document) -> Iterator[dict[str, Any]]:
    """The fields of an object, or of the items of a list."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("type") == "array":
        yield from _fields(document, schema["items"])
    for name, detail in schema.get("properties", {}).items():
        yield _field(name, detail, name in schema.get("required", []))


def _field(name: str, detail: Document, required: bool) -> dict[str, Any]:
    limits = [
        words.format(detail[key])
        for key, words in (
            ("maxLength", "at most {} characters"),
            ("maxItems", "at most {} items"),
            ("minimum", "from {}"),
            ("maximum", "to {}"),
        )
        if key in detail
    ]
    return {
        "name": name,
        "kind": _kind(detail),
        "required": required,
        "default": json.dumps(detail["default"]) if detail.get("default", "") != "" else "",
        "description": _prose(detail.get("description", "")),
        "limits": ", ".join(limits),
    }


def _kind(schema: Document) -> str:
    """What a value is, in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _prose(text: str) -> list[dict[str, Any]]:
    """The text in pieces; what stood between backticks is code."""
    return [
        {"text": piece, "is_code": number % 2 == 1} for number, piece in enumerate(text.split("`")) if piece
    ]
