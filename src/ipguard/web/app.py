"""The console as an application: `create_app` puts the rooms behind the guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from evidence_store.errors import EvidenceError
from evidence_store.store import Memory
from ipguard.errors import IpguardError, NotAllowed, WrongUse
from ipguard.people.limits import TooManyTries
from ipguard.settings import Workspace
from ipguard.web import (
    account,
    account_keys,
    cases,
    compare,
    exhibits,
    integrations,
    people,
    record,
    reports,
    rules,
    screens,
    second_look,
    sellers,
    signing,
    sources,
    today,
    triage,
    triage_more,
    verify_page,
    watchlist,
)
from ipguard.web.access import Access, read_secret
from ipguard.web.api.app import PREFIX as API
from ipguard.web.api.app import create_api
from ipguard.web.appearance import COOKIE as THEME_COOKIE
from ipguard.web.appearance import THEMES, YEAR, Static
from ipguard.web.desk import Desk, Export, NotInside, SecondStepFirst, desk_of, go, make_pages
from ipguard.web.exhibit_origin import Origin
from ipguard.web.exports import Exports
from ipguard.web.guard import Guard
from ipguard.web.language import COOKIE as LANGUAGE_COOKIE
from ipguard.web.language import LANGUAGES
from ipguard.web.navigation import pages_of

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ROOMS = (
    today,
    screens,
    watchlist,
    sources,
    rules,
    triage,
    triage_more,
    compare,
    second_look,
    cases,
    exhibits,
    verify_page,
    reports,
    integrations,
    signing,
    account,
    account_keys,
    people,
    record,
    sellers,
)
"""Modules with screens; each has a `router`."""


def create_app(
    workspace: Workspace,
    *,
    engine: Engine,
    now: Callable[[], datetime],
    export: Export | None = None,
    hosts: Sequence[str] = (),
    exhibits_at: str = "",
) -> FastAPI:
    """The console of a workspace.

    Args:
        workspace: whose pictures, settings and keys are used.
        engine: its database, migrated.
        now: the time, aware UTC.
        export: exports a case by number; without it the console says which command does.
        hosts: further names the console answers to, beside loopback and the host in the settings.
        exhibits_at: origin that shows captured pages of strangers; without it they can only be downloaded.
    """
    app = FastAPI(title="ipguard", docs_url=None, redoc_url=None, openapi_url=None)
    access = Access(read_secret(workspace))
    app.state.desk = Desk(workspace, engine, now, access, make_pages(), export)
    app.state.memory, app.state.exports, app.state.turns = Memory(), Exports(), verify_page.Turns()
    app.state.trials = Exports()
    app.state.exhibit_origin = Origin(exhibits_at, access.secret) if exhibits_at else None
    app.add_middleware(Guard, hosts=[*LOOPBACK, workspace.settings.console.host, *hosts])
    app.mount("/static", Static(directory=str(files("ipguard.web").joinpath("static"))), "static")
    for room in ROOMS:
        app.include_router(room.router)
    app.add_api_route("/healthz", health, methods=["GET"])
    app.add_api_route("/metrics", metrics, methods=["GET"])
    app.add_api_route("/language", set_language, methods=["GET"])
    app.add_api_route("/theme", set_theme, methods=["GET"])
    api = create_api(app.state.desk)
    app.state.api = api
    app.add_api_route(f"{API}/docs", api_docs, methods=["GET"])
    app.mount(API, api, "api")
    app.state.pages = pages_of(app.routes)
    app.add_exception_handler(NotInside, signing.outside)
    app.add_exception_handler(SecondStepFirst, signing.second_step_first)
    app.add_exception_handler(IpguardError, _told)
    app.add_exception_handler(EvidenceError, _told)
    app.add_exception_handler(RequestValidationError, _incomplete)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    return app


def health() -> PlainTextResponse:
    """The process answers; no log-in."""
    return PlainTextResponse("ok\n")


def api_docs(request: Request) -> Response:
    """What programs can do here, as a page of our own: no script, nothing from elsewhere; no log-in."""
    return desk_of(request).page(request, "api_docs.html", {"doc": request.app.state.api.openapi()})


def metrics(request: Request) -> Response:
    """Figures for Prometheus, for whoever is logged in."""
    desk_of(request).require(request)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def set_language(to: str = "en", back: str = "/") -> Response:
    """Remember the reader's language and go back to the page."""
    response = go(_local(back))
    if to in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, to, httponly=True, samesite="strict", max_age=YEAR)
    return response


def set_theme(to: str = "auto", back: str = "/") -> Response:
    """Remember whether the reader wants it light or dark and go back to the page."""
    response = go(_local(back))
    if to in THEMES:
        response.set_cookie(THEME_COOKIE, to, httponly=True, samesite="strict", max_age=YEAR)
    return response


def _local(back: str) -> str:
    """An address of ours, or the first page."""
    local = back.startswith("/") and not back.startswith("//") and "\\" not in back
    return back if local else "/"


def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, NotAllowed) and error.right:
        return desk_of(request).page(request, "forbidden.html", {"right": error.right}, 403)
    if isinstance(error, TooManyTries):
        return _sorry(request, 429, "Too many failed tries. Wait a quarter of an hour.")
    status = 409 if isinstance(error, WrongUse | NotAllowed) else 500
    return _sorry(request, status, str(error), getattr(error, "hint", ""))


def _incomplete(request: Request, _error: Exception) -> Response:
    return _sorry(request, 422, "Something in the address or the form is missing or is not a number.")


def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    words = "There is no such page." if status == 404 else "That cannot be done here."
    return _sorry(request, status, words)


def _broken(request: Request, _error: Exception) -> Response:
    return _sorry(request, 500, "Something went wrong on our side.")


def _sorry(request: Request, status: int, words: str, hint: str = "") -> Response:
    return desk_of(request).page(request, "error.html", {"words": words, "hint": hint}, status)
