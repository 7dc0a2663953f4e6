"""Integrations: who is told and how, what became of each message, calendars, and the doors for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError, WrongUse
from ipguard.notify import channels
from ipguard.notify.calendar import READ_EVERY, feed_of, list_feeds, make_calendar, new_feed, revoke_feed
from ipguard.notify.deadlines import deadlines
from ipguard.notify.events import KINDS
from ipguard.notify.message import Voice
from ipguard.notify.outbox import delivery_log, resend
from ipguard.people.audit import audit
from ipguard.people.rights import Principal, Right
from ipguard.telling import channel_secrets, office_of
from ipguard.web.desk import Desk, desk_of, go
from ipguard.web.queries import works

router = APIRouter()
SHOWN = 30
EVENT_WORDS = {
    "alerts.new": "alerts that are new",
    "alerts.back": "alerts that came back",
    "source.alarm": "alarms of sources",
    "case.deadline": "deadlines that are near",
    "export.ready": "bundles that are ready",
    "evidence.trouble": "trouble with the evidence",
    "test": "a test",
    "digest": "the daily digest",
}
KIND_WORDS = {
    "mail": "Mail",
    "webhook": "Webhook",
    "feishu": "Feishu / Lark",
    "dingtalk": "DingTalk",
    "wecom": "WeCom",
    "slack": "Slack",
}
STATE_WORDS = {"waiting": "waiting", "sent": "sent", "failed": "given up"}
Text = Annotated[str, Form(max_length=2_000)]


@router.get("/integrations")
def integrations(request: Request, channel: str = "", state: str = "", before: int = 0) -> Response:
    """Channels, the log of what was sent, calendars, tokens and the API."""
    return _page(request, channel=channel, state=state, before=max(before, 0))


@router.post("/integrations/channels")
def add(
    request: Request,
    token: Annotated[str, Form()],
    name: Text = "",
    kind: Text = "",
    address: Text = "",
    secret: Text = "",
    language: Text = "en",
    events: Annotated[list[str] | None, Form()] = None,
    works: Annotated[list[str] | None, Form()] = None,
    min_score: Text = "0",
    daily_at: Text = "",
    quiet_from: Text = "",
    quiet_to: Text = "",
    time_zone: Text = "UTC",
) -> Response:
    """A new channel; a webhook's secret is shown once."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.INTEGRATION_EDIT), desk.now()
    wanted = channels.NewChannel(
        name.strip(),
        kind,
        address,
        secret,
        language,
        tuple(events or ()),
        tuple(one for one in works or () if one),
        _score(min_score),
        daily_at,
        quiet_from,
        quiet_to,
        time_zone.strip() or "UTC",
    )
    try:
        with transaction(desk.engine) as session:
            row, shown = channels.add_channel(
                session, wanted, channel_secrets(desk.workspace), by=who.by, now=now
            )
            audit(session, who, "channel.add", f"channel:{row.name}", {"kind": row.kind}, now)
    except WrongUse as error:
        return _page(request, error=error, given=wanted)
    return _page(request, secret=shown, secret_of=row.name) if shown else go("/integrations")


@router.post("/integrations/channels/{name}")
def steer(request: Request, name: str, token: Annotated[str, Form()], do: Annotated[str, Form()]) -> Response:
    """Test, pause, resume or remove a channel, or give a webhook a new secret."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.INTEGRATION_EDIT), desk.now()
    secrets = channel_secrets(desk.workspace)
    if do == "test":
        trouble = office_of(desk.workspace, desk.engine, desk.now).try_out(name, by=who.by)
        return _page(request, tested=name, trouble=trouble)
    shown = ""
    with transaction(desk.engine) as session:
        if do in ("pause", "resume"):
            channels.pause_channel(session, name, do == "pause", now=now)
        elif do == "secret":
            shown = channels.new_webhook_secret(session, name, secrets)
        elif do == "remove":
            channels.remove_channel(session, name, secrets)
        else:
            raise WrongUse("A channel can be tested, paused, resumed or removed.")
        audit(session, who, f"channel.{do}", f"channel:{name}", {}, now)
    return _page(request, secret=shown, secret_of=name) if shown else go("/integrations")


@router.post("/integrations/deliveries/{delivery_id}")
def send_again(request: Request, delivery_id: int, token: Annotated[str, Form()]) -> Response:
    """Have a delivery tried again at the next tick, with the same event id."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.INTEGRATION_EDIT), desk.now()
    with transaction(desk.engine) as session:
        resend(session, delivery_id, now)
        audit(session, who, "channel.resend", f"delivery:{delivery_id}", {}, now)
    return go("/integrations#log")


