"""A form of a page as a browser would send it."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    """Collects what is filled in inside the form `wanted` (its id or its action)."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.found: dict[str, str | list[str]] = {}
        self._wanted, self._is_inside = wanted, False
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = self._wanted in (given.get("id"), given.get("action"))
        if not self._is_inside:
            return
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.found):
            self.found[self._select] = value
        elif tag == "textarea":
            self._text, self.found[name] = name, ""
        elif tag == "input" and name:
            self._add(name, value, given)

    def _add(self, name: str, value: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind == "radio" and "checked" in given:
            self.found[name] = value
        elif kind == "checkbox" and "checked" in given:
            before = self.found.get(name, [])
            self.found[name] = [*before, value or "on"] if isinstance(before, list) else [before, value]
        elif kind not in ("radio", "checkbox", "submit", "button", "file"):
            self.found[name] = value

    def handle_data(self, data: str) -> None:
        if self._text:
            self.found[self._text] = str(self.found[self._text]) + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser drops the line end that stands first.
            self.found[self._text] = str(self.found.get(self._text, "")).removeprefix("\n")
            self._text = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._is_inside = False


def fields_of(html: str, form: str) -> dict[str, str | list[str]]:
    """name → value of the fields of the form with this id or action, as they stand."""
    reader = _Fields(form)
    reader.feed(html)
    assert reader.found, f"no form {form} in {html[:300]}"
    return reader.found
