"""Keys are put into a request at send time, and struck out of everything that is recorded. Pure: no clock, no sending.

What an `Auth` asks for is described there; the values come in a Credential, which only this package and whoever
loads keys ever hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

from crawlers.auth import PLACE, Auth, Scheme
from crawlers.exchange import Exchange, Headers, Request, Wire

WITHHELD = b"[withheld from the record]"
"""Stands for the whole value of a header field."""
STRUCK = "withheld-from-the-record"
"""Stands for a value inside an address or a body: a word that needs no quoting."""
SHORTEST_SECRET = 6
"""Characters: a shorter value would be struck out of half the web."""


@dataclass(frozen=True, slots=True)
class Credential:
    """How one origin is told who asks, with the values."""

    auth: Auth
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Key name → value."""
    missing: str = ""
    """Why it cannot be told, in words; then nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it goes out, and what must not stay on record of it."""

    request: Request
    headers: Headers = field(default=(), repr=False)
    """Sent beside those of the request, and withheld whole."""
    secrets: tuple[str, ...] = field(default=(), repr=False)


def sign(request: Request, credential: Credential, now: datetime, token: str = "") -> Signed:
    """The request with what its host wants to know; `token` is the one of OAUTH2."""
    auth, values = credential.auth, credential.values
    headers = [(name, filled(text, values)) for name, text in auth.headers]
    query = [(name, filled(text, values)) for name, text in auth.query]
    secrets = [value for name, value in values.items() if name not in auth.plain]
    match auth.scheme:
        case Scheme.BEARER:
            headers.append(("Authorization", f"Bearer {values['token']}"))
        case Scheme.OAUTH2:
            headers.append(("Authorization", filled(auth.says, {"token": token})))
            secrets.append(token)
        case Scheme.SHOPEE_SHA256:
            headers.append(("Authorization", shopee_authorization(values, request.body, now)))
        case Scheme.TOP_MD5:
            query += top_parameters(values, request, now)
            secrets.append(query[-1][1])
        case _:
            pass
    told = {name.lower() for name, _ in headers}
    kept = tuple(pair for pair in request.headers if pair[0].lower() not in told)
    out = replace(request, url=with_parameters(request.url, query), headers=kept)
    plain = {filled(text, values) for _, text in auth.headers if set(PLACE.findall(text)) <= set(auth.plain)}
    hidden = [value for _, value in headers if value not in plain]
    return Signed(out, tuple(headers), _longest_first((*secrets, *hidden)))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with every `{name}` replaced."""
    return PLACE.sub(lambda found: values[found[1]], template)


def with_parameters(url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The address with these parameters set; the rest of its query stays letter for letter."""
    named = list(parameters)
    if not named:
        return url
    parts = urlsplit(url)
    told = {name for name, _ in named}
    kept = [
        one
        for one in parts.query.split("&")
        if one and (parse_qsl(one, True) or [("", "")])[0][0] not in told
    ]
    return urlunsplit(parts._replace(query="&".join((*kept, urlencode(named)))))


def shopee_authorization(values: Mapping[str, str], body: bytes, now: datetime) -> str:
    """`SHA256 Credential=…, Timestamp=…, Signature=…`: SHA-256 over id, seconds of the epoch, body and secret."""
    at = str(int(now.timestamp()))
    signed = f"{values['app_id']}{at}".encode() + body + values["secret"].encode()
    digest = hashlib.sha256(signed).hexdigest()
    return f"SHA256 Credential={values['app_id']}, Timestamp={at}, Signature={digest}"


def top_parameters(values: Mapping[str, str], request: Request, now: datetime) -> list[tuple[str, str]]:
    """System parameters of AliExpress' gateway, `sign` last: MD5 over every parameter of address and body."""
    asked = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    body = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    system = {
        "app_key": values["app_key"],
        "timestamp": str(int(now.timestamp() * 1000)),
        "format": "json",
        "v": "2.0",
        "sign_method": "md5",
    }
    every = {**dict(asked), **dict(body), **system}
    every.pop("sign", None)
    text = "".join(f"{name}{every[name]}" for name in sorted(every))
    secret = values["app_secret"]
    digest = hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest()  # theirs
    return [*system.items(), ("sign", digest.upper())]


# -- striking out -----------------------------------------------------------------------------------


def struck_text(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets, in any spelling they may have there."""
    for spelling in _spellings(secrets):
        text = text.replace(spelling, STRUCK)
    return text


def withheld(answer: Exchange, asked: Request, signed: Signed) -> Exchange:
    """What may stay on record of a signed exchange: the request as it was asked, and no secret anywhere.

    An answer that repeats a secret has it replaced by a filler of the same length, so that its framing still
    holds; where it came coded or in chunks, the body stands on record decoded.
    """
    spellings = [one.encode() for one in _spellings(signed.secrets)]
    body = _filler(answer.body, spellings)
    headers = tuple(
        (name, _filler(value.encode("latin-1"), spellings).decode("latin-1"))
        for name, value in answer.headers
    )
    wire = answer.wire
    if wire is not None:
        wire = replace(
            wire, request=_struck_request(wire.request, signed), response=_filler(wire.response, spellings)
        )
        if body != answer.body and not wire.response.endswith(body):
            wire = _plainly(wire, body)
    return replace(answer, request=asked, url=asked.url, headers=headers, body=body, wire=wire)


def _struck_request(raw: bytes, signed: Signed) -> bytes:
    hidden = set(signed.secrets)
    for _, value in signed.headers:
        if value in hidden:
            raw = raw.replace(b": " + value.encode("latin-1", "replace"), b": " + WITHHELD)
    for spelling in _spellings(signed.secrets):
        raw = raw.replace(spelling.encode(), STRUCK.encode())
    return raw


def _filler(data: bytes, spellings: list[bytes]) -> bytes:
    for spelling in spellings:
        if spelling in data:
            data = data.replace(spelling, (STRUCK.encode() + b"*" * len(spelling))[: len(spelling)])
    return data


def _plainly(wire: Wire, body: bytes) -> Wire:
    """The same wire with the body as it was decoded, and a head that says so."""
    head, _, _ = wire.response.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    framing = (b"content-encoding:", b"transfer-encoding:", b"content-length:")
    kept = [one for one in fields if not one.lower().startswith(framing)]
    lines = (first, *kept, b"Content-Length: %d" % len(body), b"", b"")
    return replace(wire, response=b"\r\n".join(lines) + body)


def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Every way a secret may be written: as it is, in an address, in JSON, in HTML."""
    every = [
        one
        for secret in secrets
        for one in (
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
            escape(secret),
        )
    ]
    return _longest_first(every)


def _longest_first(secrets: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({one for one in secrets if one}, key=lambda one: (-len(one), one)))
