"""The record as JSON Lines and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from ipguard.people.audit import entry_facts
from ipguard.people.tables import AuditRow

COLUMNS = (
    "position", "at", "person_id", "person", "role", "way", "action", "subject", "details", "before", "hash",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run as a formula by spreadsheets."""
BOM = "\ufeff"
"""Lets Excel read UTF-8."""


def json_line(row: AuditRow) -> str:
    """One entry on one line. Its hash is SHA-256 of the canonical JSON (RFC 8785) of everything else in it."""
    return (
        json.dumps({**entry_facts(row), "hash": row.hash}, ensure_ascii=False, separators=(",", ":")) + "\n"
    )


def csv_lines(rows: Iterable[AuditRow]) -> Iterator[str]:
    """The entries as CSV with a head line; formulas are made harmless, so check the chain on the JSON Lines."""
    yield BOM + _line(COLUMNS)
    for row in rows:
        facts = {**entry_facts(row), "hash": row.hash}
        facts["details"] = json.dumps(row.details, ensure_ascii=False, sort_keys=True) if row.details else ""
        yield _line([_plain(str(facts[name])) for name in COLUMNS])


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
