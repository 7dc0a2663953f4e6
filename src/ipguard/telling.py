"""Which implementation stands behind each way of telling people: guarded transport, mail server, secrets."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import Engine

from crawlers.errors import AddressRefused, CrawlError
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.limits import Limits
from crawlers.fetch.transport import http_transport
from evidence_store.blobs import store as blob_door
from evidence_store.blobs.directory import DirectoryBlobs
from evidence_store.errors import StoreError
from ipguard import __version__
from ipguard.errors import NotConfigured
from ipguard.matching.images.decode import Undecodable, decode
from ipguard.notify.adapters.dingtalk import dingtalk
from ipguard.notify.adapters.feishu import feishu
from ipguard.notify.adapters.mail import Mail, Server
from ipguard.notify.adapters.slack import slack
from ipguard.notify.adapters.webhook import Webhook
from ipguard.notify.adapters.wecom import wecom
from ipguard.notify.channels import receivers_of
from ipguard.notify.message import Voice
from ipguard.notify.office import Office
from ipguard.notify.port import MAX_ANSWER_BYTES, Answer, Notifier, Post, Undelivered
from ipguard.notify.secrets import Secrets
from ipguard.notify.tables import ChannelRow
from ipguard.settings import Workspace

Making = Callable[[Post, Voice, Callable[[], datetime], str, str], Notifier]
ROBOTS: Mapping[str, Making] = {"feishu": feishu, "dingtalk": dingtalk, "wecom": wecom, "slack": slack}
LIMITS = Limits(MAX_ANSWER_BYTES, connect_seconds=5.0, read_seconds=10.0, total_seconds=20.0)
THUMB_SIDE = 192
"""Pixels; shown at half of it on screens of double density."""

Clock = Callable[[], datetime]


def office_of(workspace: Workspace, database: Engine, now: Clock) -> Office:
    """The post office of a workspace."""
    post = guarded_post(now, frozenset(workspace.settings.notify.local_hosts))

    def notifier_of(channel: ChannelRow) -> Notifier:
        return make_notifier(workspace, channel, post, now)

    return Office(database, notifier_of, now)


def channel_secrets(workspace: Workspace) -> Secrets:
    """Where the channels' secrets lie."""
    return Secrets(workspace.channel_keys)


def make_notifier(workspace: Workspace, channel: ChannelRow, post: Post, now: Clock) -> Notifier:
    """What tells a channel.

    Raises:
        NotConfigured: its secret or the mail server is not there.
    """
    secrets = channel_secrets(workspace)
    voice = Voice(channel.language, workspace.settings.notify.console_url, ZoneInfo(channel.time_zone))
    secret = secrets.read(channel.secret_ref)
    if channel.kind == "webhook":
        return Webhook(post, voice, now, channel.address, secret)
    if channel.kind == "mail":
        return Mail(
            mail_server(workspace),
            voice,
            receivers_of(channel.address),
            lambda d: thumbnail(workspace, d),
            now,
        )
    return ROBOTS[channel.kind](post, voice, now, secrets.read(channel.address_ref), secret)


def mail_server(workspace: Workspace) -> Server:
    """The mail server of the settings.

    Raises:
        NotConfigured: there is none, or its roots cannot be read.
    """
    given = workspace.settings.notify.mail
    if given is None:
        raise NotConfigured("No mail server is set", hint="Name one in ipguard.toml, section [notify.mail].")
    trust = None
    if given.ca_file is not None:
        try:
            trust = ssl.create_default_context(cafile=str(workspace.folder / given.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise NotConfigured(
                f"{given.ca_file} cannot be read", hint="Correct ca_file in [notify.mail]."
            ) from error
    return Server(
        given.host, given.port, given.security, given.user, workspace.mail_password, given.sender, trust
    )


def guarded_post(now: Clock, local_hosts: frozenset[str] = frozenset()) -> Post:
    """Sends by the crawler's transport: public addresses only, the very address that was checked, no redirects."""

    trust = cache(ssl.create_default_context)

    async def ask(request: Request, url: str, headers: Sequence[tuple[str, str]]) -> Exchange:
        hosts = local_hosts & {urlsplit(url).hostname or ""}
        async with http_transport(now=now, local_hosts=hosts, trust=trust()) as transport:
            return await transport.send(request, tuple(headers), LIMITS)

    def post(url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in local_hosts:
            hint = "Give it an address that begins with https://."
            raise Undelivered("It would go over a connection that anybody can read", again=False, hint=hint)
        request = Request(url, Purpose.FEED, "POST", body=body)
        try:
            answer = asyncio.run(ask(request, url, [("User-Agent", f"ipguard/{__version__}"), *headers]))
        except AddressRefused as error:  # its words name the host: a chat's URL is a secret, its host is none
            hint = "Receivers on your own network: local_hosts in [notify]."
            raise Undelivered("The address is not a public one", again=False, hint=hint) from error
        except CrawlError as error:
            raise Undelivered("The receiver cannot be reached", again=True) from error
        return Answer(answer.status, answer.body, answer.header("retry-after") or "")

    return post


def thumbnail(workspace: Workspace, digest: str) -> bytes | None:
    """A small JPEG, decoded and written again by us; None where there is nothing to show."""
    try:
        picture = decode(blob_door.read(DirectoryBlobs(workspace.pictures), digest))
    except StoreError:
        return None
    if isinstance(picture, Undecodable):
        return None
    small = Image.fromarray(picture.pixels)
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
