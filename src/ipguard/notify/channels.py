"""Channels: adding one, saying what it is told, pausing it. What people type is checked here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlmodel import Session, col

from ipguard.errors import WrongUse
from ipguard.notify.adapters.webhook import new_secret
from ipguard.notify.events import KINDS
from ipguard.notify.gather import here_and_now
from ipguard.notify.secrets import Secrets, variable
from ipguard.notify.tables import ChannelRow

Kind = Literal["mail", "webhook", "feishu", "dingtalk", "wecom", "slack"]
CHANNEL_KINDS: tuple[str, ...] = get_args(Kind)
CHATS = ("feishu", "dingtalk", "wecom", "slack")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""The mail addresses that forms of the web accept (HTML Living Standard §4.10.5.1.5)."""
MAX_RECEIVERS = 50


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel as somebody asks for it."""

    name: str
    kind: str
    address: str = ""
    """Mail: receivers with commas. Webhook: its URL. Chats: the robot's URL, or `env:IPGUARD_…` that holds it."""
    secret: str = ""
    """Chats that sign: the secret, or `env:IPGUARD_…` that holds it."""
    language: str = "en"
    events: Sequence[str] = KINDS
    works: Sequence[str] = field(default_factory=tuple)
    min_score: float = 0.0
    daily_at: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    time_zone: str = "UTC"


def add_channel(
    session: Session, wanted: NewChannel, secrets: Secrets, *, by: str, now: datetime
) -> tuple[ChannelRow, str]:
    """Add a channel; it is told what happens from now on. Returns it, and a webhook's secret, shown this once.

    Raises:
        WrongUse: something about it does not fit; nothing was added.
    """
    _check(wanted)
    if session.scalars(select(ChannelRow).where(col(ChannelRow.name) == wanted.name)).first() is not None:
        raise WrongUse(f"There is a channel {wanted.name} already.", hint="Choose another name.")
    shown = new_secret() if wanted.kind == "webhook" else ""
    hidden = wanted.kind in CHATS
    row = ChannelRow(
        name=wanted.name,
        kind=wanted.kind,
        language=wanted.language,
        address="" if hidden else wanted.address.strip(),
        address_ref=_reference(wanted.address, secrets) if hidden else "",
        secret_ref=secrets.keep(shown) if shown else _reference(wanted.secret, secrets),
        events=list(wanted.events),
        works=list(wanted.works),
        min_score=wanted.min_score,
        daily_at=wanted.daily_at,
        quiet_from=wanted.quiet_from,
        quiet_to=wanted.quiet_to,
        time_zone=wanted.time_zone,
        seen=here_and_now(session, now),
        next_at=now,
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row, shown


def list_channels(session: Session) -> list[ChannelRow]:
    """Every channel, by name."""
    return list(session.scalars(select(ChannelRow).order_by(col(ChannelRow.name))))


def get_channel(session: Session, name: str) -> ChannelRow:
    """One channel.

    Raises:
        WrongUse: there is none of that name.
    """
    row = session.scalars(select(ChannelRow).where(col(ChannelRow.name) == name)).first()
    if row is None:
        raise WrongUse(f"There is no channel {name}.", hint="List them: ipguard notify list")
    return row


def pause_channel(session: Session, name: str, paused: bool, *, now: datetime, why: str = "") -> ChannelRow:
    """Pause a channel, or let it go on: it is then told what happened meanwhile."""
    row = get_channel(session, name)
    row.paused, row.paused_why = paused, why if paused else ""
    row.next_at = row.next_at if paused else now
    session.add(row)
    return row


def new_webhook_secret(session: Session, name: str, secrets: Secrets) -> str:
    """A new secret for a webhook, shown this once. The old one signs beside it until the next change."""
    row = get_channel(session, name)
    if row.kind != "webhook":
        raise WrongUse("Only a webhook has a secret of ours.")
    fresh = new_secret()
    before = secrets.read(row.secret_ref).split()[:1]
    kept = secrets.keep(" ".join([fresh, *before]))
    secrets.forget(row.secret_ref)
    row.secret_ref = kept
    session.add(row)
    return fresh


def remove_channel(session: Session, name: str, secrets: Secrets) -> None:
    """Remove a channel with its log and its secrets."""
    row = get_channel(session, name)
    for reference in (row.address_ref, row.secret_ref):
        secrets.forget(reference)
    session.delete(row)


def _reference(given: str, secrets: Secrets) -> str:
    given = given.strip()
    if not given:
        return ""
    return variable(given.removeprefix("env:")) if given.startswith("env:") else secrets.keep(given)


def _check(wanted: NewChannel) -> None:
    if NAME.fullmatch(wanted.name) is None:
        raise WrongUse(
            "A channel's name is of small letters, digits and hyphens.", hint="For example: team-chat"
        )
    if wanted.kind not in CHANNEL_KINDS:
        raise WrongUse(f"“{wanted.kind}” is no kind of channel.", hint=f"One of: {', '.join(CHANNEL_KINDS)}.")
    if wanted.language not in ("en", "zh"):
        raise WrongUse("A channel speaks en or zh.")
    unknown = [one for one in wanted.events if one not in KINDS]
    if unknown or not wanted.events:
        raise WrongUse("Say what the channel is told.", hint=f"Of: {', '.join(KINDS)}.")
    if not 0.0 <= wanted.min_score <= 1.0:
        raise WrongUse("A score is between 0 and 1.")
    for hour in (wanted.daily_at, wanted.quiet_from, wanted.quiet_to):
        if hour and HOUR.fullmatch(hour) is None:
            raise WrongUse(f"“{hour}” is no hour.", hint="For example: 09:00")
    if bool(wanted.quiet_from) != bool(wanted.quiet_to):
        raise WrongUse("Quiet hours have a beginning and an end.")
    try:
        ZoneInfo(wanted.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WrongUse(f"“{wanted.time_zone}” is no time zone.", hint="For example: Asia/Shanghai") from error
    _check_address(wanted)


def _check_address(wanted: NewChannel) -> None:
    if wanted.kind == "mail":
        receivers = receivers_of(wanted.address)
        wrong = [one for one in receivers if ADDRESS.fullmatch(one) is None]
        if wrong or not 0 < len(receivers) <= MAX_RECEIVERS:
            raise WrongUse("Say who gets the mail.", hint="Addresses with commas between them, at most 50.")
        return
    if wanted.kind in CHATS and wanted.address.startswith("env:"):
        return
    parts = _parts(wanted.address)
    if parts is None:
        raise WrongUse("The address is no web address.", hint="It begins with https://")
    if parts[0] != "https" and wanted.kind in CHATS:
        raise WrongUse("A chat's address begins with https://: it is a secret.")


def receivers_of(address: str) -> list[str]:
    """Receivers of mail, as they were typed with commas."""
    return [one.strip() for one in address.split(",") if one.strip()]


def _parts(address: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(address.strip())
        plain = not parts.username and not parts.password and len(address) <= 2_000
        return (
            (parts.scheme, parts.hostname)
            if plain and parts.scheme in ("http", "https") and parts.hostname
            else None
        )
    except ValueError:
        return None
