"""How a host is told who asks: said by adapters and recipes, by name only. No key ever comes near them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from crawlers.errors import BadSource

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PLACE = re.compile(r"\{([^{}]*)\}")
FIELD = re.compile(r"[A-Za-z0-9_.$~-]+")


class Scheme(StrEnum):
    """What proves who we are."""

    HEADER = "header"
    """Header fields as they are written in `headers`: an API key."""
    QUERY = "query"
    """Parameters of the address as they are written in `query`."""
    BEARER = "bearer"
    """`Authorization: Bearer {token}` (RFC 6750 §2.1). Key: token."""
    OAUTH2 = "oauth2-client-credentials"
    """A token from `token_url` (RFC 6749 §4.4), kept until it expires. Keys: client_id, client_secret."""
    TOP_MD5 = "top-md5"
    """AliExpress: app_key, timestamp, sign_method and sign are added to the address, the sign over these and the body.
    Keys: app_key, app_secret."""
    SHOPEE_SHA256 = "shopee-sha256"
    """`Authorization: SHA256 Credential=…, Timestamp=…, Signature=…` over the body. Keys: app_id, secret."""


KEYS = MappingProxyType(
    {
        Scheme.BEARER: ("token",),
        Scheme.OAUTH2: ("client_id", "client_secret"),
        Scheme.TOP_MD5: ("app_key", "app_secret"),
        Scheme.SHOPEE_SHA256: ("app_id", "secret"),
    }
)
"""Names of the keys a scheme needs by itself; those of HEADER and QUERY stand in the templates."""


class TokenStyle(StrEnum):
    """How client_id and client_secret reach a token endpoint (RFC 6749 §2.3.1)."""

    BASIC = "basic"
    """In an Authorization header."""
    FORM = "form"
    """In the body, as a form."""
    JSON = "json"
    """In the body, as JSON: no standard, and asked for by some."""


@dataclass(frozen=True, slots=True)
class Auth:
    """How a source's hosts are told who asks. Put one into `Policy.auth`; the fetcher does the rest.

    You name keys, you never see them. A template holds names in braces: `("x-api-key", "{key}:{secret}")`. At send
    time, and only towards the hosts meant, the fetcher puts the values in; in everything that is recorded (the wire,
    the exchange, the journal, logs, error texts, even an answer that repeats them) they are struck out.

    Examples:
        Etsy: `Auth(Scheme.HEADER, headers=(("x-api-key", "{keystring}:{shared_secret}"),))`
        YouTube: `Auth(Scheme.QUERY, query=(("key", "{key}"),))`
        Rakuten: `Auth(Scheme.HEADER, headers=(("accessKey", "{access_key}"), ("Referer", "{site}"),
            ("Origin", "{site}")), query=(("applicationId", "{application_id}"),), plain=("site",))`
        eBay: `Auth(Scheme.OAUTH2, token_url="https://api.ebay.com/identity/v1/oauth2/token",
            scope="https://api.ebay.com/oauth/api_scope")`
        Amazon: `Auth(Scheme.OAUTH2, token_url="https://api.amazon.com/auth/o2/token", token_style=TokenStyle.JSON,
            scope="creatorsapi::default")`, and for its older keys `says="Bearer {token}, Version 2.1"`
        GitHub: `Auth(Scheme.BEARER, optional=True)`
        AliExpress: `Auth(Scheme.TOP_MD5)`; Shopee: `Auth(Scheme.SHOPEE_SHA256)`

    Where the admin puts a key: under the host that receives it, so that no recipe can ask for another host's. That is
    the source's host; for OAUTH2 the host of `token_url`. Either in the environment or in the workspace's key file
    (`ipguard.sources.keys` says how both are spelled). Where one is missing, the source is skipped, and the run says
    which variable to set; with `optional` it is asked without.

    A request that is signed carries its own header fields and body unchanged; parameters of the same name in its
    address are replaced. robots.txt and pictures are asked without any of this.

    Raises:
        BadSource: a name is none, a template cannot be filled, OAUTH2 has no `token_url`.
    """

    scheme: Scheme
    headers: tuple[tuple[str, str], ...] = ()
    """Field name → template; sent with every scheme."""
    query: tuple[tuple[str, str], ...] = ()
    """Parameter → template; sent with every scheme."""
    plain: tuple[str, ...] = ()
    """Names in the templates that are no secrets, such as our own site: they stay in the record."""
    hosts: tuple[str, ...] = ()
    """Which hosts of the adapter are told (host, or host:port); empty: the one of the source's address."""
    optional: bool = False
    """The host answers without a key too, only less."""
    token_url: str = ""
    scope: str = ""
    token_style: TokenStyle = TokenStyle.BASIC
    says: str = "Bearer {token}"
    """What the Authorization field says once there is a token; OAUTH2 only."""
    about: str = ""
    """Page where a key is to be had; told to whoever has none."""

    def __post_init__(self) -> None:
        for field, template in (*self.headers, *self.query):
            if not FIELD.fullmatch(field) or any(ord(one) < 32 for one in template):
                raise BadSource(f"“{field}” cannot be sent with a key.", hint="Correct its auth block.")
        for name in self.names:
            if not NAME.fullmatch(name):
                raise BadSource(
                    f"“{name}” cannot name a key.",
                    hint="Write lower-case words joined by _, such as client_id.",
                )
        if self.scheme is Scheme.OAUTH2 and not self.token_url:
            raise BadSource("Its auth block says oauth2 and no token_url.", hint="Correct its auth block.")
        if self.scheme in (Scheme.HEADER, Scheme.QUERY) and not self.names:
            raise BadSource("Its auth block names no key.", hint="Write one in braces: {key}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Every key that has to be there, in order."""
        written = [name for _, text in (*self.headers, *self.query) for name in PLACE.findall(text)]
        return tuple(dict.fromkeys((*KEYS.get(self.scheme, ()), *written)))
