"""Canonical JSON (FORMAT 2, RFC 8785): one value, one encoding, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, cast

import rfc8785

from evidence_store.errors import Malformed
from evidence_store.exhibit import JsonValue

MAX_BYTES = 16_000_000
"""A record larger than this is not a record."""

Object = dict[str, JsonValue]


def encode(value: Mapping[str, JsonValue]) -> bytes:
    """Canonical bytes of a JSON object.

    Raises:
        Malformed: it holds a float, an integer beyond 2^53, a lone surrogate, or something that is not JSON.
    """
    _refuse_floats(value)
    try:
        return rfc8785.dumps(cast("Any", value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise Malformed(f"cannot be written as canonical JSON: {error}") from error


def decode(data: bytes) -> Object:
    """The object in canonical bytes; refuses anything that `encode` would write differently (FORMAT 2.3).

    Raises:
        Malformed: not JSON, not an object, duplicate names, floats, or not in canonical form.
    """
    if len(data) > MAX_BYTES:
        raise Malformed(f"JSON of {len(data)} bytes, at most {MAX_BYTES} are read")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    if encode(value) != data:
        raise Malformed("JSON that is not in canonical form (RFC 8785)")
    return value


def moment(at: datetime) -> str:
    """A moment as FORMAT 2.5 writes it.

    Raises:
        Malformed: it has no time zone.
    """
    if at.tzinfo is None:
        raise Malformed("a moment without a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_moment(text: object) -> datetime:
    """The moment that `moment` wrote.

    Raises:
        Malformed: it is in any other form.
    """
    try:
        at = datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed(f"not a moment: {str(text)[:40]!r}") from error
    if moment(at) != text:
        raise Malformed(f"not a moment in canonical form: {str(text)[:40]!r}")
    return at


def _refuse_floats(value: object, depth: int = 0) -> None:
    if depth > 100:
        raise Malformed("JSON nested more than 100 deep")
    if isinstance(value, float):
        raise Malformed("a floating-point number, which this format does not have")
    if isinstance(value, Mapping):
        for member in value.values():
            _refuse_floats(member, depth + 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _refuse_floats(member, depth + 1)


def _unique(pairs: list[tuple[str, JsonValue]]) -> Object:
    found: Object = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:40]!r} stands there twice")
        found[name] = value
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a floating-point number ({text[:40]}), which this format does not have")
