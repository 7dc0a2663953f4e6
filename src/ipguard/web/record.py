"""Audit: who did what, filtered, checked and exported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Engine, select
from sqlmodel import col

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.people.audit import Wanted, actions, audit, check_chain, entries, every_entry, newest
from ipguard.people.audit_export import csv_lines, json_line
from ipguard.people.rights import Right
from ipguard.people.tables import PersonRow
from ipguard.web.desk import desk_of

router = APIRouter()
PAGE = 100
CHECKED_AT_ONCE = 2000
"""A record of so many entries is checked whenever the page is looked at; a longer one when asked."""
ACTIONS = {
    "alert.decide": "decided about an alert",
    "alert.decide_many": "decided about several alerts",
    "alert.decide_view": "decided about all alerts of a view",
    "alert.second_look": "took a second look at an alert",
    "alert.settle": "settled a disagreement",
    "alert.undo": "took a decision back",
    "audit.export": "exported the audit log",
    "case.add_alert": "put an alert into a case",
    "case.download": "downloaded a bundle",
    "case.edit": "changed a case",
    "case.export": "exported a bundle",
    "case.list_export": "exported a list of cases",
    "case.move": "moved a case on",
    "case.open": "opened a case",
    "case.report": "made a report of a case",
    "channel.add": "added a channel",
    "channel.pause": "paused a channel",
    "channel.remove": "removed a channel",
    "channel.resend": "sent a message again",
    "channel.resume": "resumed a channel",
    "channel.secret": "made a new secret for a channel",
    "exhibit.download": "downloaded an exhibit",
    "feed.add": "made a calendar or feed address",
    "feed.revoke": "revoked a calendar or feed address",
    "person.add": "made an account",
    "person.disable": "disabled an account",
    "person.enable": "enabled an account",
    "person.invite": "invited somebody",
    "person.link": "linked an account at the provider",
    "person.password": "set a password",
    "person.profile": "changed their name or language",
    "person.recovery_code": "used a recovery code",
    "person.reset": "made a reset link",
    "person.role": "changed a role",
    "person.second_step_off": "took the second step off",
    "person.second_step_on": "switched the second step on",
    "person.unlink": "took the link to the provider off",
    "report.summary": "made a summary",
    "seller.unlist": "took a seller off a list",
    "session.begin": "signed in",
    "session.end": "ended sessions",
    "session.refused": "was not let in",
    "source.pause": "paused a source",
    "source.resume": "resumed a source",
    "source.run": "ran a source",
    "token.new": "made a token",
    "token.revoke": "revoked a token",
}
"""Actions in words, after a person's name; one that is not here is shown as it is kept."""


@router.get("/audit")
def record(
    request: Request,
    person: str = "",
    action: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    before: int = 0,
    check: bool = False,
) -> Response:
    """The record, newest first."""
    desk = desk_of(request)
    desk.require(request, Right.AUDIT_READ)
    wanted = _wanted(person, action, subject, since, until)
    with reading(desk.engine) as session:
        found = entries(session, wanted, before=max(before, 0), limit=PAGE + 1)
        position, head = newest(session)
        chain = check_chain(session) if check or position <= CHECKED_AT_ONCE else None
        values: dict[str, object] = {
            "actions": actions(session),
            "names": list(session.scalars(select(col(PersonRow.name)).order_by(col(PersonRow.name)))),
        }
    asked = {"person": person, "action": action, "subject": subject, "since": since, "until": until}
    query = urlencode({name: value for name, value in asked.items() if value})
    values |= {
        "entries": found[:PAGE],
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "asked": asked,
        "query": query,
        "chain": chain,
        "head": head,
        "position": position,
        "action_words": ACTIONS,
    }
    return desk.page(request, "audit.html", values)


@router.get("/audit/export.{kind}")
def export(
    request: Request,
    kind: str,
    person: str = "",
    action: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
) -> Response:
    """The same entries, oldest first, as JSON Lines or CSV; that somebody took them is an entry too."""
    desk = desk_of(request)
    who = desk.require(request, Right.AUDIT_READ)
    if kind not in ("jsonl", "csv"):
        raise WrongUse("The audit log is exported as jsonl or csv.")
    wanted = _wanted(person, action, subject, since, until)
    with transaction(desk.engine) as session:
        audit(session, who, "audit.export", "", {"kind": kind}, desk.now())
    name = {"Content-Disposition": f'attachment; filename="ipguard-audit.{kind}"'}
    if kind == "csv":
        return StreamingResponse(
            _csv(desk.engine, wanted), media_type="text/csv; charset=utf-8", headers=name
        )
    return StreamingResponse(_json(desk.engine, wanted), media_type="application/jsonl", headers=name)


def _json(engine: Engine, wanted: Wanted) -> Iterator[str]:
    with reading(engine) as session:
        for row in every_entry(session, wanted):
            yield json_line(row)


def _csv(engine: Engine, wanted: Wanted) -> Iterator[str]:
    with reading(engine) as session:
        yield from csv_lines(every_entry(session, wanted))


def _wanted(person: str, action: str, subject: str, since: str, until: str) -> Wanted:
    last = _day(until)
    return Wanted(person, action, subject, _day(since), last + timedelta(days=1) if last else None)


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise WrongUse("A day is written like 2026-11-24.", hint="Correct the dates of the filter.") from None
