"""One WACZ 1.1.1 for the whole case (FORMAT 10.9): what counsel drops into a replay viewer.

It holds the WARC file of every exhibit unchanged, an index, and a list of pages; nothing in it is evidence by itself.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from evidence_store import warc
from evidence_store.bundles.archive import ZipWriter
from evidence_store.bundles.story import Item, Story
from evidence_store.canonical import moment, parse_moment
from evidence_store.digest import sha256
from evidence_store.record import File

BROWSER_TRAFFIC = "browser-traffic"
"""Role of a WARC file that a browser's traffic was written to."""
WACZ_VERSION = "1.1.1"
STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})")
HEAD_BYTES = 200_000
KEPT = "".join(map(chr, range(0x21, 0x7F)))
"""Characters that stay as they are in a key; others are percent-encoded."""
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Archived:
    """A WARC file of an exhibit, under its name in the WACZ."""

    item: Item
    file: File
    name: str


def archived(story: Story) -> list[Archived]:
    """Every WARC file of the case, in the order of the exhibits."""
    found = []
    for item in story.items:
        for file in item.kept.files:
            if file.role == "exchange":
                found.append(Archived(item, file, f"{item.number}.warc"))
            elif file.role == BROWSER_TRAFFIC:
                found.append(Archived(item, file, f"{item.number}-browser.warc"))
    return found


def write_wacz(story: Story, out: BinaryIO) -> None:
    """Write the WACZ; the memory it takes is that of the largest WARC file."""
    files = archived(story)
    wacz = ZipWriter(out)
    index: list[str] = []
    for one in files:
        data = story.read(one.item, one.file)
        wacz.add(f"archive/{one.name}", data)
        index += _index_lines(data, one.name)
    wacz.add("indexes/index.cdx", "".join(f"{line}\n" for line in sorted(index)).encode())
    wacz.add("pages/pages.jsonl", _pages(story))
    description = _description(story, wacz)
    wacz.add("datapackage.json", description)
    digest = {"path": "datapackage.json", "hash": f"sha256:{sha256(description)}"}
    wacz.add("datapackage-digest.json", _json(digest))
    wacz.close()


def wacz_bytes(story: Story) -> bytes:
    """The WACZ as bytes."""
    out = io.BytesIO()
    write_wacz(story, out)
    return out.getvalue()


def surt(url: str) -> str:
    """Sort-friendly key of a URL, as web archives look it up (the canonical form of the Internet Archive)."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower().rstrip(".")
    host = re.sub(r"^www\d*\.", "", host)
    key = host if ":" in host else ",".join(reversed(host.split(".")))
    port = _port(parts.netloc)
    if port and port != DEFAULT_PORTS.get(parts.scheme.lower()):
        key += f":{port}"
    path = _plain_path(parts.path)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    tail = f"{path}?{query}" if query else path
    return f"{key}){quote(tail, safe=KEPT).lower()}"


def _plain_path(path: str) -> str:
    """A path without empty and dot segments, and without a last slash (RFC 3986 §5.2.4, and more)."""
    found: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del found[-1:]
        elif segment not in ("", "."):
            found.append(segment)
    return "/" + "/".join(found)


def _index_lines(data: bytes, name: str) -> Iterator[str]:
    """One CDXJ line for each response."""
    for record in warc.read(data):
        if record.kind != "response":
            continue
        url = record.fields["WARC-Target-URI"]
        at = parse_moment(record.fields["WARC-Date"])
        status = STATUS.match(record.block)
        facts = {
            "url": url,
            "mime": _media_type(record.block),
            "status": status[1].decode() if status else "0",
            "digest": record.fields["WARC-Block-Digest"],
            "length": str(record.length),
            "offset": str(record.offset),
            "filename": name,
        }
        yield f"{surt(url)} {at:%Y%m%d%H%M%S} {json.dumps(facts, ensure_ascii=True)}"


def _media_type(block: bytes) -> str:
    head = block[:HEAD_BYTES].partition(b"\r\n\r\n")[0].decode("latin-1")
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            kind = value.partition(";")[0].strip().lower()
            return kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "unk"
    return "unk"


def _pages(story: Story) -> bytes:
    lines = [_json({"format": "json-pages-1.0", "id": "pages", "title": "Exhibits"})]
    for item in story.items:
        at = parse_moment(item.captured_at)
        page = {
            "id": item.number,
            "url": item.final_url or item.requested_url,
            "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "title": f"{item.number} {item.final_url}",
        }
        lines.append(_json(page))
    return b"".join(line + b"\n" for line in lines)


def _description(story: Story, wacz: ZipWriter) -> bytes:
    resources = [
        {
            "name": path.rsplit("/", 1)[1].lower(),  # Data Package names are lower case
            "path": path,
            "hash": f"sha256:{digest}",
            "bytes": wacz.sizes[path],
        }
        for path, digest in wacz.digests.items()
    ]
    first = story.items[0]
    return _json(
        {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": f"{story.order.reference}: {story.order.title}",
            "created": moment(story.at),
            "software": "ipguard",
            "mainPageUrl": first.final_url or first.requested_url,
            "mainPageDate": first.captured_at,
            "resources": resources,
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def _port(netloc: str) -> int:
    tail = netloc.rpartition("@")[2].rpartition(":")[2]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 6 and ":" in netloc else 0
