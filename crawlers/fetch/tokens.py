"""Tokens by client credentials (RFC 6749 §4.4): asked for once, kept in memory until they expire, never recorded."""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlencode

from crawlers.auth import Auth, TokenStyle
from crawlers.errors import NoKey, Unreachable
from crawlers.exchange import Exchange, Purpose, Request
from crawlers.fetch.signing import Credential

EARLIER = timedelta(seconds=60)
"""A token is given up this long before it expires: it has to last for the way there."""
UNSAID = timedelta(minutes=10)
"""How long a token is kept whose end nobody told."""
LONGEST = timedelta(days=1)
REASON = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,80}")
"""An error code (RFC 6749 §5.2)."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a host is told instead of a key."""

    value: str = field(repr=False)
    until: datetime


class TokenCache:
    """Tokens of one process, by endpoint, client and scope; share one among fetchers."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, ...], Token] = {}
        self._lock = threading.Lock()

    def get(self, credential: Credential, now: datetime) -> str:
        """A token that is still good, or empty."""
        with self._lock:
            token = self._tokens.get(_key(credential))
        return token.value if token is not None and now < token.until else ""

    def put(self, credential: Credential, token: Token) -> None:
        """Keep a token."""
        with self._lock:
            self._tokens[_key(credential)] = token

    def forget(self, credential: Credential) -> None:
        """Give a token up that was not taken."""
        with self._lock:
            self._tokens.pop(_key(credential), None)


def token_request(credential: Credential) -> Request:
    """What is asked of the token endpoint."""
    auth, values = credential.auth, credential.values
    client = {"client_id": values["client_id"], "client_secret": values["client_secret"]}
    wanted = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {})}
    kind, headers = "application/x-www-form-urlencoded", []
    match auth.token_style:
        case TokenStyle.BASIC:  # each half is form-coded first (RFC 6749 §2.3.1)
            pair = ":".join(quote_plus(value) for value in client.values())
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
            body = urlencode(wanted)
        case TokenStyle.FORM:
            body = urlencode({**wanted, **client})
        case TokenStyle.JSON:
            kind, body = "application/json", json.dumps({**wanted, **client})
    headers += [("Content-Type", kind), ("Accept", "application/json")]
    return Request(auth.token_url, Purpose.FEED, "POST", tuple(headers), body.encode())


def read_token(auth: Auth, answer: Exchange, now: datetime) -> Token:
    """The token in an endpoint's answer.

    Raises:
        NoKey: the endpoint does not take our key. Unreachable: it has trouble, or says something else.
    """
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    told = said if isinstance(said, dict) else {}
    if 400 <= answer.status < 500:
        reason = REASON.match(str(told.get("error", "")))
        why = f"status {answer.status}" + (f", {reason[0]}" if reason else "")
        raise NoKey(f"Skipped, because {_host(auth)} does not take our key: {why}.", url=auth.token_url)
    value = told.get("access_token")
    if answer.status != 200 or not isinstance(value, str) or not value.isprintable() or not value.isascii():
        raise Unreachable(f"No token came from {_host(auth)}: status {answer.status}.", url=auth.token_url)
    return Token(value, now + _lasts(told.get("expires_in")))


def _lasts(seconds: object) -> timedelta:
    try:
        said = timedelta(seconds=min(float(str(seconds)), LONGEST.total_seconds()))
    except ValueError:
        return UNSAID
    return max(said - EARLIER, timedelta(0))


def _host(auth: Auth) -> str:
    return auth.token_url.split("/")[2]


def _key(credential: Credential) -> tuple[str, ...]:
    auth = credential.auth
    return (auth.token_url, auth.scope, credential.values["client_id"], credential.values["client_secret"])