@router.post("/integrations/feeds")
def add_feed(
    request: Request, token: Annotated[str, Form()], name: Text = "", language: Text = "en"
) -> Response:
    """A calendar of deadlines; its address is shown once."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.INTEGRATION_EDIT), desk.now()
    try:
        with transaction(desk.engine) as session:
            row, secret = new_feed(session, name, language, by=who.by, now=now)
            audit(session, who, "feed.add", f"feed:{row.id}", {}, now)
    except WrongUse as error:
        return _page(request, error=error)
    base = desk.workspace.settings.notify.console_url.rstrip("/") or str(request.base_url).rstrip("/")
    return _page(request, feed_link=f"{base}/calendar/{secret}.ics")


@router.post("/integrations/feeds/{feed_id}")
def end_feed(request: Request, feed_id: int, token: Annotated[str, Form()]) -> Response:
    """A calendar's address stops working."""
    desk = desk_of(request)
    who, now = desk.act(request, token, Right.INTEGRATION_EDIT), desk.now()
    with transaction(desk.engine) as session:
        revoke_feed(session, feed_id, now)
        audit(session, who, "feed.revoke", f"feed:{feed_id}", {}, now)
    return go("/integrations#feeds")


@router.get("/calendar/{secret}.ics")
def calendar(request: Request, secret: str) -> Response:
    """The calendar of whoever knows its address; no log-in."""
    desk, now = desk_of(request), desk_of(request).now()
    with reading(desk.engine) as session:
        feed = feed_of(session, secret)
        found = deadlines(session, now=now) if feed else []
    if feed is None:
        return Response("There is no such calendar.\n", 404, media_type="text/plain")
    if feed.last_read_at is None or now - feed.last_read_at > READ_EVERY:
        with transaction(desk.engine) as session:
            feed.last_read_at = now
            session.add(session.merge(feed))
    voice = Voice(feed.language, desk.workspace.settings.notify.console_url)
    return Response(make_calendar(found, voice, now), media_type="text/calendar; charset=utf-8")


def _page(
    request: Request,
    *,
    channel: str = "",
    state: str = "",
    before: int = 0,
    error: IpguardError | None = None,
    given: channels.NewChannel | None = None,
    **told: object,
) -> Response:
    desk = desk_of(request)
    who = desk.require(request, Right.INTEGRATION_EDIT)
    with reading(desk.engine) as session:
        lines = delivery_log(session, channel=channel, state=state, before=before, limit=SHOWN + 1)
        values = _values(session, desk, who) | {
            "log": lines[:SHOWN],
            "older": lines[SHOWN - 1].delivery.id if len(lines) > SHOWN else 0,
            "chosen": channel,
            "chosen_state": state if state in STATE_WORDS else "",
            "words": str(error) if error else "",
            "hint": error.hint if error else "",
            "given": given
            or channels.NewChannel("", "mail", time_zone=desk.workspace.settings.evidence.time_zone),
        }
    blank = {"secret": "", "secret_of": "", "feed_link": "", "tested": "", "trouble": ""}
    return desk.page(request, "integrations.html", values | blank | told, 409 if error else 200)


def _values(session: Session, desk: Desk, who: Principal) -> dict[str, object]:
    return {
        "channels": channels.list_channels(session),
        "feeds": list_feeds(session),
        "works": [card.work for card in works(session)],
        "kinds": KIND_WORDS,
        "events": KINDS,
        "event_words": EVENT_WORDS,
        "state_words": STATE_WORDS,
        "mail_ready": desk.workspace.settings.notify.mail is not None,
        "console_url": desk.workspace.settings.notify.console_url,
        "reader": who.by,
    }


def _score(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return -1.0  # refused with the other fields, in words
