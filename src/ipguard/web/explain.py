"""What a finding rests on, as rows: the characters, the layer, the words beside them, what speaks against it.

Pure. Pieces are foreign text and are escaped where they are printed; words are ours and are spoken in the reader's
language there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ipguard.matching.finding import (
    CopiedPassage,
    CopyPlace,
    DomainPlace,
    Finding,
    PagePlace,
    PageSign,
    TextPlace,
)
from ipguard.web import wording
from ipguard.web.marks import CHANGED, FOUND, PLAIN, Piece, around, pieces

MAX_SIGNS = 12
"""Different words of one group that are shown; the others are counted."""
MAX_PASSAGES = 12
MAX_WORDS = 80
"""Characters of a sign, and of either end of a passage."""
NOTHING = "∅"
Values = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing in a row."""

    pieces: tuple[Piece, ...] = ()
    words: str = ""
    """English; `values` are put in after it was translated."""
    values: Values = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    """English, said more quietly."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading (English) and what belongs to it."""

    heading: str
    cells: tuple[Cell, ...]
    lines: bool = False
    """Its cells stand one below the other."""


@dataclass(frozen=True, slots=True)
class Read:
    """The texts of a listing that findings point into."""

    title: str = ""
    description: str = ""
    tags: str = ""
    seller: str = ""
    names: tuple[str, ...] = ()
    """What a comparison of its text may have called it: its address, its id."""

    def field(self, name: str) -> str:
        """A field as the text matcher calls it; empty for what is not kept."""
        fields = {
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "seller": self.seller,
        }
        return fields.get(name, "")


def explain(finding: Finding, read: Read) -> tuple[Row, ...]:
    """The rows for a finding; none where pictures or a sentence say it all."""
    match finding.place:
        case TextPlace() as place:
            return _of_text(finding, place, read)
        case DomainPlace() as place:
            return _of_domain(finding, place)
        case PagePlace() as place:
            return _of_page(place, read)
        case CopyPlace() as place:
            return _of_copy(place, read)
        case _:
            return ()


def _of_text(finding: Finding, place: TextPlace, read: Read) -> tuple[Row, ...]:
    changed = [(change.start, change.end, change.text) for change in place.changed]
    shown = around(read.field(place.field), (place.start, place.end, place.text), changed)
    pairs = ((change.text, change.stands_for) for change in place.changed)
    against = _listed(finding, "cues")
    return (
        Row(wording.FIELDS.get(place.field, place.field), (Cell(shown),), lines=True),
        *_changes(pairs),
        *_name(place.name, place.layer),
        *_beside(_listed(finding, "context")),
        Row("Negative cues", tuple(map(_quoted, against)) or (Cell(words="nothing"),)),
    )


def _of_domain(finding: Finding, place: DomainPlace) -> tuple[Row, ...]:
    pairs = [(new, old) for old, _, new in (one.partition("→") for one in place.changed.split())]
    changed = [
        stretch for new, times in Counter(new for new, _ in pairs).items() for stretch in _placed(place, new, times)
    ]  # fmt: skip
    rows = [
        Row(
            "As an address bar shows it",
            (Cell(around(place.decoded, (place.start, place.end, place.text), changed)),),
            lines=True,
        )
    ]
    if place.domain != place.decoded:
        rows.append(Row("As it was given", (Cell(_given(place)),), lines=True))
    clean = [(new.replace(NOTHING, ""), old.replace(NOTHING, "")) for new, old in pairs]
    return (
        *rows,
        *_changes(clean),
        *_name(place.name, place.layer),
        *_beside(_listed(finding, "beside")),
    )


def _placed(place: DomainPlace, new: str, times: int) -> list[tuple[int, int, str]]:
    """Where changed characters stand, told only if none of the others in the stretch could be meant."""
    if not new or new == NOTHING or place.text.count(new) != times:
        return []
    found, at = [], -1
    for _ in range(times):
        at = place.text.index(new, at + 1)
        found.append((place.start + at, place.start + at + len(new), new))
    return found


def _given(place: DomainPlace) -> tuple[Piece, ...]:
    """The ASCII form, with the labels marked that the characters come from; the two forms share their dots."""
    first = place.decoded.count(".", 0, place.start)
    last = place.decoded.count(".", 0, place.end)
    levels: list[int] = []
    for number, label in enumerate(place.domain.split(".")):
        levels += [PLAIN] * bool(number) + [FOUND if first <= number <= last else PLAIN] * len(label)
    return pieces(place.domain, levels)


def _of_page(place: PagePlace, read: Read) -> tuple[Row, ...]:
    against = tuple(Cell(words=wording.AGAINST.get(one, one)) for one in place.demoted)
    verdict = Cell(words=wording.VERDICTS.get(place.verdict, place.verdict))
    offer = (
        Row("Offers", (Cell(words=wording.OFFERS.get(place.offer, place.offer)),)) if place.offer else None
    )
    address = (
        Row("Address", (Cell((Piece(place.url),)),), lines=True)
        if place.url not in ("", *read.names)
        else None
    )
    cut = tuple(Cell(words=wording.CUTS.get(one, one)) for one in place.cut)
    order = [*wording.GROUPS, *sorted({sign.group for sign in place.signs} - wording.GROUPS.keys())]
    groups = [_group(name, [sign for sign in place.signs if sign.group == name]) for name in order]
    rows = [
        address,
        offer,
        Row("Verdict", (verdict,)),
        *groups,
        Row("Speaks against it", against or (Cell(words="nothing"),)),
        Row("Read only in part", cut) if cut else None,
    ]
    return tuple(row for row in rows if row is not None)


