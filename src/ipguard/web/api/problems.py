"""Errors of the API: problem+json (RFC 9457) for every one of them, in words that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from evidence_store.errors import EvidenceError
from ipguard.errors import Interrupted, IpguardError, NotAllowed, WrongUse
from ipguard.people.limits import TooManyTries
from ipguard.people.tokens import WrongToken
from ipguard.web.desk import NotInside, SecondStepFirst

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20


class FieldProblem(BaseModel):
    """One thing about a request that does not fit."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or the parameter's name.")
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="A name for the kind of problem that stays the same.")
    title: str
    status: int
    detail: str = ""
    hint: str = Field("", description="What to try.")
    errors: list[FieldProblem] = Field(default_factory=list)


class Refused(Exception):
    """The API's own refusals."""

    def __init__(
        self, status: int, name: str, detail: str, *, hint: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.hint, self.headers = status, name, hint, headers or {}


def missing(what: str) -> Refused:
    """There is no such thing."""
    return Refused(404, "not-found", f"There is no {what}.")


def answer(
    status: int,
    name: str,
    detail: str,
    *,
    hint: str = "",
    errors: Sequence[FieldProblem] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem as it is sent."""
    told = Problem(
        type=f"urn:ipguard:problem:{name}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        hint=hint,
        errors=list(errors),
    )
    return JSONResponse(told.model_dump(), status, media_type=MEDIA_TYPE, headers=headers)


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 405, 409, 412, 413, 422, 429, 500, 503)
}
"""What every operation may answer beside what it is for."""


def install(app: FastAPI) -> None:
    """Answer every error of an app as a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(IpguardError, _told)
    app.add_exception_handler(EvidenceError, _evidence)
    app.add_exception_handler(NotInside, _outside)
    app.add_exception_handler(SecondStepFirst, _second_step_first)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 — the handler of just this
    return answer(error.status, error.name, str(error), hint=error.hint, headers=error.headers)


def _told(_request: Request, error: Exception) -> JSONResponse:
    hint = getattr(error, "hint", "")
    if isinstance(error, WrongToken):
        headers = {"WWW-Authenticate": 'Bearer realm="ipguard", error="invalid_token"'}  # RFC 6750 §3
        return answer(401, "unauthorized", str(error), hint=hint, headers=headers)
    if isinstance(error, TooManyTries):
        return answer(429, "too-many-tries", str(error), headers={"Retry-After": str(error.seconds)})
    if isinstance(error, NotAllowed):
        return answer(403, "not-allowed", str(error), hint=hint)
    if isinstance(error, WrongUse):
        return answer(409, "conflict", str(error), hint=hint)
    if isinstance(error, Interrupted):
        return answer(503, "busy", str(error), hint=hint, headers={"Retry-After": "15"})
    return answer(500, "failed", str(error), hint=hint)


def _evidence(_request: Request, error: Exception) -> JSONResponse:
    return answer(503, "evidence", str(error), hint=getattr(error, "hint", ""))


def _second_step_first(_request: Request, _error: Exception) -> JSONResponse:
    hint = "Set it up on the account page of the console."
    return answer(403, "second-step-first", "Your role needs a second step.", hint=hint)


def _outside(_request: Request, _error: Exception) -> JSONResponse:
    return answer(
        401,
        "unauthorized",
        "Nobody is signed in, and no token was sent.",
        hint="Send “Authorization: Bearer ipg_…”.",
        headers={"WWW-Authenticate": 'Bearer realm="ipguard"'},
    )


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 — the handler of just this
    errors = [
        FieldProblem(pointer=_pointer(one["loc"]), detail=str(one["msg"]))
        for one in error.errors()[:MAX_ERRORS]
    ]
    return answer(422, "invalid", "The request does not fit; see errors.", errors=errors)


def _pointer(place: Sequence[object]) -> str:
    first, *rest = [str(part).replace("~", "~0").replace("/", "~1") for part in place] or [""]
    return "/" + "/".join(rest) if first == "body" else (rest[0] if rest else first)


def _http(_request: Request, error: Exception) -> JSONResponse:
    status = getattr(error, "status_code", 500)
    names = {
        404: ("not-found", "There is nothing at this address."),
        405: ("method", "Not with this method."),
    }
    name, words = names.get(status, ("http", HTTPStatus(status).phrase))
    return answer(status, name, words, headers=dict(getattr(error, "headers", None) or {}))


def _broken(_request: Request, _error: Exception) -> JSONResponse:
    return answer(500, "broken", "Something went wrong on our side.")
