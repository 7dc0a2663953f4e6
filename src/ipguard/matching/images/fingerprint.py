"""What is kept of a picture, so that it can be compared again without its bytes.

Hashes, features and a small grey picture.

Matching always goes through a fingerprint as it will be read back, so a picture that was just seen and one that was
seen a year ago get the same answer.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ipguard.matching.images import compact
from ipguard.matching.images.decode import Picture
from ipguard.matching.images.features import Features, query_features
from ipguard.matching.images.hashes import Bits, turned_hashes
from ipguard.matching.images.likeness import Grey, look_over

VERSION = "2"
MAGIC = b"IPGF2\n"
HEAD = struct.Struct(">6sIIII")
"""Magic, width, height, features, bytes of the grey picture; then 8 × 32 bytes of hashes, then 40 bytes a feature."""
CHECK = 8
"""Bytes of SHA-256 at the end."""
TURNS, HASH_BYTES = 8, 32
GREY_QUALITY = 60
"""JPEG quality of the grey picture; likeness is compared at 64 pixels, where it does not show."""
MAX_SIDE = 1 << 24


class BadFingerprint(ValueError):
    """These bytes are no fingerprint of this version."""


@dataclass(frozen=True)
class Fingerprint:
    """Hashes and features of one picture, and how it looks in grey."""

    bits: Bits
    """8 × 32: eight turns, the picture as it is first."""
    features: Features
    """Strongest first."""
    grey_jpeg: bytes
    width: int
    """Of the picture as decoded upright, pixels."""
    height: int

    @cached_property
    def grey(self) -> Grey:
        """The small grey picture."""
        grey = cv2.imdecode(np.frombuffer(self.grey_jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise BadFingerprint("the fingerprint is damaged")
        return np.asarray(grey, np.uint8)

    def to_bytes(self) -> bytes:
        """A form to be kept; `from_bytes` reads it."""
        head = HEAD.pack(MAGIC, self.width, self.height, len(self.features), len(self.grey_jpeg))
        features = compact.to_bytes(self.features, max(self.width, self.height))
        data = b"".join((head, self.bits.tobytes(), features, self.grey_jpeg))
        return data + hashlib.sha256(data).digest()[:CHECK]

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """Read what `to_bytes` wrote.

        Raises:
            BadFingerprint: it is damaged, or of another version.
        """
        if not data.startswith(MAGIC) or len(data) < HEAD.size + CHECK:
            raise BadFingerprint("these bytes are no fingerprint of this version")
        if hashlib.sha256(data[:-CHECK]).digest()[:CHECK] != data[-CHECK:]:
            raise BadFingerprint("the fingerprint is damaged")
        _, width, height, count, grey = HEAD.unpack_from(data)
        start = HEAD.size + TURNS * HASH_BYTES
        end = start + count * compact.FEATURE_BYTES
        if end + grey + CHECK != len(data) or not 0 < width < MAX_SIDE or not 0 < height < MAX_SIDE:
            raise BadFingerprint("the fingerprint is damaged")
        bits = np.frombuffer(data, np.uint8, TURNS * HASH_BYTES, HEAD.size).reshape(TURNS, HASH_BYTES)
        features = compact.from_bytes(data[start:end], max(width, height))
        return cls(bits, features, data[end : end + grey], width, height)


def fingerprint_of(picture: Picture) -> Fingerprint:
    """What is kept of a picture."""
    seen, jpeg = cv2.imencode(".jpg", look_over(picture), [cv2.IMWRITE_JPEG_QUALITY, GREY_QUALITY])
    if not seen:
        raise AssertionError("OpenCV encodes any grey picture")
    longest = max(picture.width, picture.height)
    as_read = compact.from_bytes(compact.to_bytes(query_features(picture), longest), longest)
    return Fingerprint(turned_hashes(picture), as_read, jpeg.tobytes(), picture.width, picture.height)
