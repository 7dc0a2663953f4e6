"""Certificate Transparency: every entry of a log is read once, whatever the log does; names as a full parser reads them."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from ct_log import FakeLog, certificate, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.adapter import Outcome, Policy, Query
from crawlers.adapters import rfc6962, static_ct
from crawlers.crawl import Course, Step, crawl
from crawlers.exchange import Exchange, Request
from crawlers.extract.certificates import NotDer, names_of_certificate, names_of_tbs
from crawlers.extract.transparency import (
    BadEntry,
    checkpoint_size,
    host_in,
    read_data_tile,
    read_entries,
    read_names_tile,
    tile_path,
    tree_size,
)
from crawlers.fetch.fetcher import Fetcher, Identity, Manner
from crawlers.fetch.pace import MemoryPace
from crawlers.fetch.transport import http_transport
from crawlers.frontier import Change, Frontier, replayed
from crawlers.listing import Kind
from crawlers.registry import log_probe_url, recognise_log, spelled

POLICY = Policy("A", "public-page")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


def now() -> datetime:
    return datetime.now(UTC)


def parsed(der: bytes) -> tuple[str, ...]:
    """Names by a full parser."""
    try:
        extensions = x509.load_der_x509_certificate(der).extensions
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


@given(st.lists(HOSTS, max_size=8), st.integers(1, 2**60))
@settings(max_examples=60, deadline=None)
def test_names_are_those_a_full_parser_reads(names: list[str], serial: int) -> None:
    made = certificate(*names, serial=serial)
    der = made.public_bytes(Encoding.DER)
    assert (
        names_of_certificate(der) == names_of_tbs(made.tbs_certificate_bytes) == parsed(der) == tuple(names)
    )


def test_a_mangled_certificate_has_the_names_a_full_parser_reads_or_none_at_all() -> None:
    der = certificate("star-lantern.example", "a" * 60 + ".example").public_bytes(Encoding.DER)
    dice = random.Random(6962)  # the same every time
    agreed = 0
    for _ in range(3000):
        body = bytearray(der)
        for _ in range(dice.randint(1, 3)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        mangled = bytes(body[: dice.choice((len(body), dice.randrange(len(body))))])
        try:
            ours = names_of_certificate(mangled)
        except NotDer:
            continue
        try:
            theirs = parsed(mangled)
        except (ValueError, CryptographyDeprecationWarning, x509.InvalidVersion, x509.DuplicateExtension):
            continue  # stricter about parts that we do not look at
        assert ours == theirs
        agreed += 1
    assert agreed > 300


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x81\x05hello",
        b"\x31\x00",
        b"\x30\x00\x00",
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(wrong: bytes) -> None:
    for read in (names_of_certificate, names_of_tbs):
        with pytest.raises(NotDer):
            read(wrong)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("WWW.Star-Lantern.example", "star-lantern.example"), ("*.shop.example", "shop.example"), ("a.example.", "a.example"),
        ("xn--frxr82c.example", "xn--frxr82c.example"), ("_dmarc.example.com", "_dmarc.example.com"), ("localhost", ""),
        ("10.0.0.1", ""), ("a..example", ""), ("-a.example", ""), ("a b.example", ""), ("a\x00b.example", ""), ("é.example", ""),
        ("a" * 64 + ".example", ""), (".".join(["a" * 60] * 5), ""), ("a.example\n", ""),
    ],
)  # fmt: skip
def test_only_a_host_becomes_a_listing(written: str, host: str) -> None:
    assert host_in(written) == host


def test_tiles_are_named_as_the_format_says() -> None:
    assert tile_path(1234067) == "x001/x234/067"
    assert tile_path(0) == "000"
    assert tile_path(999, 112) == "999.p/112"
    assert tile_path(1000) == "x001/000"


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"log\n5\n", b"log\n5\nnot-base64\n\n\xe2\x80\x94 log x\n", b"log\n05\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 log x\n",
        b"log\n-5\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 log x\n", b"log\n5\n" + b"A" * 43 + b"=\n\nunsigned\n", b"<html>5\n\n",
        b"log\n9999999999999\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 log x\n",
    ],
)  # fmt: skip
def test_a_checkpoint_of_another_form_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadEntry):
        checkpoint_size(wrong)


def test_a_tree_head_of_another_form_is_refused() -> None:
    assert tree_size(b'{"tree_size": 7}') == 7
    for wrong in (b"", b"[]", b"{}", b'{"tree_size": "7"}', b'{"tree_size": true}', b'{"tree_size": -1}'):
        with pytest.raises(BadEntry):
            tree_size(wrong)


def test_an_entry_that_cannot_be_read_is_counted_and_hides_no_other() -> None:
    log = FakeLog()
    log.add("a.example")
    log.add("b.example", precert=True)
    broken = b'{"DNS": 5}\n' + log.entries[0].names_line + b"no json\n"
    found = read_names_tile(broken)
    assert list(found.entries) == [(), ("a.example",), ()]
    assert found.unreadable == 2

    leaf = log.entries[0].tile_leaf.replace(b"\x30", b"\x31", 1)
    found = read_data_tile(leaf + log.entries[1].tile_leaf)
    assert list(found.entries) == [(), ("b.example",)]
    with pytest.raises(BadEntry):
        read_data_tile(log.entries[0].tile_leaf[:-1])

    rows = (
        b'{"entries": [{"leaf_input": "AAAA"}, 7, {"leaf_input": "%s"}]}'
        % log.entries[1].row["leaf_input"].encode()
    )
    found = read_entries(rows)
    assert list(found.entries) == [(), (), ("b.example",)]


def look(
    adapter, base: str, position=None, *, max_pages: int = 400, frontier: Frontier | None = None
) -> list[Step]:
    """One run over real HTTP."""

    async def run() -> list[Step]:
        course = Course(adapter, Query(max_pages=max_pages, position=position), now)
        manner = Manner(Identity("test"), MemoryPace(), now, min_gap_seconds=0.0)
        async with http_transport(now=now, local_hosts=frozenset({"127.0.0.1"})) as transport:
            return [step async for step in crawl(course, Fetcher(transport, manner), frontier)]

    return asyncio.run(run())


def made(form: str, base: str):
    return {"names": static_ct, "data": static_ct, "rfc6962": rfc6962}[form].make(
        base, POLICY, {"lookback": 100_000}
    )


def hosts(steps: list[Step]) -> list[str]:
    return [one.title for step in steps for one in step.listings]


FORMS = ("names", "data", "rfc6962")


@pytest.mark.parametrize("form", FORMS)
def test_every_entry_is_read_once_while_the_log_grows(form: str) -> None:
    log = FakeLog(names_tiles=form == "names", at_most=100)
    expected: list[str] = []
    position = None
    with serving(log.tell) as service:
        adapter = made(form, service.base)
        seen: list[str] = []
        for grown in (300, 5, 0, 207, 1, 256, 90):
            for _ in range(grown):
                number = len(log.entries)
                expected.append(f"n{number}.example")
                log.add(f"n{number}.example", f"*.n{number}.example", precert=number % 2 == 1)
            steps = look(adapter, service.base, position)
            seen += hosts(steps)
            position = steps[-1].frontier.position
            assert position is not None
            assert position["next"] == len(log.entries)
            assert steps[-1].outcome is (Outcome.OK if grown else Outcome.EMPTY)
    assert seen == expected
    assert all(one.kind is Kind.DOMAIN for step in steps for one in step.listings)


@pytest.mark.parametrize("form", FORMS)
def test_a_run_that_ends_early_or_is_killed_goes_on_where_it_was(form: str) -> None:
    log = FakeLog(names_tiles=form == "names", at_most=256)
    for number in range(1000):
        log.add(f"n{number}.example")
    with serving(log.tell) as service:
        adapter = made(form, service.base)
        first = look(adapter, service.base, max_pages=3)
        assert "more are there" in first[-1].note
        # killed after a step: the frontier that was written down holds everything
        written = replayed(Change.from_json(step.change.to_json()) for step in first)
        then = look(adapter, service.base, frontier=written)
        assert hosts(first) + hosts(then) == [f"n{number}.example" for number in range(1000)]
        # ended by its cap: the next run begins from the position alone
        after = look(adapter, service.base, first[-1].frontier.position)
        assert hosts(first) + hosts(after) == [f"n{number}.example" for number in range(1000)]


def test_the_first_run_begins_near_the_head() -> None:
    log = FakeLog()
    for number in range(600):
        log.add(f"n{number}.example")
    with serving(log.tell) as service:
        steps = look(static_ct.make(service.base, POLICY, {"lookback": "50"}), service.base)
        assert hosts(steps) == [f"n{number}.example" for number in range(512, 600)]
        assert service.asked == ["/checkpoint", "/tile/names/002.p/88"]


def test_a_partial_tile_that_went_is_read_as_the_full_one() -> None:
    log = FakeLog()
    for number in range(100):
        log.add(f"n{number}.example")

    def tell(path: str):
        told = log.tell(path)
        if path == "/checkpoint":  # and right after it the log grows past the tile
            for number in range(100, 300):
                log.add(f"n{number}.example")
        return told

    with serving(tell) as service:
        steps = look(made("names", service.base), service.base)
        assert hosts(steps) == [f"n{number}.example" for number in range(256)]
        assert service.asked == ["/checkpoint", "/tile/names/000.p/100", "/tile/names/000"]
        assert steps[-1].frontier.position == {"next": 256, "size": 256, "feed": "names"}


def test_a_log_without_names_tiles_is_asked_for_them_once() -> None:
    log = FakeLog(names_tiles=False)
    for number in range(600):
        log.add(f"n{number}.example")
    with serving(log.tell) as service:
        adapter = made("data", service.base)
        position = look(adapter, service.base)[-1].frontier.position
        assert len(service.asked_for("/names/")) == 1
        log.add("later.example")
        assert hosts(look(adapter, service.base, position)) == ["later.example"]
        assert len(service.asked_for("/names/")) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_log_that_shrinks_or_hands_out_too_little_is_not_read_past(form: str) -> None:
    log = FakeLog(names_tiles=form == "names")
    for number in range(300):
        log.add(f"n{number}.example")
    with serving(log.tell) as service:
        adapter = made(form, service.base)
        steps = look(adapter, service.base, {"next": 900, "size": 900})
        assert steps[-1].outcome is Outcome.CHANGED
        assert "shrunk" in steps[-1].note
        assert steps[-1].frontier.position == {"next": 900, "size": 900}


def test_an_answer_past_our_cap_is_asked_for_in_smaller_pieces() -> None:
    adapter = rfc6962.make("https://log.example", POLICY, {})
    (sth,) = adapter.start(Query())
    (asked,) = adapter.read(Exchange(sth, sth.url, 200, (), b'{"tree_size": 5000}', NOON, NOON)).requests
    page = adapter.read(Exchange(asked, asked.url, 200, (), b'{"entries": [', NOON, NOON, truncated="length"))
    assert page.listings == ()
    assert page.position is None
    assert [request.url for request in page.requests] == [
        "https://log.example/ct/v1/get-entries?start=3840&end=3903"
    ]


def test_a_log_that_asks_for_a_pause_is_gone_on_with_later() -> None:
    log = FakeLog()
    for number in range(600):
        log.add(f"n{number}.example")
    tired = [True]

    def tell(path: str):
        if "x" not in path and path.endswith("/001") and tired:
            tired.pop()
            return 429, {"Retry-After": "900"}, b""
        return log.tell(path)

    with serving(tell) as service:
        adapter = made("names", service.base)
        steps = look(adapter, service.base)
        assert steps[-1].not_before is not None
        assert steps[-1].not_before > now() + timedelta(minutes=14)
        later = look(adapter, service.base, frontier=steps[-1].frontier)
        assert hosts(steps) + hosts(later) == [f"n{number}.example" for number in range(600)]


def test_which_interface_a_log_has_is_told_by_its_answer() -> None:
    assert spelled("ct:https://log.example/2026h2/").base_url == "https://log.example/2026h2/"
    url = log_probe_url("https://log.example/2026h2/")
    assert url == "https://log.example/2026h2/checkpoint"
    said = [(200, FakeLog().checkpoint(5)), (404, b"none"), (200, b"<html>")]
    kinds = [
        recognise_log(Exchange(Request(url), url, status, (), body, NOON, NOON)) for status, body in said
    ]
    assert kinds == ["static-ct", "rfc6962", "rfc6962"]
