"""What every screen needs: the workspace, who reads, in which language, and how a page is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine

from ipguard.cases.store import exhibit_label
from ipguard.database.engine import reading, transaction
from ipguard.errors import Interrupted, WrongUse
from ipguard.matching.reasons import render
from ipguard.people import tokens
from ipguard.people.accounts import STATE_WORDS
from ipguard.people.limits import (
    TOKEN_FREE,
    TooManyTries,
    closed_until,
    count_try,
    gate,
    network_of,
)
from ipguard.people.rights import RIGHT_WORDS, ROLE_WORDS, SCOPE_WORDS, Principal, Right
from ipguard.people.sessions import Browser, Lasting, lasting_of, look_up, mark_seen
from ipguard.people.signing_in import Door
from ipguard.people.tokens import WrongToken, token_principal
from ipguard.settings import Workspace
from ipguard.web.access import COOKIE, KNOWN_COOKIE, Access
from ipguard.web.appearance import ICONS, THEMES, asset, theme_of
from ipguard.web.explain import explain
from ipguard.web.language import LANGUAGES, language_of, speaker
from ipguard.web.lists import named, numbered, pairs, words_of
from ipguard.web.marks import excerpts, marked, points, tamed
from ipguard.web.navigation import current, menu

Export = Callable[[int, str, Callable[[int, int], None]], None]
"""Exports a case, by number, as a bundle, and writes down that somebody, by name, did it; told (done, of all)."""


class NotInside(Exception):
    """Somebody without a session asked for a page."""


class SecondStepFirst(Exception):
    """The settings ask this role for a second step, and it is not set up yet."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the console works with."""

    workspace: Workspace
    engine: Engine
    now: Callable[[], datetime]
    access: Access
    pages: Environment
    export: Export | None

    @property
    def lasting(self) -> Lasting:
        """How long sessions last."""
        return lasting_of(self.workspace.settings)

    def principal(self, request: Request) -> Principal:
        """Who asks; NotInside where there is no session that holds. Read once a request."""
        found = self._inside(request)
        if found is None:
            raise NotInside
        return found

    def require(self, request: Request, right: Right = Right.READ) -> Principal:
        """Who asks for a page, where they may see it.

        Raises:
            NotInside: nobody is signed in (401, the page to sign in).
            NotAllowed: their role does not include it (403, told in words).
            SecondStepFirst: they have to set up their second step before (they are led there).
        """
        who = self.principal(request)
        if who.role in self.workspace.settings.people.second_step_for and not (
            who.has_second_step or who.method == "oidc"  # there the provider asks for its own
        ):
            raise SecondStepFirst
        return who.need(right)

    def act(self, request: Request, token: str, right: Right) -> Principal:
        """Who sends a form, where it was made for their session and they may do it; `principal.by` signs the deed.

        Raises:
            NotInside, NotAllowed: as `require`.
            WrongUse: the form was made for another session.
        """
        self.check_form(request, token)
        return self.require(request, right)

    def token_principal(self, request: Request) -> Principal:
        """Who sends a request with `Authorization: Bearer ipg_…`; cookies are not looked at. Read once a request.

        Raises:
            WrongToken: no such token holds (401).
            TooManyTries: this address sent too many wrong ones (429, `seconds`).
        """
        if not hasattr(request.state, "token_principal"):
            request.state.token_principal = self._ask_token(request)
        return cast(Principal, request.state.token_principal)

    def _ask_token(self, request: Request) -> Principal:
        now, address = self.now(), network_of(request.client.host if request.client else "")
        door = gate(self.access.secret, "token", address, TOKEN_FREE)
        with reading(self.engine) as session:
            if wait := closed_until(session, door, now):
                raise TooManyTries(wait, now)
            try:
                who = token_principal(session, request.headers.get("authorization", ""), now)
                stale = tokens.must_be_marked(session, cast(int, who.token), now)
            except WrongToken:
                who = None
        if who is None:
            with transaction(self.engine) as session:
                count_try(session, [door], now)
            raise WrongToken
        if stale:
            with suppress(Interrupted), transaction(self.engine) as session:
                tokens.mark_used(session, cast(int, who.token), now)
        return who

    def door(self, request: Request) -> Door:
        """What signing in needs to know of this request."""
        browser = Browser(
            request.headers.get("user-agent", ""), request.client.host if request.client else ""
        )
        return Door(
            self.engine, self.access.secret, self.lasting, browser, request.cookies.get(KNOWN_COOKIE, "")
        )

    def session(self, request: Request) -> str:
        """The session of this request; NotInside where there is none that holds."""
        return self.principal(request).session

    def check_form(self, request: Request, token: str) -> str:
        """The session of a form that was made for it. Prefer `act`, which checks the right too."""
        session = self.session(request)
        if not self.access.token_fits(session, token):
            raise WrongUse("This form belongs to another session.", hint="Load the page again.")
        return session

    def language(self, request: Request) -> str:
        """The reader's language."""
        me = self._inside(request)
        return language_of(request, self.workspace.settings.console.language, me.language if me else "")

    def page(
        self, request: Request, name: str, values: Mapping[str, object], status: int = 200
    ) -> HTMLResponse:
        """A page in the reader's language. Templates have `me`, the Principal or None, and `may("decide")`."""
        language = self.language(request)
        me = self._inside(request)
        text = self.pages.get_template(name).render(
            _=speaker(language),
            language=language,
            languages=LANGUAGES,
            theme=theme_of(request),
            themes=THEMES,
            theme_icons=ICONS,
            here=request.url.path,
            back=_address(request),
            menu=menu(request.app.state.pages, me.may if me else _nothing),
            screen_now=current(request.url.path),
            inside=me is not None,
            me=me,
            may=me.may if me else _nothing,
            token=self.access.form_token(me.session) if me else "",
            why=lambda reason: render(reason, language),
            **values,
        )
        return HTMLResponse(text, status)

    def _inside(self, request: Request) -> Principal | None:
        if not hasattr(request.state, "principal"):
            request.state.principal = None  # an error page that is made meanwhile is nobody's
            request.state.principal = self._look_up(request)
        return cast("Principal | None", request.state.principal)

    def _look_up(self, request: Request) -> Principal | None:
        key = request.cookies.get(COOKIE, "")
        if not key:
            return None
        now = self.now()
        with reading(self.engine) as session:
            found = look_up(session, key, self.lasting, now)
        if found and found.stale:
            with suppress(Interrupted), transaction(self.engine) as session:  # a page is not refused for that
                mark_seen(session, found.principal.session, now)
        return found.principal if found else None


def _nothing(_right: str) -> bool:
    return False


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
        asset=asset,
        marked=marked,
        excerpts=excerpts,
        points=points,
        explain=explain,
        exhibit_label=exhibit_label,
    )
    pages.globals.update(words_of=words_of, pairs=pairs, named=named, numbered=numbered)
    pages.globals.update(
        role_words=ROLE_WORDS, right_words=RIGHT_WORDS, scope_words=SCOPE_WORDS, state_words=STATE_WORDS
    )
    pages.filters["tamed"] = tamed
    pages.filters["moment"] = _moment
    return pages


def _moment(when: datetime | None) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC") if when else "—"


def _address(request: Request) -> str:
    """Where the reader is, to come back to after a switch; the address of a form cannot be opened."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
