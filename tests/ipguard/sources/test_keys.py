"""A key belongs to the host that receives it; where one is missing, the source is skipped and says what to set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.adapter import Page, Policy, Query
from crawlers.auth import Auth, Scheme
from crawlers.crawl import Course, crawl
from crawlers.errors import BadSource
from crawlers.exchange import Exchange, Request
from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.replay import ReplayTransport
from ipguard.errors import WrongUse
from ipguard.sources.credentials import credentials_of, missing_keys
from ipguard.sources.keys import Keys, load_keys, variable
from ipguard.sources.tables import SourceRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EBAY = Auth(
    Scheme.OAUTH2, token_url="https://api.ebay.com/identity/v1/oauth2/token", about="https://keys.example"
)
BEARER = Auth(Scheme.BEARER)


def source(url: str = "https://api.ebay.com/buy", **more: object) -> SourceRow:
    return SourceRow(id="market", adapter="x", base_url=url, created_at=NOON, **more)


class Lister:
    """An adapter that asks one thing."""

    name, version, hosts = "lister", "1", ("api.ebay.com",)
    policy = Policy("B", "api-terms", auth=EBAY)

    def start(self, query: Query) -> list[Request]:
        return [Request("https://api.ebay.com/a"), Request("https://api.ebay.com/b")]

    def read(self, exchange: Exchange) -> Page:
        raise AssertionError("nothing is asked")


def test_a_source_without_its_key_is_skipped_in_words_and_asks_nothing():
    found = credentials_of(source(), EBAY, Keys())
    transport = ReplayTransport(())
    manner = Manner(Identity("1"), MemoryPace(), lambda: NOON, credentials=found)

    async def go():
        return [
            step async for step in crawl(Course(Lister(), Query(), lambda: NOON), Fetcher(transport, manner))
        ]

    (step,) = asyncio.run(go())
    assert step.stopped == (
        "Skipped, because there is no key for api.ebay.com: set IPGUARD_EBAY_CLIENT_ID and IPGUARD_EBAY_CLIENT_SECRET. "
        "A key is to be had at https://keys.example."
    )
    assert transport.asked == []
    assert missing_keys(source(), EBAY, Keys()) == ("IPGUARD_EBAY_CLIENT_ID", "IPGUARD_EBAY_CLIENT_SECRET")
    assert credentials_of(source(), Auth(Scheme.BEARER, optional=True), Keys()) == {}
    assert credentials_of(source(), None, Keys()) == {}


def test_no_host_can_ask_for_the_key_of_another():
    keys = Keys({"IPGUARD_GITHUB_TOKEN": "ghx_secretvalue", "IPGUARD_KEY_TOKEN__A_B_EXAMPLE": "secretvalue"})
    assert keys.get("API.github.com", "token") == "ghx_secretvalue"
    assert keys.get("evil.example", "token") == ""
    assert keys.get("a.b.example", "token") == "secretvalue"
    names = [
        variable(host, name)
        for host in ("a.b", "a-b", "a--b", "b", "a.b:80")
        for name in ("token", "token_a")
    ]
    assert len(set(names)) == len(names)
    # with OAuth2 the key goes to the token endpoint, so it is that host's
    stolen = Auth(Scheme.OAUTH2, token_url="https://evil.example/token")
    ours = Keys({"IPGUARD_EBAY_CLIENT_ID": "clientid", "IPGUARD_EBAY_CLIENT_SECRET": "clientsecret"})
    assert credentials_of(source(), stolen, ours)["https://api.ebay.com"].missing
    assert (
        dict(credentials_of(source(), EBAY, ours)["https://api.ebay.com"].values)["client_id"] == "clientid"
    )


def test_a_key_goes_over_no_open_connection_and_has_to_look_like_one():
    keys = Keys({}, None, {"api.example": {"token": "averysecretvalue"}, "b.example": {"token": "short"}})
    with pytest.raises(BadSource, match="anybody can read"):
        credentials_of(source("http://api.example/x"), BEARER, keys)
    (origin,) = credentials_of(source("https://API.example/x"), BEARER, keys)
    assert origin == "https://api.example"
    assert "averysecret" not in repr(credentials_of(source("https://API.example/x"), BEARER, keys))
    assert credentials_of(source("http://api.example/x", local=True), BEARER, keys)
    with pytest.raises(BadSource, match="cannot be a key") as caught:
        credentials_of(source("https://b.example"), BEARER, keys)
    assert "short" not in str(caught.value)


def test_a_key_file_is_read_only_where_nobody_else_can(tmp_path: Path):
    file = tmp_path / "keys.toml"
    assert load_keys({}, file).written == {}
    file.write_text('["API.example"]\ntoken = "averysecretvalue"\n')
    file.chmod(0o640)
    with pytest.raises(WrongUse, match="Others on this machine") as caught:
        load_keys({}, file)
    assert "chmod 600" in caught.value.hint
    file.chmod(0o600)
    keys = load_keys({"IPGUARD_KEY_OTHER__API_EXAMPLE": "x"}, file)
    assert (keys.get("api.example", "token"), keys.get("api.example", "other")) == ("averysecretvalue", "x")
    assert "secret" not in repr(keys)
    for wrong in ('token = "averysecret"', '["a"]\ntoken = 5', '["a"\naverysecret', "x" * 200_000):
        file.write_text(wrong)
        with pytest.raises(WrongUse) as caught:
            load_keys({}, file)
        assert "averysecret" not in str(caught.value)
