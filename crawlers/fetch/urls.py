"""Addresses of requests and where redirects lead: pure rules."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import SplitResult, urljoin, urlsplit

from crawlers.errors import AddressRefused, Refused
from crawlers.exchange import Exchange, Request

REDIRECTS = {301, 302, 303, 307, 308}


def redirect_target(answer: Exchange) -> str | None:
    """Where an answer sends us; None where it is no redirect.

    Raises:
        AddressRefused: to something that is no web address.
    """
    location = answer.header("location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        target = urljoin(answer.url, location.strip())
        parts = urlsplit(target)
        _ = parts.port
    except ValueError as error:
        raise AddressRefused(
            f"A redirect to something that is no address: {error}.", url=answer.url
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise AddressRefused(
            f"A redirect to {parts.scheme or 'nowhere'}:, which is not followed.", url=answer.url
        )
    return target


def redirected(asked: Request, target: str, status: int) -> Request:
    """The request for the next hop (RFC 9110 §15.4). Neither header fields nor a body go to another origin.

    Raises:
        Refused: a body would have to be sent somewhere else.
    """
    same = origin_of(asked.url) == origin_of(target)
    keeps = status in (307, 308) or asked.method in ("GET", "HEAD")
    if keeps and asked.body and not same:
        raise Refused("A redirect would send what we posted to another host; it is not followed.", url=target)
    if keeps:
        return replace(asked, url=target, headers=asked.headers if same else ())
    about_body = {"content-type", "content-length", "content-encoding"}
    headers = tuple(pair for pair in asked.headers if same and pair[0].lower() not in about_body)
    return replace(asked, url=target, method="GET", body=b"", headers=headers)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as `https://shop.example`.

    Raises:
        AddressRefused: it is no web address.
    """
    parts = split(url)
    return f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1].lower()}"


def host_of(url: str) -> str:
    """Host, and port where one is written: what has a pace of its own.

    Raises:
        AddressRefused: it is no web address.
    """
    parts = split(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}"


def split(url: str) -> SplitResult:
    """The parts of an address that can be asked.

    Raises:
        AddressRefused: it is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise AddressRefused(f"Not a web address: {error}.", url=url) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressRefused("Not a web address that can be asked.", url=url)
    return parts
