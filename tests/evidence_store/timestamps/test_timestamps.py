"""A time stamp counts only when it is good, whoever made it; a failing authority loses no evidence."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store.errors import TimestampError
from evidence_store.testing import TimestampAuthorityContract
from evidence_store.timestamps.authority import Token
from evidence_store.timestamps.check import check_stamp
from evidence_store.timestamps.der import with_sorted_certificates
from evidence_store.timestamps.http_authority import HttpAuthority
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.timestamps.stamping import stamp_checkpoint

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST = hashlib.sha256(b"checkpoint").digest()

CONFIG = """
[tsa]
default_tsa = t
[t]
dir = .
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/tsa.pem
signer_key = $dir/tsa.key
certs = $dir/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


@pytest.fixture(scope="session")
def openssl_authority(tmp_path_factory):
    """A real `openssl ts` authority behind a real HTTP server: (URL, PEM roots)."""
    folder = tmp_path_factory.mktemp("openssl-tsa")
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-nodes")
    openssl(
        "req",
        "-x509",
        *new,
        "-keyout",
        "root.key",
        "-out",
        "root.pem",
        "-days",
        "3650",
        "-subj",
        "/CN=Peer Root",
    )
    openssl("req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Peer TSA")
    signed_by = (
        "-CA",
        "root.pem",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-extfile",
        "tsa.cnf",
        "-extensions",
        "ext",
    )
    openssl("x509", "-req", "-in", "tsa.csr", *signed_by, "-out", "tsa.pem", "-days", "3650")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
            body = (folder / "reply.tsr").read_bytes()
            self.send_response(200)
            self.send_header(
                "Content-Type", "text/html" if self.path == "/page" else "application/timestamp-reply"
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", (folder / "root.pem").read_bytes()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("tsa") / "tsa", now=lambda: NOON)


@pytest.fixture(scope="session")
def token(local) -> Token:
    return local.stamp(DIGEST)


class TestLocalAuthority(TimestampAuthorityContract):
    @pytest.fixture
    def authority(self, local):
        return local


@pytest.mark.needs("openssl")
class TestOpensslAuthority(TimestampAuthorityContract):
    @pytest.fixture
    def authority(self, openssl_authority):
        url, roots = openssl_authority
        return HttpAuthority("peer", url, roots)


def test_the_local_authority_says_what_it_is_worth(local):
    token = local.stamp(DIGEST)
    stamp = check_stamp(DIGEST, token.query, token.response, local.roots)

    assert stamp.at == NOON
    assert not stamp.has_legal_value


def test_the_local_authority_keeps_its_key_to_itself(tmp_path):
    LocalAuthority(tmp_path / "tsa", now=lambda: NOON)
    again = LocalAuthority(tmp_path / "tsa", now=lambda: NOON)

    assert (tmp_path / "tsa" / "key.pem").stat().st_mode & 0o077 == 0
    assert again.roots == (tmp_path / "tsa" / "root.pem").read_bytes()


@pytest.mark.needs("openssl")
def test_openssl_responses_with_unsorted_certificates_are_accepted_and_kept_as_they_came(openssl_authority):
    url, roots = openssl_authority
    token = HttpAuthority("peer", url, roots).stamp(DIGEST)
    before = token.response

    assert check_stamp(DIGEST, token.query, token.response, roots).signer == "Peer TSA"
    assert token.response == before
    assert sorted(with_sorted_certificates(before)) == sorted(before)


@pytest.mark.needs("openssl")
def test_an_answer_that_is_no_time_stamp_is_refused(openssl_authority):
    url, roots = openssl_authority
    with pytest.raises(TimestampError, match="text/html"):
        HttpAuthority("peer", f"{url}/page", roots).stamp(DIGEST)


def test_an_authority_that_does_not_answer_is_said_not_to():
    with pytest.raises(TimestampError, match="does not answer"):
        HttpAuthority("gone", "http://127.0.0.1:9/", b"").stamp(DIGEST)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://tsa.example", "tsa.example"])
def test_only_web_addresses_are_asked(url):
    with pytest.raises(TimestampError):
        HttpAuthority("odd", url, b"")


def test_two_checks_never_share_their_roots(local, tmp_path):
    """rfc3161-client's builders share lists: a root given to one check must not be trusted by the next."""
    other = LocalAuthority(tmp_path / "other", now=lambda: NOON)
    mine, theirs = local.stamp(DIGEST), other.stamp(DIGEST)
    check_stamp(DIGEST, mine.query, mine.response, local.roots)
    check_stamp(DIGEST, theirs.query, theirs.response, other.roots)

    with pytest.raises(TimestampError, match="does not lead to one of the roots"):
        check_stamp(DIGEST, theirs.query, theirs.response, local.roots)


def test_a_stamp_made_outside_the_certificate_s_life_is_refused(local):
    old = LocalAuthority.__new__(LocalAuthority)
    for name, value in vars(local).items():
        setattr(old, name, value)
    old._now = lambda: NOON - timedelta(days=400)
    token = old.stamp(DIGEST)

    with pytest.raises(TimestampError):
        check_stamp(DIGEST, token.query, token.response, local.roots)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_refused_or_changes_nothing_that_is_said(local, token, data):
    good = check_stamp(DIGEST, token.query, token.response, local.roots)
    at = data.draw(st.integers(0, len(token.response) - 1))
    forged = bytearray(token.response)
    forged[at] ^= data.draw(st.integers(1, 255))
    try:
        said = check_stamp(DIGEST, token.query, bytes(forged), local.roots)
    except TimestampError:
        return
    assert said == good


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_nonsense_is_our_own_error(local, query, response):
    with pytest.raises(TimestampError):
        check_stamp(DIGEST, query, response, local.roots)


class Broken:
    """An authority whose answers are good for nothing."""

    name, roots = "broken", b""

    def __init__(self, local: LocalAuthority) -> None:
        self._local = local

    def stamp(self, digest: bytes) -> Token:
        return self._local.stamp(hashlib.sha256(b"something else").digest())


def test_a_failing_authority_loses_nothing_and_is_asked_again(store, capture, local):
    store.keep([capture()])
    store.checkpoint()
    first = stamp_checkpoint(store, [Broken(local), local])
    second = stamp_checkpoint(store, [local])

    assert [(s.authority, bool(s.stamp)) for s in first] == [("broken", False), ("local", True)]
    assert "something else" in first[0].problem
    assert [line.authority for line in store.stamps()] == ["local"]
    assert second[0].stamp == first[1].stamp
    assert Path(store._folder / "checkpoint").read_bytes() == store.newest_checkpoint()
