"""What bytes are, told by their first few (WHATWG MIME Sniffing §6), never by a name or by what a server claims."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD = 512
"""Bytes that are looked at; WHATWG reads 1,445, and only for web pages."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    name: str
    """As people call it: JPEG, HEIC, a web page."""
    media_type: str
    picture: bool = True
    opened: bool = False
    """Whether we read it; others have too many ways to go wrong, or no decoder."""


JPEG = Kind("JPEG", "image/jpeg", opened=True)
PNG = Kind("PNG", "image/png", opened=True)
GIF = Kind("GIF", "image/gif", opened=True)
WEBP = Kind("WEBP", "image/webp", opened=True)
BMP = Kind("BMP", "image/bmp", opened=True)
AVIF = Kind("AVIF", "image/avif", opened=True)
HEIC = Kind("HEIC", "image/heic")
SVG = Kind("SVG", "image/svg+xml")
UNKNOWN = Kind("?", "application/octet-stream", picture=False)

_PREFIXES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", Kind("TIFF", "image/tiff")),
    (b"MM\x00*", Kind("TIFF", "image/tiff")),
    (b"\x00\x00\x01\x00", Kind("ICO", "image/x-icon")),
    (b"\x00\x00\x02\x00", Kind("ICO", "image/x-icon")),
    (b"8BPS", Kind("PSD", "image/vnd.adobe.photoshop")),
    (b"\xff\x0a", Kind("JPEG XL", "image/jxl")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", Kind("JPEG XL", "image/jxl")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Kind("JPEG 2000", "image/jp2")),
    (b"%PDF-", Kind("PDF", "application/pdf", picture=False)),
    (b"PK\x03\x04", Kind("ZIP", "application/zip", picture=False)),
    (b"\x1f\x8b", Kind("gzip", "application/gzip", picture=False)),
    (b"\x1aE\xdf\xa3", Kind("WebM", "video/webm", picture=False)),
    (b"BM", BMP),
)
_BRANDS: dict[bytes, Kind] = {b"avif": AVIF, b"avis": AVIF} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC
)
_HTML = Kind("HTML", "text/html", picture=False)
_TEXTS: tuple[tuple[bytes, Kind], ...] = (
    (b"<!doctype html", _HTML),
    (b"<html", _HTML),
    (b"<head", _HTML),
    (b"<body", _HTML),
    (b"<script", _HTML),
    (b"<svg", SVG),
    (b"<!doctype svg", SVG),
    (b"<?xml", Kind("XML", "text/xml", picture=False)),
    (b"{", Kind("JSON", "application/json", picture=False)),
    (b"[", Kind("JSON", "application/json", picture=False)),
)


def kind_of(data: bytes) -> Kind:
    """The kind of `data`; UNKNOWN where its first bytes say nothing."""
    head = data[:HEAD]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    return _text_kind(head)


def declared_size(data: bytes, kind: Kind) -> tuple[int, int] | None:
    """(width, height) in pixels as the first bytes say, for formats that say it at a fixed place.

    Told before a decoder is asked, because some set memory aside for the size as soon as they open a file.
    PNG §11.2.1, GIF89a §18, BITMAPINFOHEADER, RFC 9649 §2.5–2.7.
    """
    try:
        if kind is PNG:
            return _two(">II", data, 16)
        if kind is GIF:
            return _two("<HH", data, 6)
        if kind is BMP and data[14:18] != b"\x0c\x00\x00\x00":
            width, height = _two("<ii", data, 18)
            return abs(width), abs(height)
        return _webp_size(data) if kind is WEBP else None
    except struct.error:
        return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8X":
            wide, high = data[24:27], data[27:30]
            return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = _two("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _two(form: str, data: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, data, at)
    return first, second


def _by_brand(head: bytes) -> Kind:
    """ISO 14496-12 §4.3: the major brand, then the compatible ones, for which mif1 files are usually AVIF or HEIC."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[n : n + 4] for n in range(16, end, 4))]
    if AVIF in (kinds := [_BRANDS[brand] for brand in brands if brand in _BRANDS]):
        return AVIF
    return kinds[0] if kinds else Kind("MP4", "video/mp4", picture=False)


def _text_kind(head: bytes) -> Kind:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text[2:].replace(b"\0", b"")
    text = text.lstrip(b" \t\r\n\f").lower()
    kind = next((kind for prefix, kind in _TEXTS if text.startswith(prefix)), UNKNOWN)
    if kind.name == "XML" or text.startswith(b"<!--"):
        return SVG if b"<svg" in text else _HTML if b"<html" in text else kind
    return kind
