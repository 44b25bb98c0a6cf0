"""The reference page: the OpenAPI document as plain HTML, without a script."""

from __future__ import annotations

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
    return render(request, "api/reference.html", {"info": document["info"], "groups": groups})


def home(request: HttpRequest) -> HttpResponse:
    return redirect("api:docs")


def _operation(document: Document, method: str, path: str, operation: Document) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [
            _field(document, parameter["name"], {**parameter["schema"], **parameter}, parameter["required"])
            for parameter in operation["parameters"]
        ],
        "body": list(_fields(document, body)) if body else [],
        "answers": [
            {
                "status": status,
                "title": f"In the answer {status}",
                "meaning": answer["description"],
                "fields": list(_fields(document, answer["content"]["application/json"]["schema"]))
                if "content" in answer and int(status) < 300
                else [],
            }
            for status, answer in operation["responses"].items()
        ],
    }


def _fields(document: Document, schema: Document) -> Iterator[dict[str, Any]]:
    """The fields of an object, or of the items of a list."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        schema = _resolved(document, schema["items"])
    for name, detail in schema.get("properties", {}).items():
        yield _field(document, name, detail, name in schema.get("required", []))


def _field(document: Document, name: str, detail: Document, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "kind": _kind(document, detail),
        "required": required,
        "default": detail.get("default"),
        "has_default": "default" in detail,
        "description": detail.get("description", ""),
        "limits": [
            words.format(detail[key])
            for key, words in (
                ("minLength", "at least {} characters"),
                ("maxLength", "at most {} characters"),
                ("minimum", "from {}"),
                ("maximum", "to {}"),
                ("maxItems", "at most {} items"),
            )
            if key in detail
        ],
    }


def _kind(document: Document, schema: Document) -> str:
    """What a value is, in few words."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    if "enum" in schema or "const" in schema:
        return " | ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_kind(document, part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _resolved(document: Document, schema: Document) -> Document:
    if "$ref" not in schema:
        return schema
    return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
