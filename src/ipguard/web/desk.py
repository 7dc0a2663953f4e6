"""What every screen needs: the workspace, who reads, in which language, and how a page is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine

from ipguard.cases.store import exhibit_label
from ipguard.errors import WrongUse
from ipguard.matching.reasons import render
from ipguard.settings import Workspace
from ipguard.web.access import COOKIE, Access
from ipguard.web.explain import explain
from ipguard.web.language import LANGUAGES, language_of, speaker
from ipguard.web.marks import excerpts, marked, points

READER = "console"
"""Who decides, until people have names."""

Export = Callable[[int], None]
"""Exports a case as a bundle and writes down that it did."""


class NotInside(Exception):
    """Somebody without a session asked for a page."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the console works with."""

    workspace: Workspace
    engine: Engine
    now: Callable[[], datetime]
    access: Access
    pages: Environment
    export: Export | None

    def session(self, request: Request) -> str:
        """The session of this request; NotInside where there is none that holds."""
        session = request.cookies.get(COOKIE, "")
        if not self.access.inside(session, self.now()):
            raise NotInside
        return session

    def check_form(self, request: Request, token: str) -> str:
        """The session of a form that was made for it."""
        session = self.session(request)
        if not self.access.token_fits(session, token):
            raise WrongUse("This form belongs to another session.", hint="Load the page again.")
        return session

    def page(
        self, request: Request, name: str, values: Mapping[str, object], status: int = 200
    ) -> HTMLResponse:
        """A page in the reader's language."""
        language = language_of(request, self.workspace.settings.console.language)
        session = request.cookies.get(COOKIE, "")
        inside = self.access.inside(session, self.now())
        text = self.pages.get_template(name).render(
            _=speaker(language),
            language=language,
            languages=LANGUAGES,
            here=request.url.path,
            inside=inside,
            token=self.access.form_token(session) if inside else "",
            why=lambda reason: render(reason, language),
            **values,
        )
        return HTMLResponse(text, status)


def desk_of(request: Request) -> Desk:
    """The desk of the app that answers."""
    return cast(Desk, request.app.state.desk)


def go(url: str) -> RedirectResponse:
    """After a form, look at a page (RFC 9110 §15.4.4)."""
    return RedirectResponse(url, 303)


def make_pages() -> Environment:
    """Templates; everything is escaped, and a name that is missing is an error."""
    pages = Environment(
        loader=PackageLoader("ipguard.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.globals.update(
        marked=marked, excerpts=excerpts, points=points, explain=explain, exhibit_label=exhibit_label
    )
    pages.filters["moment"] = _moment
    return pages


def _moment(when: datetime | None) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC") if when else "—"
