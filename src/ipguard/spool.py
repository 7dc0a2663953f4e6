"""Exchanges of a run that may still become evidence, on disk so that a killed run does not lose them.

A page is read long before its pictures are looked at. What was said waits here, under its run, until the
run has ended; only what raised an alert goes on into the evidence store.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from evidence_store.exhibit import DnsExchange, WireExchange
from ipguard.errors import Interrupted


class Spool:
    """The waiting exchanges of one run."""

    def __init__(self, folder: Path, run_id: int) -> None:
        self._folder = folder / str(run_id)

    def put(self, name: str, exchanges: Sequence[WireExchange]) -> None:
        """Keep what was said under `name`; a later one of the same name takes its place.

        Raises:
            Interrupted: the disk is full.
        """
        data = json.dumps([_to_json(exchange) for exchange in exchanges])
        place = self._folder / f"{name}.json"
        with disk_in_words():
            self._folder.mkdir(parents=True, exist_ok=True)
            part = place.with_suffix(".part")
            part.write_text(data, "utf-8")
            part.replace(place)

    def get(self, name: str) -> tuple[WireExchange, ...]:
        """What was said under `name`; nothing where nothing was kept."""
        try:
            stored = json.loads((self._folder / f"{name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(_from_json(values) for values in stored)

    def clear(self) -> None:
        """Forget the run."""
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def disk_in_words() -> Iterator[None]:
    """Turn a disk that takes nothing more into words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS):
            raise
        raise Interrupted(
            f"The disk takes nothing more ({os.strerror(error.errno)}); every step reported before is kept, "
            "this one was not",
            hint="Free some space and run the same command again: it goes on where it stopped.",
        ) from error


def _to_json(exchange: WireExchange) -> dict[str, object]:
    values: dict[str, object] = {f.name: getattr(exchange, f.name) for f in fields(exchange)}
    values["request"] = b64encode(exchange.request).decode()
    values["response"] = b64encode(exchange.response).decode()
    values["tls_chain"] = [b64encode(der).decode() for der in exchange.tls_chain]
    values["dns"] = [
        [
            one.server,
            b64encode(one.question).decode(),
            b64encode(one.answer).decode(),
            one.asked_at.isoformat(),
        ]
        for one in exchange.dns
    ]
    values["started_at"] = exchange.started_at.isoformat()
    values["ended_at"] = exchange.ended_at.isoformat()
    return values


def _from_json(values: dict[str, object]) -> WireExchange:
    def texts(name: str) -> tuple[str, ...]:
        stored = values[name]
        return tuple(str(one) for one in stored) if isinstance(stored, list) else ()

    first, last = values["monotonic_ns"] if isinstance(values["monotonic_ns"], list) else (0, 0)
    return WireExchange(
        url=str(values["url"]),
        request=b64decode(str(values["request"])),
        response=b64decode(str(values["response"])),
        started_at=datetime.fromisoformat(str(values["started_at"])),
        ended_at=datetime.fromisoformat(str(values["ended_at"])),
        address=str(values["address"]),
        port=int(str(values["port"])),
        resolved=texts("resolved"),
        truncated=str(values["truncated"]),
        tls_version=str(values["tls_version"]),
        tls_cipher=str(values["tls_cipher"]),
        tls_chain=tuple(b64decode(der) for der in texts("tls_chain")),
        tls_verified=bool(values["tls_verified"]),
        monotonic_ns=(int(first), int(last)),
        tls_alpn=str(values.get("tls_alpn", "")),
        tls_sni=str(values.get("tls_sni", "")),
        tls_error=str(values.get("tls_error", "")),
        local_address=str(values.get("local_address", "")),
        local_port=int(str(values.get("local_port", 0))),
        dns=_messages(values.get("dns")),
        own_traffic=bool(values.get("own_traffic")),
    )


def _messages(stored: object) -> tuple[DnsExchange, ...]:
    rows = stored if isinstance(stored, list) else []
    return tuple(
        DnsExchange(server, b64decode(question), b64decode(answer), datetime.fromisoformat(at))
        for server, question, answer, at in rows
    )
