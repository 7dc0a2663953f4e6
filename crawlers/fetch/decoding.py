"""Content coding removed with a cap (RFC 9110 §8.4): an 800-byte bomb costs what the cap costs, and no more."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

from crawlers.errors import Unreachable

STEP = 262_144
"""Bytes decoded at a time."""
ACCEPTED = "gzip, deflate, br, zstd"
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
        self._cap, self._parts, self._size = cap, [b""], 0

    @property
    def full(self) -> bool:
        """Whether the cap is reached: read no more."""
        return self._size >= self._cap

    def feed(self, data: bytes) -> None:
        """Decode more; stops at the cap.

        Raises:
            Unreachable: the bytes are not what the header says.
        """
        if self._decoder is None:
            self._keep(data)
            return
        try:
            self._decoder(data, self._keep_some)
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


def _decoder(coding: str) -> Callable[[bytes, Keep], None]:
    if coding == "br":
        return _Brotli().feed
    if coding == "zstd":
        return _Zstd().feed
    return _Zlib(raw_allowed=coding == "deflate").feed


class _Zlib:
    def __init__(self, *, raw_allowed: bool) -> None:
        self._decoder, self._raw_allowed = zlib.decompressobj(47), raw_allowed

    def feed(self, data: bytes, keep: Keep) -> None:
        try:
            piece = self._decoder.decompress(data, STEP)
        except zlib.error:
            if not self._raw_allowed:
                raise
            self._decoder = zlib.decompressobj(-15)  # some servers send deflate without its zlib wrapper
            piece = self._decoder.decompress(data, STEP)
        self._raw_allowed = False
        while keep(piece) and self._decoder.unconsumed_tail:
            piece = self._decoder.decompress(self._decoder.unconsumed_tail, STEP)


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes, keep: Keep) -> None:
        piece = self._decoder.process(data, output_buffer_limit=STEP)
        while keep(piece) and not self._decoder.can_accept_more_data():
            piece = self._decoder.process(b"", output_buffer_limit=STEP)


class _Zstd:
    """Zstandard with a window of at most 8 MB (RFC 9659 §3), fed in small pieces so that output stays bounded."""

    def __init__(self) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj(write_size=STEP)

    def feed(self, data: bytes, keep: Keep) -> None:
        for start in range(0, len(data), 64):
            if self._decoder.eof or not keep(self._decoder.decompress(data[start : start + 64])):
                return
