"""DNS names in a certificate, read strictly and fast: only the elements on the way to them are looked at.

A Certificate Transparency log yields hundreds of certificates a second, and a full parse of each costs more than twice
this walk (`benchmarks/feeds.py`). Whoever needs more than the names takes a real X.509 library.
"""

from __future__ import annotations

SEQUENCE, OCTETS, BOOLEAN = 0x30, 0x04, 0x01
EXTENSIONS = 0xA3
"""`extensions [3]` of a TBSCertificate (RFC 5280 §4.1)."""
DNS_NAME = 0x82
"""`dNSName [2]` of a GeneralName (RFC 5280 §4.2.1.6)."""
SUBJECT_ALT_NAME = b"\x06\x03\x55\x1d\x11"
"""The object identifier 2.5.29.17, encoded."""


class NotDer(ValueError):
    """These bytes are no certificate in DER, or its names cannot be told."""


def names_of_certificate(data: bytes) -> tuple[str, ...]:
    """The dNSNames of a certificate's subjectAltName, as they stand there.

    Raises:
        NotDer: it is no certificate, or it has two such extensions.
    """
    try:
        first, last = _inside(data, 0, len(data), SEQUENCE)
        if last != len(data):
            raise NotDer("bytes after the certificate")
        return _names(data, *_inside(data, first, last, SEQUENCE))
    except IndexError as error:
        raise NotDer("the certificate breaks off") from error


def names_of_tbs(data: bytes) -> tuple[str, ...]:
    """The same for a bare TBSCertificate, as precertificate entries of a log hold it (RFC 6962 §3.2).

    Raises:
        NotDer: as above.
    """
    try:
        first, last = _inside(data, 0, len(data), SEQUENCE)
        if last != len(data):
            raise NotDer("bytes after the certificate")
        return _names(data, first, last)
    except IndexError as error:
        raise NotDer("the certificate breaks off") from error


def _names(data: bytes, at: int, last: int) -> tuple[str, ...]:
    """Names in a TBSCertificate that spans `at` to `last`."""
    extensions = None
    while at < last:
        length, tag = data[at + 1], data[at]
        if length < 0x80:  # a call costs more than all the rest of this loop
            first, following = at + 2, at + 2 + length
        else:
            first, following = _span(data, at, last)
        if tag == EXTENSIONS:
            extensions = (first, following)
        at = following
    if at != last or (extensions and extensions[1] != last):
        raise NotDer("elements that do not fill their parent")
    if extensions is None:
        return ()
    at, last = _inside(data, *extensions, SEQUENCE)
    if last != extensions[1]:
        raise NotDer("something comes after the list of extensions")
    found: tuple[str, ...] | None = None
    while at < last:
        length = data[at + 1]
        if length < 0x80:
            first, following = at + 2, at + 2 + length
        else:
            first, following = _span(data, at, last)
        if data[at] != SEQUENCE or following > last:
            raise NotDer("something that is no extension among them")
        if data.startswith(SUBJECT_ALT_NAME, first):
            if found is not None:
                raise NotDer("two lists of names")
            found = _general_names(data, first + len(SUBJECT_ALT_NAME), following)
        at = following
    return found or ()


def _general_names(data: bytes, at: int, last: int) -> tuple[str, ...]:
    """dNSNames of the extension whose value begins at `at`, after its object identifier."""
    if data[at] == BOOLEAN:
        _, at = _span(data, at, last)
    first, end = _inside(data, at, last, OCTETS)
    if end != last:
        raise NotDer("something comes after the list of names")
    at, end = _inside(data, first, last, SEQUENCE)
    if end != last:
        raise NotDer("something comes after the list of names")
    names = []
    while at < last:
        first, following = _span(data, at, last)
        if data[at] == DNS_NAME:
            names.append(data[first:following].decode("latin-1"))
        at = following
    return tuple(names)


def _inside(data: bytes, at: int, last: int, tag: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and end; it must have this tag."""
    if data[at] != tag:
        raise NotDer(f"tag {tag:#x} expected, {data[at]:#x} found")
    return _span(data, at, last)


def _span(data: bytes, at: int, last: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and end, not past `last` (X.690 §10.1: shortest length form)."""
    length = data[at + 1]
    first = at + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise NotDer("a length that DER does not know")
        length = int.from_bytes(data[first : first + count])
        first += count
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise NotDer("a length longer than it need be")
    following = first + length
    if following > last:
        raise NotDer("an element that ends outside its parent")
    return first, following
