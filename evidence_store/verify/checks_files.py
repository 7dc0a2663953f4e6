"""Checks on files: the bag is whole (V-2), and the log's key vouched for it (V-3)."""

from __future__ import annotations

import re

from evidence_store import dsse
from evidence_store.digest import sha256
from evidence_store.errors import Malformed
from evidence_store.log.note import VerifierKey
from evidence_store.verify.container import Bundle

LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
UNLISTED = {"tagmanifest-sha256.txt", "bundle.dsse.json"}


def check_bag(bundle: Bundle) -> str:
    """V-2, FORMAT 10.2, RFC 8493 §3: every file is listed, none is missing or extra, all digests agree."""
    if bundle.read("bagit.txt") != BAGIT:
        raise Malformed("bagit.txt is not that of a BagIt 1.0 bag")
    payload = _manifest(bundle.read("manifest-sha256.txt"))
    tags = _manifest(bundle.read("tagmanifest-sha256.txt"))
    present = set(bundle.paths)
    _same_set(set(payload), {path for path in present if path.startswith("data/")})
    _same_set(set(tags), {path for path in present if not path.startswith("data/")} - UNLISTED)
    for path, digest in (tags | payload).items():
        if bundle.digest(path) != digest:
            raise Malformed(f"{path} has changed")
    _check_oxum(bundle, payload)
    return f"All {len(payload)} files are there, none was added, and none has changed."


def check_signature(bundle: Bundle, key: VerifierKey) -> str:
    """V-3, FORMAT 10.3: the holder of the log key vouched for exactly these files."""
    signed = dsse.unseal(bundle.read("bundle.dsse.json"), "tagmanifest-sha256.txt", key)
    if signed != sha256(bundle.read("tagmanifest-sha256.txt")):
        raise Malformed("the signature is about other files")
    return "The holder of the log's key signed exactly this set of files."


def _manifest(data: bytes) -> dict[str, str]:
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("a manifest that is not ASCII") from error
    if lines.pop() != "":
        raise Malformed("a manifest without a last newline")
    found: dict[str, str] = {}
    for line in lines:
        match = LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise Malformed("a manifest with a line of another form, or one file twice")
        found[match[2]] = match[1]
    return found


def _same_set(listed: set[str], present: set[str]) -> None:
    for path in sorted(listed - present):
        raise Malformed(f"{path} is listed and missing")
    for path in sorted(present - listed):
        raise Malformed(f"{path} was added: no manifest lists it")


def _check_oxum(bundle: Bundle, payload: dict[str, str]) -> None:
    """Payload-Oxum (RFC 8493 §2.2.2): octets and files of the payload."""
    said = re.search(rb"^Payload-Oxum: (\d{1,15})\.(\d{1,9})$", bundle.read("bag-info.txt"), re.MULTILINE)
    size = sum(bundle.size(path) for path in payload)
    if said is None or (int(said[1]), int(said[2])) != (size, len(payload)):
        raise Malformed("bag-info.txt counts other files")
