"""Talking to an OpenID provider: discovery, the authorization URL, the code for an id_token, and checking that token.

The only module that knows Authlib and the HTTP library below it. Nothing is kept between two sign-ins: discovery and
keys are read anew each time, so a provider that rotates its keys is followed at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ipguard.errors import SourceRefused
from ipguard.people.signing_in import NotSignedIn
from ipguard.settings import Oidc

TIMEOUT_SECONDS = 10.0
MAX_BYTES = 1024 * 1024
"""Of a discovery document, a key set, a token answer."""
LEEWAY_SECONDS = 60
"""That the provider's clock may differ."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key pair only: `none` and shared secrets are never accepted."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked id_token says about somebody."""

    issuer: str
    subject: str
    name: str
    """What they would like to be called to sign in; a wish, never proof of anything."""
    label: str
    groups: tuple[str, ...]


class Provider:
    """One provider, as the settings name it."""

    def __init__(self, settings: Oidc, secret: str) -> None:
        self._settings, self._secret = settings, secret

    def authorization_url(self, back: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser (OpenID Connect Core §3.1.2.1, PKCE with S256).

        Raises:
            SourceRefused: the provider does not answer, or not as one.
        """
        with self._client(back) as client:
            place = self._discover(client)["authorization_endpoint"]
            url, _ = client.create_authorization_url(place, state=state, code_verifier=verifier, nonce=nonce)
            return str(url)

    def redeem(self, code: str, back: str, *, nonce: str, verifier: str, now: datetime) -> Claims:
        """Trade a code for an id_token and check it (OpenID Connect Core §3.1.3.7).

        Raises:
            NotSignedIn: the provider refuses the code, or the token is not for us, now, and this sign-in.
            SourceRefused: the provider does not answer, or not as one.
        """
        with self._client(back) as client:
            found = self._discover(client)
            keys = _read(client, found["jwks_uri"])
            try:
                answer = client.fetch_token(found["token_endpoint"], code=code, code_verifier=verifier)
            except (AuthlibBaseError, ValueError) as error:
                raise NotSignedIn(
                    "The provider did not confirm this sign-in.", hint="Begin again."
                ) from error
            except httpx2.HTTPError as error:
                raise _silent() from error
        text, access = answer.get("id_token"), answer.get("access_token")
        return self._check(text if isinstance(text, str) else "", access, keys, nonce, now)

    def _check(self, text: str, access: object, keys: Mapping[str, Any], nonce: str, now: datetime) -> Claims:
        try:
            pairs = [key for key in keys.get("keys", ()) if key.get("kty") != "oct"]
            token = jwt.decode(text, KeySet.import_key_set({"keys": pairs}), algorithms=list(ALGORITHMS))
            wanted: dict[str, Any] = {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "nonce": {"essential": True, "value": nonce},
                "sub": {"essential": True},
            }
            params = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access}
            claims = CodeIDToken(token.claims, token.header, wanted, params)
            claims.validate(int(now.timestamp()), LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise NotSignedIn(
                "The provider's answer was not made for this sign-in.",
                hint="Begin again; if it stays so, tell an admin.",
            ) from error
        return self._told(claims)

    def _told(self, claims: Mapping[str, object]) -> Claims:
        groups = claims.get(self._settings.groups_claim)
        subject = str(claims["sub"])
        if not 0 < len(subject) <= 255:  # OpenID Connect Core §2
            raise NotSignedIn("The provider did not say who signed in.", hint="Tell an admin.")
        return Claims(
            self._settings.issuer,
            subject,
            str(claims.get("preferred_username") or ""),
            str(claims.get("name") or "")[:100],
            tuple(str(one) for one in groups) if isinstance(groups, list) else (),
        )

    def _client(self, back: str) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._settings.client_id,
            client_secret=self._secret or None,
            scope=" ".join(self._settings.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def _discover(self, client: OAuth2Client) -> Mapping[str, str]:
        issuer = self._settings.issuer
        found = _read(client, issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != issuer:  # OpenID Connect Discovery §4.3
            raise SourceRefused(
                "The provider calls itself by another name than the settings.",
                hint="Correct [people.oidc] issuer in ipguard.toml: it must be the same to the letter.",
            )
        places = {
            name: str(found.get(name, ""))
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        if not all(_same_kind(issuer, place) for place in places.values()):
            raise SourceRefused("The provider names an address without https.", hint="Tell whoever runs it.")
        return places


def _same_kind(issuer: str, url: str) -> bool:
    """Whether an address is https, or plain http on the loopback address where the issuer is."""
    parts, own = urlsplit(url), urlsplit(issuer)
    return parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", own.hostname) == (
        own.scheme,
        own.hostname,
    )


def _read(client: OAuth2Client, url: str) -> Mapping[str, Any]:
    try:
        with client.stream("GET", url, withhold_token=True) as answer:
            data = b""
            for part in answer.iter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise SourceRefused(
                        "The provider's answer is too large.", hint="Check [people.oidc] issuer."
                    )
            found = json.loads(data) if answer.status_code == 200 else None
    except httpx2.HTTPError as error:
        raise _silent() from error
    except ValueError as error:
        raise SourceRefused(
            "The provider's answer is no JSON.", hint="Check [people.oidc] issuer."
        ) from error
    if not isinstance(found, dict):
        raise SourceRefused("The provider did not answer as one.", hint="Check [people.oidc] issuer.")
    return found


def _silent() -> SourceRefused:
    return SourceRefused("The provider does not answer.", hint="Try again later, or sign in with a password.")
