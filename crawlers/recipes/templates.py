"""Requests from templates: `{query}` and the like are filled in, each the way its place needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from crawlers.exchange import Headers, Purpose, Request, State
from crawlers.recipes.model import RequestPart
from crawlers.recipes.problems import Wrong, did_you_mean

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
AS_THEY_ARE = frozenset({"base", "url", "next"})
"""Addresses: they are put into an address unchanged."""
ALWAYS = ("base", "query", "language", "page", "offset", "limit", "cursor")
OF_A_LISTING = ("base", "id", "url", "query", "language")
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
JSON_TYPE = ("Content-Type", "application/json")
Variables = Mapping[str, str | int]


def places_in(value: object) -> Iterable[str]:
    """Names in braces anywhere in a template."""
    if isinstance(value, str):
        yield from PLACE.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from places_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from places_in(one)


def check_template(value: object, known: Iterable[str]) -> None:
    """Raises Wrong where a template names something that is not there."""
    names = list(known)
    for place in places_in(value):
        if place not in names:
            raise Wrong(f"There is nothing called {{{place}}} here.", did_you_mean(place, names))


def render(part: RequestPart, variables: Variables, label: str, state: State) -> Request:
    """The request a template and its variables make."""
    url = _in_address(part.url, variables, part.encoding)
    pairs = [(name, _text(template, variables)) for name, template in part.params.items()]
    if query := urlencode([pair for pair in pairs if pair[1]], encoding=part.encoding, errors="replace"):
        url += ("&" if "?" in url else "?") + query
    body, kind = _body(part, variables)
    headers: Headers = tuple((name, _safe(_text(value, variables))) for name, value in part.headers.items())
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, kind)
    method = part.method or ("POST" if kind else "GET")
    return Request(url, Purpose.PAGE, method, headers, body, label, state)


def _body(part: RequestPart, variables: Variables) -> tuple[bytes, tuple[str, str] | None]:
    if part.graphql is not None:
        value: object = {"query": part.graphql.query, "variables": _filled(part.graphql.variables, variables)}
    elif part.json_ is not None:
        value = _filled(part.json_, variables)
    elif part.form is not None:
        pairs = [(name, _text(template, variables)) for name, template in part.form.items()]
        kept = [pair for pair in pairs if pair[1]]
        return urlencode(kept, encoding=part.encoding, errors="replace").encode("ascii"), FORM_TYPE
    else:
        return b"", None
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), JSON_TYPE


def _filled(value: object, variables: Variables) -> object:
    """A JSON value with its templates filled in; a template that is nothing but a number's place becomes a number."""
    if isinstance(value, str):
        alone = PLACE.fullmatch(value)
        return variables.get(alone[1], "") if alone else _text(value, variables)
    if isinstance(value, Mapping):
        return {str(name): _filled(one, variables) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one, variables) for one in value]
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def _text(template: str, variables: Variables) -> str:
    return PLACE.sub(lambda found: str(variables.get(found[1], "")), template)


def _in_address(template: str, variables: Variables, encoding: str) -> str:
    def filled(found: re.Match[str]) -> str:
        value = str(variables.get(found[1], ""))
        return (
            value if found[1] in AS_THEY_ARE else quote(value, safe="", encoding=encoding, errors="replace")
        )

    return PLACE.sub(filled, template)


def _safe(text: str) -> str:
    """A header value that cannot begin another header."""
    return "".join(one for one in text if 31 < ord(one) < 256 and ord(one) != 127).strip()
