"""Mail: text and HTML side by side, small pictures inside, nothing that is fetched when it is opened."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from ipaddress import ip_address

from ipguard.notify.events import Event
from ipguard.notify.message import Item, Message, Section, Voice, message_of, plain, say
from ipguard.notify.port import Thumbnail, Undelivered

MAX_PICTURES = 12
"""Of one mail; ten thousand pixels each are about 10 kB."""
SECONDS = 20.0
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#1b1f26;background:#fff;max-width:42em;margin:1em}"
    "h1{font-size:1.2em}h2{font-size:1em}li{margin:.5em 0;list-style:none}ul{padding:0}img{vertical-align:top}"
    ".q{color:#565e6c;font-size:.9em}a{color:#1f615c}"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server that takes our mail."""

    host: str
    port: int
    security: str
    """tls, starttls, or none: for this machine only."""
    user: str
    password: str
    sender: str
    trust: ssl.SSLContext | None = None
    """TLS trust; the system's if not given."""


@dataclass(frozen=True, slots=True)
class Mail:
    """People who are told by mail."""

    server: Server
    voice: Voice
    receivers: Sequence[str]
    thumbnail: Thumbnail
    now: Callable[[], datetime]

    def notify(self, event: Event) -> None:
        """Tell about one event.

        Raises:
            Undelivered: it did not get through.
        """
        message = message_of(event, self.voice)
        hand_over(
            self.server, compose(message, self.server.sender, self.receivers, self.thumbnail, self.now())
        )


def compose(
    message: Message, sender: str, receivers: Sequence[str], thumbnail: Thumbnail, at: datetime
) -> EmailMessage:
    """The mail of a message (RFC 5322; pictures by Content-ID, RFC 2392)."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(receivers)
    mail["Subject"] = plain(message.title)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.id}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine shall answer
    mail["Content-Language"] = "zh-Hans" if message.language == "zh" else "en"
    mail.set_content(_text(message))
    pictures = _pictures(message, thumbnail)
    mail.add_alternative(_html(message, pictures.keys()), subtype="html")
    body = mail.get_payload()
    if isinstance(body, list) and isinstance(body[1], EmailMessage):
        for digest, data in pictures.items():
            body[1].add_related(data, "image", "jpeg", cid=f"<{_cid(digest)}>", filename=f"{digest[:12]}.jpg")
    return mail


def hand_over(server: Server, mail: EmailMessage) -> None:
    """Give a mail to the server (RFC 5321), over TLS.

    Raises:
        Undelivered: it was not taken.
    """
    if server.security == "none" and not _is_here(server.host):
        raise Undelivered(
            "Mail would go over a connection that anybody can read",
            again=False,
            hint="Set security to tls or starttls in [notify.mail].",
        )
    trust = server.trust or ssl.create_default_context()
    try:
        if server.security == "tls":
            with smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=trust) as line:
                _send(line, server, mail)
        else:
            with smtplib.SMTP(server.host, server.port, timeout=SECONDS) as line:
                if server.security == "starttls":
                    line.starttls(context=trust)
                _send(line, server, mail)
    except smtplib.SMTPResponseException as error:
        again = 400 <= error.smtp_code < 500
        raise Undelivered(
            f"The mail server said {error.smtp_code}",
            again=again,
            hint="Look at [notify.mail] in ipguard.toml.",
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        again = all(400 <= code < 500 for code in codes)
        raise Undelivered("The mail server refuses every receiver", again=again) from error
    except ssl.SSLError as error:
        raise Undelivered(
            "The mail server's certificate is not believed",
            again=True,
            hint="Name its root as ca_file in [notify.mail].",
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"The mail server cannot be reached: {type(error).__name__}", again=True) from error


def _send(line: smtplib.SMTP, server: Server, mail: EmailMessage) -> None:
    if server.user:
        line.login(server.user, server.password)
    line.send_message(mail)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("> ") or "localhost"


def _cid(digest: str) -> str:
    return f"{hashlib.sha256(digest.encode()).hexdigest()[:20]}@ipguard"


def _pictures(message: Message, thumbnail: Thumbnail) -> dict[str, bytes]:
    wanted = [item.picture for section in message.sections for item in section.items if item.picture]
    found = ((digest, thumbnail(digest)) for digest in dict.fromkeys(wanted[:MAX_PICTURES]))
    return {digest: data for digest, data in found if data}


def _text(message: Message) -> str:
    lines = [message.title, ""]
    for section in message.sections:
        if section.heading != message.title:
            lines += [section.heading, "-" * 20]
        for item in section.items:
            lines += [f"* {item.title}"] + ([f"  {item.facts}"] if item.facts else [])
            lines += [f"  {item.link.url}"] if item.link else []
        lines += [section.more] if section.more else []
        lines += [f"{link.text}: {link.url}" for link in section.links]
        lines.append("")
    return "\n".join([*lines, "-- ", message.foot, ""])


def _html(message: Message, pictures: Collection[str]) -> str:
    language = "zh-Hans" if message.language == "zh" else "en"
    head = f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><style>{STYLE}</style></head><body>'
    parts = [head, f"<h1>{escape(message.title)}</h1>"]
    for section in message.sections:
        parts += _section(section, message, pictures)
    return "".join([*parts, f'<p class="q">{escape(message.foot)}</p></body></html>'])


def _section(section: Section, message: Message, pictures: Collection[str]) -> list[str]:
    parts = [f"<h2>{escape(section.heading)}</h2>"] if section.heading != message.title else []
    items = [_li(item, message.language, pictures) for item in section.items]
    parts += ["<ul>", *items, "</ul>"] if items else []
    parts += [f"<p>{escape(section.more)}</p>"] if section.more else []
    return parts + [f'<p><a href="{escape(link.url)}">{escape(link.text)}</a></p>' for link in section.links]


def _li(item: Item, language: str, pictures: Collection[str]) -> str:
    shown = item.picture and item.picture in pictures
    alt = escape(say("picture", language))
    picture = f'<img src="cid:{_cid(item.picture)}" width="96" alt="{alt}"> ' if shown else ""
    title = escape(item.title)
    title = f'<a href="{escape(item.link.url)}">{title}</a>' if item.link else title
    facts = f'<br><span class="q">{escape(item.facts)}</span>' if item.facts else ""
    return f"<li>{picture}{title}{facts}</li>"
