"""A real OpenID provider on loopback: discovery, authorization, token and key endpoints over HTTP, signed tokens.

It checks what a provider must check (client secret, redirect address, PKCE, codes that work once) and signs people in
without asking: `claims` says who. `trick` makes it misbehave in one named way.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "ipguard-console", "s3cret"


class Provider:
    """State of one provider; `claims` and `trick` are set by tests."""

    def __init__(self, now) -> None:
        self.now = now
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.strange = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.claims: dict[str, object] = {"sub": "u-1", "preferred_username": "lin", "name": "Lin Mei"}
        self.trick = ""
        self.issuer = ""
        self.asks = False
        """Show a page to click on, as real providers do: the browser then comes from another site."""
        self.codes: dict[str, dict[str, str]] = {}
        self.redeemed: list[str] = []

    def id_token(self, asked: dict[str, str]) -> str:
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": at,
            "exp": at + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        changed: dict[str, dict[str, object]] = {
            "wrong nonce": {"nonce": "another"},
            "wrong audience": {"aud": "another-client"},
            "two audiences without azp": {"aud": [CLIENT, "another-client"]},
            "other issuer": {"iss": "https://other.example"},
            "too old": {"iat": at - 7200, "exp": at - 3600},
            "no subject": {"sub": ""},
        }
        claims |= changed.get(self.trick, {})
        if self.trick == "no nonce":
            del claims["nonce"]
        if self.trick == "alg none":
            return ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."
        if self.trick == "signed with the client secret":
            return jwt.encode(
                {"alg": "HS256"}, claims, OctKey.import_key(SECRET.ljust(32, "x")), algorithms=["HS256"]
            )
        if self.trick == "signed with the public key as a secret":
            public = OctKey.import_key(self.key.as_pem(private=False).decode())
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, public, algorithms=["HS256"])
        key = self.strange if self.trick == "another key" else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


@contextmanager
def provider(now, host: str = "127.0.0.1") -> Iterator[Provider]:
    """Run a provider while the block lasts; `localhost` is another site than 127.0.0.1."""
    state = Provider(now)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/.well-known/openid-configuration":
                name = "https://other.example" if state.trick == "another name" else state.issuer
                self.say(
                    {
                        "issuer": name,
                        "authorization_endpoint": f"{state.issuer}/authorize",
                        "token_endpoint": f"{state.issuer}/token",
                        "jwks_uri": f"{state.issuer}/keys",
                    }
                )
            elif place.path == "/keys":
                self.say({"keys": [state.key.as_dict(private=False)]})
            elif place.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(place.query).items()}
                assert asked["client_id"] == CLIENT
                assert asked["response_type"] == "code"
                assert asked["code_challenge_method"] == "S256"
                code = secrets.token_urlsafe(8)
                state.codes[code] = asked
                back = {"code": code, "state": asked["state"], "iss": state.issuer}
                place_back = f"{asked['redirect_uri']}?{urlencode(back)}"
                if state.asks:
                    page = f'<!doctype html><a href="{html.escape(place_back)}">It is me</a>'
                    self.answer(page.encode(), 200, "text/html")
                    return
                self.send_response(302)
                self.send_header("Location", place_back)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.say({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(data).items()}
            asked = state.codes.pop(form.get("code", ""), None)
            login = "Basic " + base64.b64encode(f"{quote(CLIENT)}:{quote(SECRET)}".encode()).decode()
            challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if self.headers.get("Authorization") != login:
                self.say({"error": "invalid_client"}, 401)
            elif (
                asked is None
                or asked["code_challenge"] != challenge
                or asked["redirect_uri"] != form["redirect_uri"]
            ):
                self.say({"error": "invalid_grant"}, 400)
            else:
                state.redeemed.append(form["code"])
                self.say({"access_token": "a", "token_type": "Bearer", "id_token": state.id_token(asked)})

        def say(self, value: object, status: int = 200) -> None:
            self.answer(json.dumps(value).encode(), status, "application/json")

        def answer(self, body: bytes, status: int, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.issuer = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
