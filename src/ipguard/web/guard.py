"""What every request passes: the right host, the right origin, a bounded body; and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_FORM_BYTES = 64 * 1024
MAX_BUNDLE_BYTES = 256 * 1024 * 1024
MAX_PICTURES_BYTES = 64 * 1024 * 1024
UPLOADS = {
    "/verify": MAX_BUNDLE_BYTES,
    "/api/v1/verify": MAX_BUNDLE_BYTES,
    "/watchlist-pictures": MAX_PICTURES_BYTES,
}
"""Paths that take more than a form, and how much."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Middleware: refuses before anything is read, and adds the security headers to everything."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = _refusal(scope, self._hosts)
        app = _told(scope, *refused) if refused else self._app
        await app(scope, receive, with_headers)


def _refusal(scope: Scope, hosts: frozenset[str]) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if _name(f"//{host}") not in hosts:
        return 421, "This console does not answer to that host name."  # RFC 9110 §15.5.20
    if scope["method"] in ("GET", "HEAD"):
        return None
    origin = headers.get("origin") or headers.get("referer", "")
    bearer = headers.get("authorization", "").lower().startswith("bearer ")
    by_program = bearer and "origin" not in headers  # no other site can make a browser send that
    if not by_program and urlsplit(origin).netloc != host:
        return 403, "A form of another site was refused."
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        return 411, "The length of the body is missing."
    if int(length) > UPLOADS.get(scope["path"], MAX_FORM_BYTES):
        return 413, "That is larger than the console takes; use the command line."
    return None


def _told(scope: Scope, status: int, words: str) -> ASGIApp:
    """A refusal in the form that whoever asked reads."""
    if not scope["path"].startswith("/api/"):
        return PlainTextResponse(words + "\n", status)
    told = {"type": "urn:ipguard:problem:guard", "title": "Refused", "status": status, "detail": words}
    return JSONResponse(told, status, media_type="application/problem+json")


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