def _group(name: str, signs: list[PageSign]) -> Row | None:
    """The words that raised a group, each once, with what it is a sign of."""
    if not signs:
        return None
    counted: dict[tuple[str, str, str], list[PageSign]] = {}
    for sign in signs:
        counted.setdefault((sign.cue, sign.text.casefold(), sign.field), []).append(sign)
    cells = [_sign(same[0], len(same)) for same in counted.values()]
    more = len(cells) - MAX_SIGNS
    left = (Cell(words="{count} more", values={"count": more}),) if more > 0 else ()
    return Row(wording.GROUPS.get(name, name), (*cells[:MAX_SIGNS], *left), lines=True)


def _sign(sign: PageSign, times: int) -> Cell:
    text = sign.text if len(sign.text) <= MAX_WORDS else f"{sign.text[:MAX_WORDS]}…"
    cue = () if sign.group == "name" else (wording.CUES.get(sign.cue, sign.cue),)
    return Cell(
        pieces(text, [FOUND] * len(text)),
        words="{count} times" if times > 1 else "",
        values={"count": times},
        notes=(*cue, wording.PLACES.get(sign.field, sign.field)),
    )


def _of_copy(place: CopyPlace, read: Read) -> tuple[Row, ...]:
    shares = {"text": _percent(place.share_of_text), "owned": _percent(place.share_of_owned)}
    longest = sorted(place.passages, key=lambda one: -one.letters)[:MAX_PASSAGES]
    text = read.description if place.text in read.names else ""
    passages = [_passage(one, text) for one in sorted(longest, key=lambda one: one.start)]
    more = len(place.passages) - len(longest)
    left = (Cell(words="{count} more", values={"count": more}),) if more else ()
    return (
        Row("Text looked at", (Cell((Piece(place.text or "—"),)),)),
        Row("Owned text", (Cell((Piece(place.owned),)),)),
        Row("Compared", (Cell(words=wording.METHODS.get(place.method, place.method)),)),
        *(
            [Row("Shared", (Cell(words="{text} % of the text, {owned} % of the owned one", values=shares),))]
            if place.method == "passages"
            else []
        ),
        Row("Verdict", (Cell(words=wording.VERDICTS.get(place.verdict, place.verdict)),)),
        *([Row("Passage", (*passages, *left), lines=True)] if passages else []),
    )


def _passage(one: CopiedPassage, text: str) -> Cell:
    """Where a passage stands in both texts, with its characters where the text is the listing's own."""
    said = text[one.start : one.end] if one.end <= len(text) else ""
    shown = pieces(said, [FOUND] * len(said))
    if len(said) > 2 * MAX_WORDS:
        ends = [pieces(end, [FOUND] * MAX_WORDS) for end in (said[:MAX_WORDS], said[-MAX_WORDS:])]
        shown = (*ends[0], Piece(" … ", left_out=True), *ends[1])
    return Cell(
        shown,
        words="characters {start} to {end} = {first} to {last} of the owned text, {letters} the same",
        values={
            "start": one.start,
            "end": one.end,
            "first": one.owned_start,
            "last": one.owned_end,
            "letters": one.letters,
        },
    )


def _changes(pairs: Iterable[tuple[str, str]]) -> list[Row]:
    """(written, letter of the name) as a row; each pair once."""
    cells = [_change(written, letter) for written, letter in dict.fromkeys(pairs) if written or letter]
    return [Row("Changed characters", tuple(cells), lines=True)] if cells else []


def _change(written: str, letter: str) -> Cell:
    if not written:
        return Cell(words="{letter} is left out", values={"letter": letter})
    shown = pieces(written, [CHANGED] * len(written))
    # A Cyrillic а looks like a Latin one: only its number tells them apart.
    numbers = () if written.isascii() else (" ".join(f"U+{ord(c):04X}" for c in written),)
    if not letter:
        return Cell(shown, words="put in", notes=numbers)
    return Cell(shown, words="stands for {letter}", values={"letter": letter}, notes=numbers)


def _name(name: str, layer: str) -> tuple[Row, Row]:
    return (
        Row("Name on the watchlist", (Cell((Piece(name),)),)),
        Row("Written", (Cell(words=wording.LAYERS.get(layer, layer)),)),
    )


def _beside(words: tuple[str, ...]) -> tuple[Row]:
    return (Row("Words beside it", tuple(map(_quoted, words)) or (Cell(words="nothing"),)),)


def _quoted(word: str) -> Cell:
    return Cell((Piece(word),))


def _listed(finding: Finding, name: str) -> tuple[str, ...]:
    """Words of a reason: one after the other, a dash where there are none."""
    said = str(finding.reason.values.get(name, ""))
    return tuple(word for word in said.split(", ") if word not in ("", "-"))


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")
