"""A work as lines of a form: written from the database, and read into a watchlist file, whose rules then hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

import tomlkit

from ipguard.errors import WrongUse
from ipguard.rights.watchlist import PICTURE_SUFFIXES
from ipguard.rights.work import Work

LONGEST_NAME_BYTES = 180
"""Of a picture file; file systems end at 255."""
YES = frozenset({"needs context", "needs_context", "yes", "true", "需语境", "是"})
NO = frozenset({"", "no", "false", "否"})
PLACE = re.compile(r"^[^,]*, (?:work 1 \([^)]*\),? |[a-z0-9-]+, (?=pictures))")
"""How a message of the watchlist's reader begins: file and work, which whoever fills a form in knows."""

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the form; lists are texts with an entry a line, its parts between bars."""

    id: str = ""
    title: str = ""
    owner: str = ""
    names: str = ""
    rights: str = ""
    official_sellers: str = ""
    official_domains: str = ""
    official_prices: str = ""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A reference picture as it came or as it is kept."""

    name: str
    data: bytes


def written(work: Work) -> Written:
    """A work as the form shows it."""
    return Written(
        work.id,
        work.title,
        work.owner,
        _lines((n.text, n.language, n.kind, "needs context" if n.needs_context else "") for n in work.names),
        _lines(
            (r.kind, r.territory, r.number, r.valid_to.isoformat() if r.valid_to else "") for r in work.rights
        ),
        "\n".join(work.official_sellers),
        "\n".join(work.official_domains),
        _lines((p.product, str(p.amount), p.currency) for p in work.official_prices),
    )


def watchlist_file(folder: Path, form: Written, before: Work | None, pictures: Sequence[PictureFile]) -> Path:
    """Write a watchlist of this one work, with its pictures beside it.

    Words that a name of the same text was bound to before stay with it: the form has no place for them.

    Raises:
        WrongUse: a line has parts that cannot be read; every such line is named.
    """
    wrong: list[str] = []
    names = [_name(*line, wrong) for line in _entries(form.names, "names", 4, wrong)]
    bound = {name.text: name for name in before.names} if before else {}
    for row in names:
        if old := bound.get(str(row.get("text"))):
            given = {"required": old.required, "any_of": old.any_of, "none_of": old.none_of}
            row.update({key: list(words) for key, words in given.items() if words})
    entry: Line = {
        "id": form.id.strip(),
        "title": form.title.strip(),
        "owner": form.owner.strip(),
        "names": names,
        "rights": [_right(*line, wrong) for line in _entries(form.rights, "rights", 4, wrong)],
        "official_sellers": _texts(form.official_sellers),
        "official_domains": _texts(form.official_domains),
        "official_prices": [_price(parts) for _, parts in _entries(form.official_prices, "prices", 3, wrong)],
        "pictures": [f"{n}/*" for n in range(len(pictures))],
    }
    if wrong:
        raise WrongUse("\n".join(wrong))
    for n, picture in enumerate(pictures):
        (folder / str(n)).mkdir()
        (folder / str(n) / picture.name).write_bytes(picture.data)
    file = folder / "watchlist.toml"
    file.write_text(tomlkit.dumps({"work": [entry]}), "utf-8")
    return file


def file_name(given: str) -> str:
    """The name of an uploaded picture without folders and unprintable characters, short enough for a file system.

    Raises:
        WrongUse: it is not named like a picture.
    """
    last = PurePosixPath(given.replace("\\", "/")).name
    clean = "".join(c for c in last if c.isprintable()).encode("utf-8", "ignore").decode("utf-8")
    path = PurePosixPath(clean)
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        kinds = ", ".join(sorted(PICTURE_SUFFIXES))
        raise WrongUse(
            f"“{clean[:100]}” is not named like a picture", hint=f"Pictures end in one of: {kinds}."
        )
    return path.stem.encode()[:LONGEST_NAME_BYTES].decode("utf-8", "ignore") + path.suffix


def mistakes(error: WrongUse, folder: Path) -> list[str]:
    """What is wrong, a line each, without the file that was only made to be read."""
    lines = [line.strip() for line in str(error).replace(str(folder), "").splitlines()]
    named = [line.removeprefix("• ") for line in lines if line.startswith("• ")] or lines
    return [PLACE.sub("", line) for line in named if line]


def _entries(text: str, what: str, most: int, wrong: list[str]) -> list[tuple[str, list[str]]]:
    """(place, parts) of every line that says something."""
    found: list[tuple[str, list[str]]] = []
    for line in filter(str.strip, text.splitlines()):
        place = f"{what} {len(found) + 1}"
        parts = [part.strip().replace("\\|", "|") for part in re.split(r"(?<!\\)\|", line)]
        if len(parts) > most:
            wrong.append(f"{place}: {len(parts)} parts where there are {most} at most. Write a bar as \\|.")
        found.append((place, (parts + [""] * most)[:most]))
    return found


def _name(place: str, parts: Sequence[str], wrong: list[str]) -> Line:
    text, language, kind, context = parts
    if context.casefold() not in YES | NO:
        wrong.append(f"{place}: “{context}” is not understood. Write needs context, or nothing.")
    return _filled({"text": text, "lang": language, "kind": kind}) | {
        "needs_context": context.casefold() in YES
    }


def _right(place: str, parts: Sequence[str], wrong: list[str]) -> Line:
    kind, territory, number, until = parts
    row = _filled({"kind": kind, "territory": territory, "number": number})
    if until:
        try:
            row["valid_to"] = date.fromisoformat(until)
        except ValueError:
            wrong.append(f"{place}: “{until}” is not a date. Write it as 2034-05-01.")
    return row


def _price(parts: Sequence[str]) -> Line:
    return _filled(dict(zip(("product", "amount", "currency"), parts, strict=True)))


def _filled(row: Mapping[str, str]) -> Line:
    return {key: value for key, value in row.items() if value}


def _texts(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    lines = []
    for row in rows:
        parts = [part.replace("|", "\\|") for part in row]
        while parts and not parts[-1]:
            parts.pop()
        lines.append(" | ".join(parts))
    return "\n".join(lines)
