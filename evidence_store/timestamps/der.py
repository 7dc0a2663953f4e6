"""Just enough DER (X.690 §10) to put one SET in order: some authorities send certificates unsorted.

That SET is outside what the CMS signature covers, so sorting it in a copy changes nothing that is signed;
the response itself is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence_store.errors import Malformed

SEQUENCE, SET, CONTEXT_0 = 0x30, 0x31, 0xA0


def with_sorted_certificates(response: bytes) -> bytes:
    """A copy of a TimeStampResp whose certificates stand in DER order (X.690 §11.6).

    Raises:
        Malformed: it has another structure.
    """
    start, end = _inside(response, 0, len(response), SEQUENCE)
    parts = list(_members(response, start, end))
    if len(parts) < 2:
        return response  # a refusal has no token
    signed_data = _signed_data(response, parts[1])
    for tag, first, last in _members(response, *signed_data):
        if tag == CONTEXT_0:
            start, end = _inside(response, first, last, CONTEXT_0)
            certificates = sorted(response[a:b] for _, a, b in _members(response, start, end))
            return response[:start] + b"".join(certificates) + response[end:]
    return response


def _signed_data(data: bytes, token: tuple[int, int, int]) -> tuple[int, int]:
    """Where the members of SignedData lie inside a ContentInfo."""
    content_info = list(_members(data, *_inside(data, token[1], token[2], SEQUENCE)))
    if len(content_info) != 2:
        raise Malformed("a time-stamp token is no ContentInfo")
    explicit = _inside(data, content_info[1][1], content_info[1][2], CONTEXT_0)
    return _inside(data, *explicit, SEQUENCE)


def _inside(data: bytes, start: int, end: int, tag: int) -> tuple[int, int]:
    found, first, last = _header(data, start, end)
    if found != tag or last != end:
        raise Malformed("a time-stamp response has another structure")
    return first, last


def _members(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
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
