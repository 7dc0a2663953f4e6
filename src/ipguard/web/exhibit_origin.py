"""Captured pages of strangers, on an origin of their own: no cookies, no session, nothing but what an address allows.

An address names one exhibit, is signed with the console's secret and stops working after a few minutes. The page is
sandboxed by its own policy: no script, no form, nothing loaded from anywhere, and only the console may frame it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from evidence_store.errors import EvidenceError
from ipguard.errors import IpguardError
from ipguard.exhibits import Opened, captured_page

LASTS = timedelta(minutes=5)
POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors {console}"
)
"""Inline styles are the stranger's own and reach nothing: the sandbox gives the page an origin of its own."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where captured pages are shown, and the secret that signs their addresses."""

    url: str
    """Scheme, host and port, as a browser writes them."""
    secret: bytes

    def address(self, exhibit_id: str, now: datetime) -> str:
        """Where the page of an exhibit can be looked at from now on, for LASTS."""
        until = int((now + LASTS).timestamp())
        name = base64.urlsafe_b64encode(exhibit_id.encode()).decode().rstrip("=")
        return f"{self.url}/{name}/{until}/{_sign(self.secret, exhibit_id, until)}"

    def admits(self, exhibit_id: str, until: int, signature: str, now: datetime) -> bool:
        """Whether an address was signed here and still works."""
        right = _sign(self.secret, exhibit_id, until)
        return hmac.compare_digest(signature.encode(), right.encode()) and now.timestamp() < until


def create_exhibit_app(
    opened: Opened, origin: Origin, *, console: Sequence[str], now: Callable[[], datetime]
) -> Starlette:
    """The application behind the second port.

    Args:
        opened: whose exhibits they are.
        origin: its own origin.
        console: origins of the console, which may frame a page.
        now: the time, aware UTC.
    """
    policy = POLICY.format(console=" ".join(console) or "'none'")

    def page(request: Request) -> Response:
        values = request.path_params
        try:
            name = values["name"] + "=" * (-len(values["name"]) % 4)
            exhibit_id = base64.urlsafe_b64decode(name).decode()
        except ValueError:
            exhibit_id = ""
        if not origin.admits(exhibit_id, values["until"], values["signature"], now()):
            return _said("This address has ended. Load the exhibit's page again.", 403, policy)
        try:
            data, media_type = captured_page(opened, exhibit_id)
        except (IpguardError, EvidenceError) as error:
            return _said(str(error), 404, policy)
        return Response(data, media_type=media_type, headers={**HEADERS, "Content-Security-Policy": policy})

    return Starlette(routes=[Route("/{name}/{until:int}/{signature}", page)])


def _said(words: str, status: int, policy: str) -> Response:
    return PlainTextResponse(words + "\n", status, headers={**HEADERS, "Content-Security-Policy": policy})


def _sign(secret: bytes, exhibit_id: str, until: int) -> str:
    return hmac.new(secret, f"exhibit:{exhibit_id}/{until}".encode(), hashlib.sha256).hexdigest()
