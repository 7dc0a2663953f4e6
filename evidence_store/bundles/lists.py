"""Lists for people and their tools: exhibits as a table, custody as lines, trust material as files. Deterministic."""

from __future__ import annotations

import base64
import csv
import io
import textwrap
from datetime import datetime
from zoneinfo import ZoneInfo

from evidence_store.bundles.story import Item, Story
from evidence_store.canonical import parse_moment

HEADER = (
    "Exhibit", "Address asked", "Address of the page", "Captured (UTC)", "Captured (local)", "Time zone",
    "SHA-256 of the record", "Files", "SHA-256 of exchange.warc",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the start of a formula."""
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it, spreadsheet programs read UTF-8 as something else."""
ABOUT_TRUST = """\
This folder holds the keys and certificates that the checks need.
Taken from inside a bundle they prove nothing: compare each with one that you received in another way.
  log.vkey    the log's key                 ask whoever exported this bundle, by telephone or on paper
  tsa-*.pem   roots of time stamps          compare with what the authority publishes
  tls/*.pem   certificates that servers sent while pages were captured, leaf first

本文件夹载有核验所需的公钥与证书。
仅凭证据包内的副本不能证明任何事：请逐一与另行取得的副本比对。
  log.vkey    日志公钥            请以电话或书面方式向导出人核对
  tsa-*.pem   时间戳根证书        请与时间戳服务机构公布的证书比对
  tls/*.pem   取证时服务器出示的证书，叶证书在前
"""


def exhibits_csv(story: Story) -> bytes:
    """The exhibit index as RFC 4180 with a byte order mark; cells that look like formulas are defused."""
    zone = ZoneInfo(story.order.time_zone)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(HEADER)
    for item in story.items:
        table.writerow([_defused(cell) for cell in _cells(item, zone)])
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def custody_jsonl(story: Story) -> bytes:
    """Every custody event as the log holds it, one a line, oldest first."""
    return b"".join(one.event.payload + b"\n" for one in story.events)


def trust_files(story: Story) -> list[tuple[str, bytes]]:
    """(path below data/trust/, bytes): the log's key, roots of time stamps, chains that servers sent."""
    found = [("README.txt", ABOUT_TRUST.encode()), ("log.vkey", f"{story.vkey}\n".encode())]
    found += [(f"tsa-{line.authority}.pem", line.roots) for line, _ in story.stamps]
    for item in story.items:
        chain = [_pem(story.read(item, file)) for file in item.kept.files if file.role == "certificate"]
        if chain:
            found.append((f"tls/{item.number}.pem", "".join(chain).encode()))
    return found


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """A moment in a zone, with its offset: 2026-11-24 20:00:00 +0800."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


def _cells(item: Item, zone: ZoneInfo) -> list[str]:
    at = parse_moment(item.captured_at)
    wire = next((file.sha256 for file in item.kept.files if file.role == "exchange"), "")
    return [
        item.number,
        item.requested_url,
        item.final_url,
        item.captured_at,
        local_time(at, zone),
        zone.key,
        item.record_sha256,
        str(len(item.kept.files)),
        wire,
    ]


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _pem(der: bytes) -> str:
    """A certificate as PEM (RFC 7468 §2), whatever its bytes are: nothing is judged here."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
