"""What a report says, apart from how it is printed: sections of a few kinds of blocks. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

LANGUAGES = ("en", "zh", "ja")
FORMATS = ("pdf", "html", "xlsx")


@dataclass(frozen=True, slots=True)
class Text:
    """A text, perhaps in another language than the report's, perhaps a stranger's."""

    text: str
    language: str = ""
    """BCP 47; empty for the report's own. Decides which national shapes its characters are drawn in."""
    exact: bool = False
    """A digest, an id or a command: set in one width, never broken by anything that could be copied."""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one a line."""

    rows: tuple[tuple[str, tuple[Text, ...]], ...]
    """Name → lines of its value."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that is repeated on every page."""

    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    widths: tuple[int, ...]
    """Parts of the width for each column; 0 as wide as needed."""
    numbers: frozenset[int] = frozenset()
    """Columns that are set to the right."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Paragraphs, or points of a list."""

    lines: tuple[Text, ...]
    points: bool = False


@dataclass(frozen=True, slots=True)
class Warn:
    """What a reader must not overlook."""

    text: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines to be typed."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """A few numbers, large."""

    items: tuple[tuple[str, str], ...]
    """Name, value."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures beside each other, each with what is written below it."""

    pictures: tuple[tuple[bytes, str], ...] = field(repr=False)
    """JPEG that was made by us, caption (its alternative text as well)."""


@dataclass(frozen=True, slots=True)
class Market:
    """A market on the map."""

    code: str
    """ISO 3166-1 alpha-2; empty where it is not known."""
    name: str
    value: int
    """What its shade stands for."""


@dataclass(frozen=True, slots=True)
class Map:
    """Markets as tiles where they lie, darker the larger the value."""

    markets: tuple[Market, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Numbers over time, one line each."""

    starts: tuple[str, ...]
    """First day of each step."""
    series: tuple[tuple[str, tuple[int, ...]], ...]
    """Name, number in each step."""
    caption: str


Block = Facts | Table | Lines | Warn | Commands | Counts | Pictures | Map | Trend


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    heading: str
    blocks: tuple[Block, ...]
    new_page: bool = False
    level: int = 1
    """2 for a part of the section before it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report in one language."""

    kind: str
    """case or summary."""
    language: str
    """One of LANGUAGES."""
    label: str
    """What kind of paper this is, in words."""
    title: Text
    subtitle: str
    reference: str
    at: datetime
    """Of what moment it tells, UTC: the same rows and the same moment give the same bytes."""
    by: str
    foot: str
    sections: tuple[Section, ...]
    data: bytes
    """The same as JSON, untouched; attached to the PDF."""
