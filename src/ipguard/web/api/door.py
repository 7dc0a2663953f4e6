"""What every request of the API passes: who asks, how often, where a list goes on, what was answered before."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Query, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel
from sqlmodel import Session

from ipguard import answered
from ipguard.database.engine import transaction
from ipguard.people.rights import Principal, Right
from ipguard.web.access import COOKIE
from ipguard.web.api.problems import Refused
from ipguard.web.desk import Desk

QUOTA, WINDOW_SECONDS = 600, 60
"""Requests of one token or session, in one process."""
MOST_KNOWN = 10_000
MAX_PAGE = 200
Shape = TypeVar("Shape", bound=BaseModel)

_bearer = HTTPBearer(
    auto_error=False, description="A token: `ipg_…`, made with `ipguard token new`.", bearerFormat="ipg_…"
)
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The console's session: GET only.")


@dataclass(slots=True)
class Budget:
    """Counts requests by whoever sends them, in windows of a minute."""

    quota: int = QUOTA
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _spent: dict[str, tuple[int, int]] = field(default_factory=dict)

    def spend(self, who: str, now: datetime) -> tuple[int, int]:
        """How many are left, and seconds until there are more; -1 left where it was one too many."""
        window, left = divmod(int(now.timestamp()), WINDOW_SECONDS)
        with self._turn:
            if len(self._spent) > MOST_KNOWN:
                self._spent = {name: one for name, one in self._spent.items() if one[0] == window}
            begun, count = self._spent.get(who, (window, 0))
            count = count + 1 if begun == window else 1
            self._spent[who] = (window, count)
        return max(self.quota - count, -1), WINDOW_SECONDS - left


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what they work with."""

    desk: Desk
    principal: Principal
    now: datetime

    def need(self, right: Right) -> Caller:
        """The same, where they may do that; raises NotAllowed."""
        self.principal.need(right)
        return self

    @property
    def key(self) -> str:
        """Whose keys of idempotency these are."""
        return f"person:{self.principal.id}:{self.principal.way}"


def caller(
    request: Request,
    response: Response,
    _token: Annotated[object, Depends(_bearer)],
    _session: Annotated[object, Depends(_cookie)],
) -> Caller:
    """Who asks: a token, or for reading the console's session. Counted."""
    desk: Desk = request.app.state.desk
    budget: Budget = request.app.state.budget
    if "authorization" in request.headers or request.method not in ("GET", "HEAD"):
        principal = desk.token_principal(request)
    else:
        principal = desk.require(request)
    principal.need(Right.READ)
    now = desk.now()
    left, wait = budget.spend(f"{principal.id}/{principal.token or principal.session}", now)
    limits = {
        "RateLimit-Policy": f'"default";q={budget.quota};w={WINDOW_SECONDS}',
        "RateLimit": f'"default";r={max(left, 0)};t={wait}',
    }
    if left < 0:
        limits["Retry-After"] = str(wait)
        raise Refused(
            429, "too-many-requests", f"More than {budget.quota} requests in a minute.", headers=limits
        )
    request.state.limits = limits
    response.headers.update(limits)
    return Caller(desk, principal, now)


Who = Annotated[Caller, Depends(caller)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows of a page.")]
Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before; empty for the first.")]
RepeatKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]*$",
        description="The same key with the same request is answered the same for 24 hours, and done once.",
    ),
]
IfMatch = Annotated[str, Header(alias="If-Match", max_length=200, description="ETag of what was seen.")]


def to_cursor(*place: object) -> str:
    """Where the next page begins; opaque to whoever gets it."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def from_cursor(text: str, *kinds: type) -> tuple[object, ...] | None:
    """The place a cursor stands for; None for an empty one.

    Raises:
        Refused: it is none of ours.
    """
    if not text:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        fits = isinstance(place, list) and len(place) == len(kinds)
        fits = fits and all(type(one) is kind for one, kind in zip(place, kinds, strict=True))
        fits = fits and all(abs(one) < 2**53 for one in place if isinstance(one, int | float))
    except (binascii.Error, ValueError, RecursionError, OverflowError):
        fits = False
    if not fits:
        raise Refused(400, "cursor", "That cursor is none of ours.", hint="Begin again without one.")
    return tuple(place)


def etag_of(text: str) -> str:
    """The tag of an answer's text: strong, since it is over its bytes."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def reply(request: Request, shape: BaseModel, status: int = 200, location: str = "") -> Response:
    """An answer with its tag; 304 where the asker has it already (RFC 9110 §13.1.2)."""
    text = shape.model_dump_json()
    tag = etag_of(text)
    headers = dict(request.state.limits) | {"ETag": tag, "Cache-Control": "private, no-cache"}
    if location:
        headers["Location"] = location
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if request.method == "GET" and (tag in known or known == ["*"]):
        return Response(status_code=304, headers=headers)
    return Response(text, status, headers=headers, media_type="application/json")


def check_match(wanted: str, shape: BaseModel) -> None:
    """Raise 412 where somebody acts on what is not there any more (RFC 9110 §13.1.1)."""
    if (
        wanted
        and wanted != "*"
        and etag_of(shape.model_dump_json()) not in [one.strip() for one in wanted.split(",")]
    ):
        raise Refused(
            412, "changed", "It has changed since it was looked at.", hint="Get it again, then act."
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What an act answers with."""

    shape: BaseModel
    status: int = 200
    location: str = ""


def once(
    request: Request, who: Caller, key: str, body: BaseModel | None, act: Callable[[Session], Done]
) -> Response:
    """Act in one transaction, once for a key: deed and kept answer are written together or not at all."""
    with transaction(who.desk.engine) as session:
        if key:
            before = begin(session, request, who, key, body)
            if before is not None:
                return repeated(request, before)
        done = act(session)
        text = done.shape.model_dump_json()
        if key:
            kept = answered.Answered(done.status, text, etag_of(text), done.location)
            answered.finish(session, who.key, key, kept)
    return reply(request, done.shape, done.status, done.location)


def begin(
    session: Session, request: Request, who: Caller, key: str, body: BaseModel | None
) -> answered.Answered | None:
    """Take a key; gives what was answered to it before.

    Raises:
        Refused: the key belongs to another request, or the first one is still being worked on.
    """
    said = f"{request.method} {request.url.path}\n{body.model_dump_json() if body else ''}"
    try:
        return answered.begin(session, who.key, key, hashlib.sha256(said.encode()).hexdigest(), who.now)
    except answered.OtherRequest as error:
        raise Refused(
            422, "key-reused", "That key was used for another request.", hint="Use a new key."
        ) from error
    except answered.StillAtIt as error:
        raise Refused(
            409,
            "still-at-it",
            "The first request with that key is still being worked on.",
            headers={"Retry-After": "5"},
        ) from error


def repeated(request: Request, before: answered.Answered) -> Response:
    """The answer that was given before."""
    headers = dict(request.state.limits) | {"ETag": before.etag, "Idempotent-Replayed": "true"}
    if before.location:
        headers["Location"] = before.location
    return Response(before.body, before.status, headers=headers, media_type="application/json")
