"""Content coding removed with a cap (RFC 9110 §8.4): an 800-byte bomb costs what the cap costs, and no more."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard

from crawlers.errors import Unreachable

STEP = 262_144
"""Bytes decoded at a time."""
ACCEPTED = "gzip, deflate, br, zstd"
GZIP = b"\x1f\x8b"
CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd"}

Keep = Callable[[bytes], bool]
"""Takes decoded bytes; says whether more are wanted."""


class BodyDecoder:
    """Decodes a body piece by piece up to a cap."""

    def __init__(self, coding: str, cap: int) -> None:
        named = [part.strip().lower() for part in coding.split(",") if part.strip()]
        self._codings = [name for name in named if name != "identity"]
        if len(self._codings) > 1 or not set(self._codings) <= CODINGS:
            raise Unreachable(f"The answer is coded as {coding[:60]!r}, which is not read")
        self._decoder = _decoder(self._codings[0]) if self._codings else None
        self._cap, self._parts, self._size, self._fed = cap, [b""], 0, False

    @property
    def full(self) -> bool:
        """Whether the cap is reached: read no more."""
        return self._size >= self._cap

    @property
    def whole(self) -> bool:
        """Whether a coded body came to the end of its coding; an empty one did."""
        return self._decoder is None or not self._fed or self._decoder.whole

    def feed(self, data: bytes) -> None:
        """Decode more; stops at the cap.

        Raises:
            Unreachable: the bytes are not what the header says.
        """
        if self._decoder is None:
            self._keep(data)
            return
        self._fed = self._fed or bool(data)
        try:
            self._decoder.feed(data, self._keep_some)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise Unreachable(f"The answer does not decode: {error}") from error

    def body(self) -> bytes:
        """Everything decoded, at most the cap."""
        return b"".join(self._parts)[: self._cap]

    def _keep_some(self, data: bytes) -> bool:
        self._keep(data)
        return not self.full

    def _keep(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)


class _Decodes(Protocol):
    @property
    def whole(self) -> bool:
        """Whether the coded stream came to its end."""
        ...

    def feed(self, data: bytes, keep: Keep) -> None:
        """Decode more, STEP bytes at a time, for as long as they are wanted."""
        ...


def _decoder(coding: str) -> _Decodes:
    if coding == "br":
        return _Brotli()
    if coding == "zstd":
        return _Zstd()
    return _Zlib(raw_allowed=coding == "deflate")


class _Zlib:
    """gzip of any number of members (RFC 1952 §2.2), zlib, and the deflate without wrapper that some servers send."""

    def __init__(self, *, raw_allowed: bool) -> None:
        self._decoder, self._raw_allowed, self._held = zlib.decompressobj(47), raw_allowed, b""

    @property
    def whole(self) -> bool:
        return self._decoder.eof

    def feed(self, data: bytes, keep: Keep) -> None:
        if self._raw_allowed:
            data, self._held = self._held + data, b""
            if len(data) < 2:  # two bytes tell zlib from raw deflate
                self._held = data
                return
            self._raw_allowed = False
            if data[0] & 15 != 8 or int.from_bytes(data[:2]) % 31:  # RFC 1950 §2.2
                self._decoder = zlib.decompressobj(-15)
        while self._member(data, keep):
            data, self._held = self._held, b""
            self._decoder = zlib.decompressobj(31)

    def _member(self, data: bytes, keep: Keep) -> bool:
        """Decode within one member; whether another one follows in what is held."""
        if self.whole:
            self._held += data
            return self._held.startswith(GZIP)
        more = True
        while more:
            piece = self._decoder.decompress(data, STEP)
            data = self._decoder.unconsumed_tail
            more = keep(piece) and not self._decoder.eof and (bool(data) or len(piece) == STEP)
        self._held = self._decoder.unused_data
        return self._decoder.eof and self._held.startswith(GZIP)


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    @property
    def whole(self) -> bool:
        return bool(self._decoder.is_finished())

    def feed(self, data: bytes, keep: Keep) -> None:
        piece = self._decoder.process(data, output_buffer_limit=STEP)
        while (
            keep(piece) and piece and not self._decoder.is_finished()
        ):  # output may wait with all input taken
            piece = self._decoder.process(b"", output_buffer_limit=STEP)


class _Zstd:
    """Zstandard frames, window of at most 8 MB (RFC 9659 §3), fed in small pieces to bound the output."""

    def __init__(self) -> None:
        self._library = zstandard.ZstdDecompressor(max_window_size=8 << 20)
        self._decoder = self._library.decompressobj(write_size=STEP)

    @property
    def whole(self) -> bool:
        return self._decoder.eof

    def feed(self, data: bytes, keep: Keep) -> None:
        for start in range(0, len(data), 64):
            piece = data[start : start + 64]
            while piece:
                if self._decoder.eof:
                    self._decoder = self._library.decompressobj(write_size=STEP)
                if not keep(self._decoder.decompress(piece)):
                    return
                piece = self._decoder.unused_data if self._decoder.eof else b""
