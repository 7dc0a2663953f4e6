"""Every way of telling people keeps one contract, against receivers that check what the real ones check."""

from __future__ import annotations

import email.policy
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from certificates import made_for
from receivers import SECRET, Receiver, open_receiver

from ipguard.notify.adapters.dingtalk import dingtalk
from ipguard.notify.adapters.feishu import feishu
from ipguard.notify.adapters.mail import Mail, Server
from ipguard.notify.adapters.slack import slack
from ipguard.notify.adapters.webhook import Webhook, new_secret, verify
from ipguard.notify.adapters.wecom import wecom
from ipguard.notify.message import Voice, message_of, sentences
from ipguard.notify.port import Notifier, Undelivered
from ipguard.notify.testing import NotifierContract, samples
from ipguard.telling import guarded_post

VOICE = Voice("zh", "https://console.example")
HOOK_SECRET = new_secret()
PASSWORD = "pass-word-of-mail"
JPEG = b"\xff\xd8\xff\xe0 a small picture"


def now() -> datetime:
    return datetime.now(UTC)


POST = guarded_post(now, frozenset({"127.0.0.1"}))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with open_receiver() as made:
        yield made


class OverHttp(NotifierContract):
    secret = SECRET

    @pytest.fixture(autouse=True)
    def _receiver(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def heard(self) -> list[bytes]:
        return [one.body for one in self.receiver.heard]

    def text_of(self, received: bytes) -> str:
        return json.dumps(json.loads(received), ensure_ascii=False)


class TestFeishu(OverHttp):
    max_bytes = 20_000

    def make(self) -> Notifier:
        return feishu(POST, VOICE, now, f"{self.receiver.base}/feishu", SECRET)

    def make_refused(self) -> Notifier:
        return feishu(POST, VOICE, now, f"{self.receiver.base}/feishu", SECRET + "x")


class TestDingTalk(OverHttp):
    max_bytes = 20_000
    forbidden = (*NotifierContract.forbidden, "](https://evil", "](http://evil")

    def make(self) -> Notifier:
        return dingtalk(POST, VOICE, now, f"{self.receiver.base}/dingtalk?access_token=t", SECRET)

    def make_refused(self) -> Notifier:
        return dingtalk(POST, VOICE, now, f"{self.receiver.base}/dingtalk?access_token=t", SECRET + "x")


class TestWeCom(OverHttp):
    max_bytes = 4_300  # 4,096 of content, and the JSON around it
    forbidden = (*NotifierContract.forbidden, "](https://evil")

    def make(self) -> Notifier:
        return wecom(POST, VOICE, now, f"{self.receiver.base}/wecom?key={SECRET}")

    def make_refused(self) -> Notifier:
        return wecom(POST, VOICE, now, f"{self.receiver.base}/nowhere?key={SECRET}")


class TestSlack(OverHttp):
    def make(self) -> Notifier:
        return slack(POST, VOICE, now, f"{self.receiver.base}/slack")

    def make_refused(self) -> Notifier:
        return slack(POST, VOICE, now, f"{self.receiver.base}/{SECRET}")


class TestWebhook(OverHttp):
    secret = HOOK_SECRET
    forbidden = ()  # data, as it is: the receiver prints it

    def make(self) -> Notifier:
        return Webhook(POST, VOICE, now, f"{self.receiver.base}/hook", HOOK_SECRET)

    def make_refused(self) -> Notifier:
        return Webhook(POST, VOICE, now, f"{self.receiver.base}/nowhere", HOOK_SECRET)

    def test_the_signature_holds_for_five_minutes_and_for_these_very_bytes(self) -> None:
        event = samples()[0]
        older = new_secret()
        Webhook(POST, VOICE, now, f"{self.receiver.base}/hook", f"{HOOK_SECRET} {older}").notify(event)
        one = self.receiver.heard[-1]

        assert one.headers["webhook-id"] == event.id
        assert verify(HOOK_SECRET, one.headers, one.body, now())
        assert verify(older, one.headers, one.body, now())
        assert not verify(new_secret(), one.headers, one.body, now())
        assert not verify(HOOK_SECRET, one.headers, one.body + b" ", now())
        assert not verify(HOOK_SECRET, one.headers, one.body, now() + timedelta(minutes=6))
        said = json.loads(one.body)
        assert (said["type"], said["data"]["total"], said["message"]["untrusted"]) == ("alerts.new", 43, True)

    @pytest.mark.parametrize(
        ("url", "again"),
        [
            ("http://127.0.0.1:9/x", False),  # loopback, and nobody allowed it
            ("http://169.254.169.254/latest/meta-data", False),
            ("https://[::ffff:10.0.0.1]/", False),
            ("http://metadata.example@127.0.0.1/", False),
        ],
    )
    def test_an_address_that_is_not_public_is_never_connected_to(self, url: str, again: bool) -> None:
        with pytest.raises(Undelivered) as refusal:
            Webhook(guarded_post(now), VOICE, now, url, HOOK_SECRET).notify(samples()[0])
        assert refusal.value.again is again

    def test_what_an_answer_means(self) -> None:
        notifier = self.make()
        for status, again, gone in (
            (410, False, True),
            (302, False, False),
            (429, True, False),
            (503, True, False),
        ):
            self.receiver.scripted.append((status, b""))
            with pytest.raises(Undelivered) as refusal:
                notifier.notify(samples()[0])
            assert (refusal.value.again, refusal.value.gone) == (again, gone)


class Letters:
    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.startswith("nobody"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.got.append(envelope.content)
        return "250 OK"


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def post_office(tmp_path_factory) -> Iterator[tuple[Letters, Server]]:
    served = made_for(tmp_path_factory.mktemp("mail"), "127.0.0.1")
    letters = Letters()

    def authenticate(_server, _session, _envelope, _mechanism, given) -> AuthResult:
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)

    controller = Controller(
        letters, hostname="127.0.0.1", port=free_port(), tls_context=served.server, require_starttls=True,
        authenticator=authenticate, auth_required=True, decode_data=False,
    )  # fmt: skip
    controller.start()
    sender = "ipguard <watch@ipguard.example>"
    yield letters, Server("127.0.0.1", controller.port, "starttls", "watch", PASSWORD, sender, served.trust)
    controller.stop()


class TestMail(NotifierContract):
    secret = PASSWORD
    forbidden = ("<script", "<U123", "\u202e", 'href="https://evil', 'src="http', "url(")

    @pytest.fixture(autouse=True)
    def _office(self, post_office: tuple[Letters, Server]) -> None:
        self.letters, self.server = post_office

    def _mail(self, *receivers: str) -> Mail:
        return Mail(self.server, VOICE, receivers, lambda _: JPEG, now)

    def make(self) -> Notifier:
        return self._mail("legal@owner.example", "watch@owner.example")

    def make_refused(self) -> Notifier:
        return self._mail("nobody@owner.example")

    def heard(self) -> list[bytes]:
        return self.letters.got

    def text_of(self, received: bytes) -> str:
        return str(self._parsed(received).get_body(("html",)).get_content())  # type: ignore[union-attr]

    def _parsed(self, received: bytes) -> EmailMessage:
        return message_from_bytes(received, policy=email.policy.default)  # type: ignore[return-value]

    def test_a_mail_has_text_and_html_and_carries_its_pictures(self) -> None:
        from dataclasses import replace

        event = samples()[0]
        alerts = tuple(replace(one, picture=f"{one.id:064x}") for one in event.alerts)
        self.make().notify(replace(event, alerts=alerts))
        mail = self._parsed(self.letters.got[-1])
        html = self.text_of(self.letters.got[-1])

        assert mail["Subject"] == "43 条新警报"
        assert mail["Message-ID"] == f"<{event.id}@ipguard.example>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Bcc"] is None
        assert "https://console.example/alerts/1" in mail.get_body(("plain",)).get_content()
        pictures = {part["Content-ID"] for part in mail.walk() if part.get_content_type() == "image/jpeg"}
        assert pictures == {f"<{cid}>" for cid in re.findall(r'src="cid:([^"]+)"', html)}
        assert len(pictures) == 3

    def test_a_password_goes_over_tls_to_a_believed_server_or_not_at_all(self) -> None:
        from dataclasses import replace

        event, before = samples()[0], len(self.letters.got)
        for server in (
            replace(self.server, trust=None),
            replace(self.server, security="none", host="mail.example"),
            replace(self.server, password="wrong"),
        ):
            with pytest.raises(Undelivered) as refusal:
                Mail(server, VOICE, ["legal@owner.example"], lambda _: None, now).notify(event)
            assert "wrong" not in str(refusal.value)
        assert len(self.letters.got) == before


def test_both_languages_say_the_same_sentences_with_the_same_places():
    said = sentences()
    places = {
        name: {key: set(re.findall(r"{(\w+)}", text)) for key, text in said[name].items()} for name in said
    }

    assert places["en"] == places["zh"]
    for event in samples():
        english, chinese = (message_of(event, Voice(language)) for language in ("en", "zh"))
        assert english.title != chinese.title
        assert english.link is None  # nobody said how to reach the console
