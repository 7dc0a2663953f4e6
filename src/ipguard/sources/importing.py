"""Tables of listings that people bring: exports of brand portals, and their own. Pure: bytes in, listings out.

A table is read whole or not at all. Every error names the row as a spreadsheet counts it, and the column.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from unicodedata import normalize

from crawlers.extract.charset import LIKELY, detect
from crawlers.extract.labels import condition_in
from crawlers.extract.prices import CODE, price_in, price_of
from crawlers.extract.product import gtin_in, web_address
from crawlers.listing import Listing, Price, Seller
from ipguard.errors import WrongUse
from ipguard.sources.marketplaces import Marketplace, marketplace_of, title_in

MAX_BYTES = 50_000_000
MAX_ROWS = 100_000
MAX_CELL = 100_000
MAX_ERRORS = 20
"""Errors that are told at once; a person mends them one by one."""
DELIMITERS = (",", ";", "\t", "|")
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: Mapping[str, int]
    """Field → column, counted from 0."""

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that say nothing we keep."""
        used = set(self.columns.values())
        return tuple(name for place, name in enumerate(self.header) if place not in used and name)


@dataclass(frozen=True, slots=True)
class Brought:
    """A listing somebody brought, and where it belongs."""

    marketplace: Marketplace
    listing: Listing


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table holds."""

    table: Table
    brought: tuple[Brought, ...]
    doubles: int = 0
    """Rows about a listing that a later row is about too; the last one counts."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a table is to be read."""

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field → name of its column, where the names do not say it themselves."""
    currency: str = ""
    """ISO 4217, of prices that name none."""


def read_contents(data: bytes, manner: Manner | None = None) -> Contents:
    """The listings of a table.

    Raises:
        WrongUse: it is no table, lacks a column, or a row cannot be read; rows and columns are named.
    """
    how = manner or Manner()
    table = read_table(data, how.columns)
    if how.currency and not CODE.fullmatch(how.currency):
        raise WrongUse(f"“{how.currency}” is no currency", hint="Three letters, as in USD or JPY.")
    errors: list[str] = []
    found: dict[tuple[str, str], Brought] = {}
    filled = 0
    for number, row in enumerate(table.rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        filled += 1
        one = _Row(table, number, row, how.currency, errors)
        brought = one.brought()
        if brought is not None:
            found[brought.marketplace.id, brought.listing.id] = brought
    if errors:
        more = f"\n… and {len(errors) - MAX_ERRORS} more" if len(errors) > MAX_ERRORS else ""
        raise WrongUse(
            f"Nothing was imported, because {len(errors)} {'cell' if len(errors) == 1 else 'cells'} cannot be read:\n"
            + "\n".join(errors[:MAX_ERRORS])
            + more,
            hint="Mend these cells and import the file again.",
        )
    if not found:
        raise WrongUse("The table has no rows.", hint="The first row holds the names of the columns.")
    return Contents(table, tuple(found.values()), filled - len(found))


def read_table(data: bytes, named: Mapping[str, str] | None = None) -> Table:
    """Rows and columns: UTF-8 with or without BOM, UTF-16 with one, GB18030 and others by their letters.

    Raises:
        WrongUse: it is too large, no table, or the columns that are needed are not there.
    """
    if len(data) > MAX_BYTES:
        raise WrongUse(f"The file is larger than {MAX_BYTES:,} bytes", hint="Import it in parts.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise WrongUse("This is a spreadsheet, not a table in text", hint="Save it as CSV (UTF-8) first.")
    encoding = _encoding(data)
    text = data.decode(encoding, errors="replace").lstrip("\ufeff")
    if "\x00" in text:
        raise WrongUse("This is no text file", hint="Save the table as CSV (UTF-8).")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=lambda one: (len(_columns(_cells(first, one), {})), first.count(one)))
    rows = _rows(text, delimiter)
    if not rows:
        raise WrongUse("The file is empty.", hint="The first row holds the names of the columns.")
    header = tuple(cell.strip() for cell in rows[0])
    columns = _columns(header, named or {})
    if "url" not in columns:
        raise WrongUse(
            "No column holds the address of a listing",
            hint=f"Columns: {', '.join(header[:30])}. Say which one it is: --column url=NAME.",
        )
    return Table(encoding, delimiter, header, tuple(rows[1:]), MappingProxyType(columns))


def _encoding(data: bytes) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return name
    guess = detect(data[:200_000].rpartition(b"\n")[0] or data)
    likely = {guess: _known_names(data, guess)} | {one: _known_names(data, one) for one in LIKELY}
    return guess if guess == "utf-8" else max(likely, key=lambda one: likely[one])


def _known_names(data: bytes, encoding: str) -> int:
    """How many columns of the first row we know by name, read in an encoding: a better sign than a guess."""
    try:
        head = data.split(b"\n", 1)[0].decode(encoding)
    except UnicodeDecodeError:
        return -1
    return max(len(_columns(_cells(head, delimiter), {})) for delimiter in DELIMITERS)


def _rows(text: str, delimiter: str) -> list[tuple[str, ...]]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            if not rows and not any(cell.strip() for cell in row):
                continue
            rows.append(tuple(row))
            if len(rows) > MAX_ROWS + 1:
                raise WrongUse(f"The table has more than {MAX_ROWS:,} rows", hint="Import it in parts.")
    except csv.Error as error:
        raise WrongUse(
            f"Row {len(rows) + 1} cannot be read: {error}",
            hint="Look for a quotation mark that is not closed.",
        ) from error
    return rows


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return ()


def _columns(header: Sequence[str], named: Mapping[str, str]) -> dict[str, int]:
    """Field → column: as it was said, else by the names we know.

    Raises:
        WrongUse: a column or field that was named is not there.
    """
    names = [_folded(name) for name in header]
    found: dict[str, int] = {}
    for field_name, written in _names().items():
        place = next((names.index(one) for one in written if one in names), None)
        if place is not None:
            found[field_name] = place
    for field_name, column in named.items():
        if field_name not in _names():
            raise WrongUse(f"There is no field “{field_name}”", hint=f"Fields: {', '.join(_names())}.")
        if _folded(column) not in names:
            raise WrongUse(f"There is no column “{column}”", hint=f"Columns: {', '.join(header[:30])}.")
        found[field_name] = names.index(_folded(column))
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    told = tomllib.loads(files("ipguard.sources").joinpath("columns.toml").read_text("utf-8"))
    return {name: tuple(dict.fromkeys(map(_folded, written))) for name, written in told.items()}


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", normalize("NFKC", name).casefold())


@dataclass(frozen=True, slots=True)
class _Row:
    table: Table
    number: int
    cells: tuple[str, ...]
    currency: str
    errors: list[str]

    def brought(self) -> Brought | None:
        """The listing of this row; None where something is wrong with it, which is then among the errors."""
        before = len(self.errors)
        url = web_address(self.cell("url"), "")
        if not url:
            self.wrong("url", "is no web address" if self.cell("url") else "is empty")
            return None
        try:
            marketplace = marketplace_of(url)
        except WrongUse as error:
            self.wrong("url", str(error))
            return None
        listing = Listing(
            id=self.cell("id") or marketplace.key(url),
            url=url,
            title=self.cell("title") or title_in(url),
            price=self.price(),
            description=self.cell("description"),
            seller=Seller(self.cell("seller_id"), self.cell("seller"), self.address("seller_url")),
            pictures=self.pictures(),
            condition=condition_in(self.cell("condition")),
            brand=self.cell("brand"),
            category=self.cell("category"),
            sku=self.cell("sku"),
            gtin=gtin_in(self.cell("gtin")),
            posted_at=self.moment(),
        )
        if not listing.title:
            self.wrong(
                "title",
                "is empty, and the address has no words" if "title" in self.table.columns else "is missing",
            )
        return Brought(marketplace, listing) if len(self.errors) == before else None

    def cell(self, name: str) -> str:
        place = self.table.columns.get(name)
        return self.cells[place].strip() if place is not None and place < len(self.cells) else ""

    def wrong(self, name: str, what: str) -> None:
        place = self.table.columns.get(name)
        column = self.table.header[place] if place is not None else name
        shown = f" “{self.cell(name)[:60]}”" if self.cell(name) else ""
        self.errors.append(f"row {self.number}, column {column}:{shown} {what}")

    def price(self) -> Price | None:
        text = self.cell("price")
        if not text:
            return None
        code = self.cell("currency").upper()
        if code:
            if not CODE.fullmatch(code):
                self.wrong("currency", "is no currency: three letters, as in USD")
                return None
            found = price_of(text, code, read_from="table")
        else:
            found = price_in(text, read_from="table")
            if found is not None and found.currency is None and self.currency:
                found = price_of(text, self.currency, read_from="table")
        if found is None:
            self.wrong("price", "is no price")
        elif found.currency is None:
            self.wrong("price", "names no currency: add a column Currency, or give --currency")
        return found

    def address(self, name: str) -> str:
        url = web_address(self.cell(name), "")
        if self.cell(name) and not url:
            self.wrong(name, "is no web address")
        return url

    def pictures(self) -> tuple[str, ...]:
        found = [
            web_address(one, "") for one in re.split(r"[\s;|]+|,(?=https?:)", self.cell("pictures")) if one
        ]
        if not all(found):
            self.wrong("pictures", "is no web address")
        return tuple(dict.fromkeys(found))

    def moment(self) -> datetime | None:
        text = self.cell("posted_at")
        if not text:
            return None
        at = next((found for form in ("", *DATES) if (found := _date(text, form)) is not None), None)
        if at is None:
            self.wrong("posted_at", "is no date: write 2026-11-24")
        return at


def _date(text: str, form: str) -> datetime | None:
    """A moment in one form, or in ISO 8601 where none is given; UTC where it names no zone."""
    try:
        at = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 — made aware below
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
