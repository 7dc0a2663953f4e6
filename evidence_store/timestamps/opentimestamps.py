"""OpenTimestamps as an extra beside RFC 3161: a calendar anchors a digest in Bitcoin, hours later and for nothing.

What is written is a detached `.ots` file with pending attestations; the `ots` client upgrades and verifies it. A
pending attestation alone proves nothing yet.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from urllib.parse import urlsplit

from evidence_store.errors import TimestampError

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
VERSION = b"\x01"
OP_SHA256 = b"\x08"
FORK = b"\xff"
MAX_ANSWER_BYTES = 10_000
SECONDS = 15.0


def ask_calendars(digest: bytes, calendars: Sequence[str]) -> tuple[bytes, list[str]]:
    """A detached proof for a SHA-256 digest from every calendar that answers, and why others did not.

    Raises:
        TimestampError: none answered.
    """
    answers, problems = [], []
    for calendar in calendars:
        try:
            answers.append(_ask(digest, calendar))
        except TimestampError as error:
            problems.append(str(error))
    if not answers:
        raise TimestampError("; ".join(problems) or "No calendar is configured")
    return detached(digest, answers), problems


def detached(digest: bytes, answers: Sequence[bytes]) -> bytes:
    """The bytes of an .ots file: what was hashed how, and each calendar's operations; all but the last are forks."""
    branches = b"".join(FORK + answer for answer in answers[:-1]) + answers[-1]
    return MAGIC + VERSION + OP_SHA256 + digest + branches


def _ask(digest: bytes, calendar: str) -> bytes:
    if urlsplit(calendar).scheme not in ("http", "https"):
        raise TimestampError(
            f"{calendar} is no web address", hint="For example: --calendar https://calendar.example"
        )
    request = urllib.request.Request(  # noqa: S310 — the scheme was checked
        f"{calendar.rstrip('/')}/digest",
        data=digest,
        headers={"Accept": "application/vnd.opentimestamps.v1"},
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            body: bytes = answer.read(MAX_ANSWER_BYTES + 1)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise TimestampError(f"The calendar {calendar} does not answer: {error}") from error
    if not 0 < len(body) <= MAX_ANSWER_BYTES:
        raise TimestampError(f"The calendar {calendar} answers with {len(body)} bytes")
    return body


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None
