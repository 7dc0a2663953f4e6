"""Checks on exhibits: the index (V-5), the records (V-6), their files (V-9), the wire bytes (V-10)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence_store import canonical, warc
from evidence_store.canonical import Object
from evidence_store.digest import check_digest, sha256
from evidence_store.errors import Malformed
from evidence_store.exhibit import JsonValue
from evidence_store.verify.container import Bundle

NUMBER = re.compile(r"E-\d{4}")
RECORD_FIELDS = {
    "format", "id", "purpose", "legal_basis", "operator", "requested_url", "time", "tool", "host", "environment",
    "exchanges", "artefacts", "failures", "about",
}  # fmt: skip
OWN_FILES = {"record.json", "entry.json", "opening.json", "record.tlog-proof"}


@dataclass(frozen=True, slots=True)
class Listed:
    """An exhibit as the index names it."""

    number: str
    id: str
    record_sha256: str
    url: str
    captured_at: str

    @property
    def folder(self) -> str:
        """Where its files lie."""
        return f"data/items/{self.number}"


def check_case(bundle: Bundle) -> list[Listed]:
    """V-5, FORMAT 10.8: the index names exactly the exhibits that are there, E-0001, E-0002, …"""
    case = canonical.decode(bundle.read("data/case.json"))
    rows = case.get("exhibits")
    if case.get("format") != "ipguard-bundle/1" or not isinstance(rows, list) or not rows:
        raise Malformed("case.json is of another form, or names no exhibit")
    canonical.parse_moment(case.get("exported_at"))
    listed = [_listed(row) for row in rows]
    if [item.number for item in listed] != [f"E-{n:04d}" for n in range(1, len(listed) + 1)]:
        raise Malformed("exhibits are not numbered E-0001, E-0002, …")
    if len({item.id for item in listed}) != len(listed):
        raise Malformed("one exhibit stands in the index twice")
    present = {path.split("/")[2] for path in bundle.below("data/items")}
    if present != {item.number for item in listed}:
        raise Malformed("the index and the exhibits that are there differ")
    return listed


def check_record(bundle: Bundle, item: Listed) -> tuple[bytes, Object]:
    """V-6, FORMAT 2 and 3: the record is canonical, says what the format asks, and is the one of the index."""
    data = bundle.read(f"{item.folder}/record.json")
    record = canonical.decode(data)
    missing = RECORD_FIELDS - set(record)
    if missing or record["format"] != "ipguard-record/1":
        raise Malformed(f"{item.number}: the record lacks {', '.join(sorted(missing)) or 'its format'}")
    time = _object(record["time"])
    for name in ("started_at", "ended_at", "kept_at"):
        canonical.parse_moment(time.get(name))
    indexed = (item.id, item.record_sha256, item.url, item.captured_at)
    if indexed != (record["id"], sha256(data), record["requested_url"], time["started_at"]):
        raise Malformed(f"{item.number}: the index says something else than the record")
    return data, record


def check_files(bundle: Bundle, item: Listed, record: Object) -> int:
    """V-9, FORMAT 3.5: the exhibit has exactly the files its record names, with their digests and sizes."""
    expected = {f"{item.folder}/{name}" for name in OWN_FILES}
    for row in _objects(record["artefacts"]):
        name, size = row.get("name"), row.get("bytes")
        inside = "" if row.get("role") == "exchange" else "files/"
        path = f"{item.folder}/{inside}{name}"
        if path in expected:
            raise Malformed(f"{item.number}: two files of one name")
        expected.add(path)
        if bundle.size(path) != size or bundle.digest(path) != check_digest(row.get("sha256")):
            raise Malformed(f"{path} is not the file that the record names")
    if expected != set(bundle.below(item.folder)):
        raise Malformed(f"{item.number}: files that the record does not name")
    return len(expected)


def check_wire(bundle: Bundle, item: Listed, record: Object) -> int:
    """V-10, FORMAT 3.4 and 9: the WARC holds exactly the bytes that the record commits to."""
    exchanges = _objects(record["exchanges"])
    if not exchanges:
        return 0
    records = list(warc.read(bundle.read(f"{item.folder}/exchange.warc")))
    if len(records) != 1 + 2 * len(exchanges) or records[0].kind != "warcinfo":
        raise Malformed(f"{item.number}: the WARC holds another number of exchanges than the record")
    for i, exchange in enumerate(exchanges):
        ids = _object(exchange.get("warc"))
        for half, found in zip(("request", "response"), records[1 + 2 * i : 3 + 2 * i], strict=True):
            position = (1 if half == "request" else 2) + 2 * i
            named = ids.get(f"{half}_id") == found.id == warc.record_id(item.id, position)
            if found.kind != half or not named or sha256(found.block) != exchange.get(f"{half}_sha256"):
                raise Malformed(f"{item.number}: the {half} is not the one that the record names")
            if found.fields.get("WARC-IP-Address") != exchange.get("address"):
                raise Malformed(f"{item.number}: the {half} went to another address than the record says")
    return len(exchanges)


def _listed(row: JsonValue) -> Listed:
    fields = _object(row)
    if set(fields) != {"number", "id", "record_sha256", "url", "captured_at"}:
        raise Malformed("an exhibit in the index has other fields")
    values = {name: str(value) for name, value in fields.items()}
    if not NUMBER.fullmatch(values["number"]):
        raise Malformed("an exhibit with an odd number")
    return Listed(**values)


def _object(value: JsonValue) -> Object:
    if not isinstance(value, dict):
        raise Malformed("an object is expected")
    return value


def _objects(value: JsonValue) -> list[Object]:
    if not isinstance(value, list):
        raise Malformed("a list is expected")
    return [_object(member) for member in value]
