"""Asking a witness to cosign a checkpoint (C2SP tlog-witness): `POST <prefix>/add-checkpoint`."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

from evidence_store.errors import Malformed, WitnessError
from evidence_store.log.cosignature import WitnessKey, check_cosignature

MAX_ANSWER_BYTES = 100_000
SECONDS = 15.0
SIZE_TYPE = "text/x.tlog.size"
REFUSALS = {
    403: "it does not know this log's key",
    404: "it does not know this log",
    409: "it saw another size of this log in the meantime",
    422: "it holds that this log tells two histories: keep everything, and find out why",
}

Prove = Callable[[int], Sequence[bytes]]
"""Consistency proof from an older size to the checkpoint's (RFC 6962 §2.1.2)."""


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """A witness by its address and key; `name` names it in settings and in the journal."""

    name: str
    url: str
    key: WitnessKey

    def cosign(self, checkpoint: bytes, seen: int, prove: Prove) -> bytes:
        """The witness's signature line for a checkpoint.

        Args:
            checkpoint: the note, signed by the log.
            seen: size that this witness is thought to have seen last; it says so itself where that is wrong.
            prove: makes the consistency proof from a size.

        Raises:
            WitnessError: no answer, a refusal, or a cosignature that is not good.
        """
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise WitnessError(
                f"{self.name}: {self.url} is no web address", hint="Correct it in ipguard.toml."
            )
        status, body = self._post(request_body(seen, prove(seen) if seen else (), checkpoint))
        if status == 409:
            size = _size(body, self.name)
            status, body = self._post(request_body(size, prove(size) if size else (), checkpoint))
        if status != 200:
            raise WitnessError(f"{self.name} refuses: {REFUSALS.get(status, f'status {status}')}")
        return self._good_line(checkpoint, body)

    def _good_line(self, checkpoint: bytes, body: bytes) -> bytes:
        """The line of this very witness among those in the answer, verified."""
        for line in body.splitlines(keepends=True):
            if line.startswith(f"— {self.key.name} ".encode()):
                try:
                    check_cosignature(checkpoint + line, self.key)
                except Malformed as error:
                    raise WitnessError(f"{self.name}: {error}") from error
                return line
        raise WitnessError(f"{self.name} answers without a cosignature of its own")

    def _post(self, body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 — the scheme was checked
            f"{self.url.rstrip('/')}/add-checkpoint", data=body, method="POST"
        )
        request.add_header("Content-Type", "text/plain; charset=utf-8")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return answer.status, _bounded(answer.read(MAX_ANSWER_BYTES + 1))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, _bounded(refusal.read(MAX_ANSWER_BYTES + 1))
        except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
            raise WitnessError(f"{self.name} does not answer: {error}") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


def request_body(old: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body of an add-checkpoint request (C2SP tlog-witness)."""
    lines = "".join(f"{base64.b64encode(step).decode()}\n" for step in proof)
    return f"old {old}\n{lines}\n".encode() + checkpoint


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_ANSWER_BYTES:
        raise WitnessError(f"A witness answers with more than {MAX_ANSWER_BYTES:,} bytes")
    return body


def _size(body: bytes, name: str) -> int:
    text = body.decode("ascii", "replace").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise WitnessError(f"{name} answers with something that is no size")
    return int(text)
