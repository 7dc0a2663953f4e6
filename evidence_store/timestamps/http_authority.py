"""An authority reached over HTTP (RFC 3161 §3.4): POST of the query, the response comes back."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

from evidence_store.errors import TimestampError
from evidence_store.timestamps.authority import Token
from evidence_store.timestamps.query import make_query

MAX_RESPONSE_BYTES = 1_000_000
SECONDS = 20.0

Post = Callable[[str, bytes], bytes]
"""Sends a query to a URL and gives back the body of the answer; raises TimestampError."""


class HttpAuthority:
    """One authority by its URL. The admin names it, so it is asked as given, without redirects."""

    def __init__(self, name: str, url: str, roots: bytes, *, post: Post | None = None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise TimestampError(f"{name}: {url} is no web address", hint="Correct it in ipguard.toml.")
        self._name, self._url, self._roots, self._post = name, url, roots, post or post_query

    @property
    def name(self) -> str:
        """Short name."""
        return self._name

    @property
    def roots(self) -> bytes:
        """PEM of the roots given for it."""
        return self._roots

    def stamp(self, digest: bytes) -> Token:
        """Ask for a stamp on a SHA-256 digest."""
        query = make_query(digest)
        return Token(query, self._post(self._url, query))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


def post_query(url: str, query: bytes) -> bytes:
    """POST a query; bounded in time and size, without proxies and redirects.

    Raises:
        TimestampError: no answer, or one that is no time-stamp reply.
    """
    request = urllib.request.Request(  # noqa: S310 — the scheme was checked when the authority was named
        url, data=query, headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            kind = answer.headers.get_content_type()
            body: bytes = answer.read(MAX_RESPONSE_BYTES + 1)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise TimestampError(f"{url} does not answer: {error}") from error
    if kind != "application/timestamp-reply" or len(body) > MAX_RESPONSE_BYTES:
        raise TimestampError(f"{url} answers with {kind}, not with a time stamp")
    return body
