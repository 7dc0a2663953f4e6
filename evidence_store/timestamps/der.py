"""Just enough DER (X.690 §10): structures around tokens are read and written byte for byte, never re-encoded.

Some authorities send certificates unsorted. That SET is outside what the CMS signature covers, so sorting it in a copy
changes nothing that is signed; the response itself is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence_store.errors import Malformed

SEQUENCE, SET, CONTEXT_0 = 0x30, 0x31, 0xA0
INTEGER, OCTETS = 0x02, 0x04


def tlv(tag: int, contents: bytes) -> bytes:
    """Tag, length and contents, in the one form of DER."""
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + contents


def with_sorted_certificates(response: bytes) -> bytes:
    """A copy of a TimeStampResp whose certificates stand in DER order (X.690 §11.6).

    Raises:
        Malformed: it has another structure.
    """
    start, end = inside(response, 0, len(response), SEQUENCE)
    parts = list(members(response, start, end))
    if len(parts) < 2:
        return response  # a refusal has no token
    signed_data = _signed_data(response, parts[1])
    for tag, first, last in members(response, *signed_data):
        if tag == CONTEXT_0:
            start, end = inside(response, first, last, CONTEXT_0)
            certificates = sorted(response[a:b] for _, a, b in members(response, start, end))
            return response[:start] + b"".join(certificates) + response[end:]
    return response


def _signed_data(data: bytes, token: tuple[int, int, int]) -> tuple[int, int]:
    """Where the members of SignedData lie inside a ContentInfo."""
    content_info = list(members(data, *inside(data, token[1], token[2], SEQUENCE)))
    if len(content_info) != 2:
        raise Malformed("a time-stamp token is no ContentInfo")
    explicit = inside(data, content_info[1][1], content_info[1][2], CONTEXT_0)
    return inside(data, *explicit, SEQUENCE)


def inside(data: bytes, start: int, end: int, tag: int) -> tuple[int, int]:
    """Where the contents of the one value between `start` and `end` lie; Malformed where it has another tag."""
    found, first, last = _header(data, start, end)
    if found != tag or last != end:
        raise Malformed("DER of another structure")
    return first, last


def members(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(tag, start, end) of each value in a row."""
    while start < end:
        tag, _, last = _header(data, start, end)
        yield tag, start, last
        start = last


def _header(data: bytes, start: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the contents."""
    if start + 2 > end:
        raise Malformed("DER that ends too early")
    length, at = data[start + 1], start + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or at + count > end:
            raise Malformed("DER with a length of another form")
        length, at = int.from_bytes(data[at : at + count]), at + count
    if at + length > end:
        raise Malformed("DER that is longer than it can be")
    return data[start], at, at + length
