"""A not-before beacon (FORMAT 3.3): public randomness that nobody knew before its time, put into a record.

Time stamps say "at the latest"; this says "not before". Reads drand's public JSON (`/public/latest`). That the
randomness is the digest of the signature is checked here; the BLS signature itself is not: a reader looks the round up.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

from evidence_store.digest import sha256
from evidence_store.errors import TimestampError
from evidence_store.exhibit import JsonValue

MAX_ANSWER_BYTES = 20_000
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Beacon:
    """One round of a beacon."""

    source: str
    """Address that was asked."""
    round: int
    value: str
    """Randomness, hexadecimal."""
    raw: bytes
    """The whole answer."""

    def fields(self) -> dict[str, JsonValue]:
        """As a record holds it."""
        return {
            "source": self.source,
            "round": self.round,
            "value": self.value,
            "published_at": None,
            "raw_sha256": sha256(self.raw),
        }


def fetch_beacon(url: str) -> Beacon:
    """Ask a beacon for its newest round; bounded, without proxies and redirects.

    Raises:
        TimestampError: no answer, or one that is no round.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise TimestampError(f"{url} is no web address", hint="Correct beacon_url in ipguard.toml.")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            raw: bytes = answer.read(MAX_ANSWER_BYTES + 1)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise TimestampError(f"The beacon {url} does not answer: {error}") from error
    return read_beacon(url, raw)


def read_beacon(source: str, raw: bytes) -> Beacon:
    """The round in an answer.

    Raises:
        TimestampError: it is no round, or its randomness is not the digest of its signature.
    """
    if len(raw) > MAX_ANSWER_BYTES:
        raise TimestampError(f"The beacon {source} answers with more than {MAX_ANSWER_BYTES} bytes")
    try:
        fields = json.loads(raw)
        number, value, signature = fields["round"], fields["randomness"], bytes.fromhex(fields["signature"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TimestampError(f"The beacon {source} answers with something that is no round") from error
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 53:
        raise TimestampError(f"The beacon {source} answers with an odd round")
    if value != hashlib.sha256(signature).hexdigest():
        raise TimestampError(f"The beacon {source} answers with randomness that is not its signature's")
    return Beacon(source, number, value, raw)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None
