"""Reading a domain name: its labels decoded, and which of them anybody could register. Failures are values.

Punycode is RFC 3492, decoded label by label; the public suffix list is the snapshot that tldextract ships, its private
part included, so that `name.github.io` is registered at `name`. Nothing is ever downloaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from tldextract import TLDExtract

MAX_NAME = 253
"""Characters of a name (RFC 1035 §2.3.4, without the trailing dot)."""
MAX_LABEL = 63
DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})
"""Full stops that IDNA reads as dots (UTS #46)."""
NO_NAME = re.compile(r"[\s\x00-\x20/:@?#%\\\[\]()<>\"'`|^{},;\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain name that could be read."""

    ascii: str
    """Lower case, without a wildcard and a trailing dot, as it was given."""
    labels: tuple[str, ...]
    """Decoded."""
    suffix: int
    """How many labels at the end nobody can register by themselves: 1 in `a.com`, 2 in `a.co.uk`."""
    undecoded: tuple[str, ...] = ()
    """Labels whose punycode does not decode; they stand in `labels` as they are."""

    @property
    def decoded(self) -> str:
        """As people see it in an address bar."""
        return ".".join(self.labels)

    @property
    def free(self) -> tuple[str, ...]:
        """Labels before the public suffix; the last of them was registered by somebody."""
        return self.labels[: len(self.labels) - self.suffix]

    @property
    def is_idn(self) -> bool:
        """Whether it was written in punycode or in other letters than ASCII."""
        return self.decoded != self.ascii or not self.ascii.isascii()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a line is no domain name; `ipguard.matching.reasons` has the sentence `no_domain.{code}`."""

    code: str


def read_domain(name: str) -> Domain | Unreadable:
    """Read one name; wildcards (`*.`) and a trailing dot are left out."""
    if len(name) > 4 * MAX_NAME:
        return Unreadable("too_long")
    plain = name.strip().translate(DOTS).lower().removeprefix("*.").removesuffix(".")
    if not plain:
        return Unreadable("empty")
    if NO_NAME.search(plain):
        return Unreadable("not_a_name")
    labels = plain.split(".")
    if len(plain) > MAX_NAME or any(len(label) > MAX_LABEL for label in labels):
        return Unreadable("too_long")
    if not all(labels):
        return Unreadable("empty_label")
    if _is_address(plain):
        return Unreadable("address")
    decoded = [decode_label(label) for label in labels]
    kept = tuple(label if one is None else one for label, one in zip(labels, decoded, strict=True))
    bad = tuple(label for label, one in zip(labels, decoded, strict=True) if one is None)
    return Domain(plain, kept, _suffix_labels(plain, len(labels)), bad)


def decode_label(label: str) -> str | None:
    """A label in Unicode; None where its punycode is broken or hides a separator or a control character."""
    if not label.startswith("xn--"):
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode").lower()
    except (UnicodeError, OverflowError):
        return None
    return None if not text or "." in text or NO_NAME.search(text) else text


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _suffix_labels(name: str, labels: int) -> int:
    suffix = _suffixes().extract_str(name).suffix
    return suffix.count(".") + 1 if suffix else min(1, labels - 1)


def _is_address(name: str) -> bool:
    if not name[-1].isdigit():
        return False
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
