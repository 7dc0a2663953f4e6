"""Reading a watchlist file: every mistake is named with file, entry, field and remedy, all at once.

The file is TOML (shape in the README). Nothing is half-imported: either a whole `Watchlist` comes
back, or `WrongUse` with every problem found.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from ipguard.errors import WrongUse
from ipguard.matching.domains.reading import Unreadable, read_domain
from ipguard.matching.finding import Reason
from ipguard.matching.reasons import render
from ipguard.rights.work import Name, NameKind, OfficialPrice, Right, RightKind, Watchlist, Work

MAX_FILE_BYTES = 10_000_000
MAX_NAME_CHARACTERS = 200
WORK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TERRITORY = re.compile(r"[A-Z]{2}")
CURRENCY = re.compile(r"[A-Z]{3}")
DOMAIN_REMEDY = "Write it as star-lantern.example."
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"}

WORK_FIELDS = (
    "id", "title", "owner", "names", "rights", "pictures", "official_sellers", "official_prices", "official_domains",
)  # fmt: skip
NAME_FIELDS = ("text", "lang", "kind", "needs_context", "required", "any_of", "none_of")

Table = Mapping[str, object]
Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(slots=True)
class _Problems:
    """Collects what is wrong, each with its place and its remedy."""

    file: Path
    found: list[str] = field(default_factory=list)

    def add(self, entry: str, where: str, what: str, remedy: str) -> None:
        self.found.append(f"{self.file.name}, {entry}, {where}: {what}. {remedy}")


def load_watchlist(path: Path) -> Watchlist:
    """Read and check a watchlist file.

    Raises:
        WrongUse: the file is missing, not TOML, or has mistakes; the message lists all of them.
    """
    data = _read(path)
    problems = _Problems(path)
    for key in sorted(set(data) - {"work"}):
        problems.add("top of the file", key, "not a known field", "Works are written as [[work]].")
    entries = data.get("work", [])
    if not isinstance(entries, list) or not entries:
        problems.add("top of the file", "work", "no work found", "Write at least one [[work]] with an id.")
        entries = []
    works = [_work(entry, number, path.parent, problems) for number, entry in enumerate(entries, 1)]
    _unique((work.id for work in works), "id", "work", problems)
    if problems.found:
        count = len(problems.found)
        lines = "\n".join(f"  • {line}" for line in problems.found)
        raise WrongUse(
            f"{path} has {count} mistake{'s' if count > 1 else ''}; nothing was imported:\n{lines}",
            hint="Correct the lines named above and run the same command again.",
        )
    return Watchlist(path, tuple(works))


def _read(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WrongUse(
                f"{path} is larger than {MAX_FILE_BYTES:,} bytes", hint="Split it into several files."
            )
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise WrongUse(f"Cannot read {path}: {error.strerror}", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise WrongUse(
            f"{path} is not UTF-8 (byte {error.start} is {error.object[error.start]:#04x})",
            hint="Save the file as UTF-8.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(
            f"{path} is not valid TOML: {error}", hint="Text goes in double quotes, lists in [ ]."
        ) from error


def _work(entry: object, number: int, folder: Path, problems: _Problems) -> Work:
    if not isinstance(entry, Mapping):
        problems.add(f"work {number}", "entry", "not a table", "Write it as [[work]].")
        return Work("", "", "")
    label = f"work {number} ({entry.get('id', 'no id')})"
    _only(entry, WORK_FIELDS, label, problems)
    work_id = _text(entry, "id", label, problems)
    if work_id and not WORK_ID.fullmatch(work_id):
        problems.add(label, "id", f"“{work_id}” cannot be an id", "Use a-z, 0-9 and dashes, at most 64.")
    names = _entries(entry, "names", label, problems, _name)
    if not names and not entry.get("pictures"):
        problems.add(
            label, "names", "neither a name nor a picture", "Add [[work.names]] or pictures = [...]."
        )
    _unique_names(names, label, problems)
    return Work(
        id=work_id,
        title=_text(entry, "title", label, problems),
        owner=_text(entry, "owner", label, problems),
        names=tuple(names),
        rights=tuple(_entries(entry, "rights", label, problems, _right)),
        pictures=_pictures(entry, folder, label, problems),
        official_sellers=tuple(_texts(entry, "official_sellers", label, problems)),
        official_prices=tuple(_entries(entry, "official_prices", label, problems, _official_price)),
        official_domains=tuple(_domains(entry, label, problems)),
    )


def _name(row: Table, label: str, problems: _Problems) -> Name:
    _only(row, NAME_FIELDS, label, problems)
    text = _text(row, "text", label, problems)
    if text and not any(unicodedata.category(c)[0] in "LN" for c in text):
        problems.add(label, "text", f"“{text}” has no letter or digit", "Give the name as it is written.")
    if len(text) > MAX_NAME_CHARACTERS:
        problems.add(
            label, "text", f"longer than {MAX_NAME_CHARACTERS} characters", "Give the name, not a text."
        )
    if sum(unicodedata.category(c)[0] in "LN" for c in text) == 1:
        problems.add(
            label,
            "text",
            f"“{text}” is one character and would match everywhere",
            "Leave it out, or give the name in full.",
        )
    language = _text(row, "lang", label, problems)
    if language and not LANGUAGE.fullmatch(language):
        problems.add(label, "lang", f"“{language}” is not a BCP 47 tag", "For example zh, ja, en, pt-BR.")
    needs_context = row.get("needs_context", False)
    if not isinstance(needs_context, bool):
        problems.add(label, "needs_context", "not true or false", "Write needs_context = true or false.")
        needs_context = False
    return Name(
        text=text,
        language=language,
        kind=_choice(row, "kind", NameKind, NameKind.TITLE, label, problems),
        needs_context=needs_context,
        required=tuple(_texts(row, "required", label, problems)),
        any_of=tuple(_texts(row, "any_of", label, problems)),
        none_of=tuple(_texts(row, "none_of", label, problems)),
    )


def _domains(entry: Table, label: str, problems: _Problems) -> Sequence[str]:
    found: list[str] = []
    for given in _texts(entry, "official_domains", label, problems):
        domain = read_domain(given)
        if isinstance(domain, Unreadable):
            why = render(Reason(f"no_domain.{domain.code}"))
            problems.add(label, "official_domains", f"“{given}” is no domain name: {why}", DOMAIN_REMEDY)
        elif len(domain.labels) == domain.suffix or len(domain.labels) < 2:
            why = "is an ending that everybody registers names under"
            problems.add(label, "official_domains", f"“{given}” {why}", DOMAIN_REMEDY)
        else:
            found.append(domain.ascii)
    _unique(found, "official_domains", label, problems)
    return found


def _right(row: Table, label: str, problems: _Problems) -> Right:
    territory = _text(row, "territory", label, problems)
    if territory and not TERRITORY.fullmatch(territory):
        problems.add(
            label, "territory", f"“{territory}” is not a country code", "For example US, CN, JP, EU."
        )
    valid_to = row.get("valid_to")
    if valid_to is not None and type(valid_to) is not date:
        problems.add(label, "valid_to", "not a date", "Write it without quotes: valid_to = 2034-05-01.")
        valid_to = None
    kind = _choice(row, "kind", RightKind, RightKind.COPYRIGHT, label, problems)
    return Right(kind, territory, _text(row, "number", label, problems), valid_to)


def _official_price(row: Table, label: str, problems: _Problems) -> OfficialPrice:
    raw = row.get("amount")
    try:
        amount = (
            Decimal(str(raw)) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else None
        )
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount <= 0:
        problems.add(label, "amount", f"{raw!r} is not a price", 'Write it as amount = "39.00".')
        amount = Decimal(1)
    currency = _text(row, "currency", label, problems)
    if currency and not CURRENCY.fullmatch(currency):
        problems.add(label, "currency", f"“{currency}” is not an ISO 4217 code", "For example USD, JPY, CNY.")
    return OfficialPrice(_text(row, "product", label, problems), amount, currency)


def _pictures(entry: Table, folder: Path, label: str, problems: _Problems) -> tuple[Path, ...]:
    found: list[Path] = []
    for pattern in _texts(entry, "pictures", label, problems):
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            problems.add(
                label, "pictures", f"“{pattern}” leads outside the watchlist's folder", "Move it inside."
            )
            continue
        hits = sorted(p for p in folder.glob(pattern) if p.is_file() and p.suffix.lower() in PICTURE_SUFFIXES)
        if not hits:
            problems.add(label, "pictures", f"“{pattern}” finds no picture", f"Paths start at {folder}.")
        found.extend(p.resolve() for p in hits)
    return tuple(dict.fromkeys(found))


def _only(row: Table, known: Sequence[str], label: str, problems: _Problems) -> None:
    for key in sorted(set(row) - set(known)):
        problems.add(label, key, "not a known field", f"Known fields: {', '.join(sorted(known))}.")


def _text(row: Table, key: str, label: str, problems: _Problems) -> str:
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    what = "missing" if value is None else "empty" if isinstance(value, str) else "not text"
    problems.add(label, key, what, f'Write {key} = "…".')
    return ""


def _texts(row: Table, key: str, label: str, problems: _Problems) -> Sequence[str]:
    value = row.get(key, [])
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return [item.strip() for item in value]
    problems.add(label, key, "not a list of texts", f'Write {key} = ["…", "…"].')
    return []


def _choice(row: Table, key: str, kind: type[Kind], default: Kind, label: str, problems: _Problems) -> Kind:
    value = row.get(key, default.value)
    known = {member.value: member for member in kind}
    if not isinstance(value, str) or value not in known:
        problems.add(label, key, f"“{value}” is not a known {key}", f"One of: {', '.join(known)}.")
        return default
    return known[value]


T = TypeVar("T")


def _entries(
    entry: Table, key: str, label: str, problems: _Problems, read: Callable[[Table, str, _Problems], T]
) -> list[T]:
    rows = entry.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        problems.add(label, key, "not a list of tables", f"Write each as [[work.{key}]].")
        return []
    return [read(row, f"{label} {key} {number}", problems) for number, row in enumerate(rows, 1)]


def _unique_names(names: Sequence[Name], label: str, problems: _Problems) -> None:
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        same = first.setdefault(unicodedata.normalize("NFKC", name.text).casefold(), number)
        if name.text and same != number:
            what = f"“{name.text}” stands there twice, first as names {same}"
            problems.add(f"{label} names {number}", "text", what, "Remove one of them.")


def _unique(values: Iterable[str], where: str, label: str, problems: _Problems) -> None:
    seen: set[str] = set()
    for value in values:
        if value and value in seen:
            problems.add(label, where, f"“{value}” stands there twice", "Remove one of them.")
        seen.add(value)
