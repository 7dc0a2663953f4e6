"""A domain name as it is compared: folded letters one after the other, each knowing its place and what parts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipguard.matching.domains.forms import look_of
from ipguard.matching.domains.reading import Domain
from ipguard.matching.text.fold import fold, letters_and_digits
from ipguard.matching.text.scripts import Script, script_of


@dataclass(frozen=True, slots=True)
class Token:
    """Letters between two separators: `[start, end)` of the letters."""

    start: int
    end: int
    label: int
    """Which label it is of, from the left."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The labels of a domain name that somebody could register, without what parts them."""

    domain: Domain
    letters: str
    """Folded."""
    look: str
    """The same with look-alikes unified."""
    places: tuple[int, ...]
    """Of each letter: its place in `domain.decoded`."""
    tokens: tuple[Token, ...]
    label_of: tuple[int, ...] = field(repr=False)
    """Of each letter."""

    def written(self, start: int, end: int) -> str:
        """The original characters that letters [start, end) stand for."""
        return self.domain.decoded[self.places[start] : self.places[end - 1] + 1]

    def token_at(self, place: int) -> Token:
        """The token a letter is of."""
        return next(token for token in self.tokens if token.start <= place < token.end)

    @property
    def scanned(self) -> str:
        """What the scanner reads: look-alikes unified, a hyphen or dot where tokens part, ? for what is not Latin."""
        parts: list[str] = []
        label = 0
        for token in self.tokens:
            parts.append(("." if token.label != label else "-") if parts else "")
            label = token.label
            parts.append("".join(c if c.isascii() else "?" for c in self.look[token.start : token.end]))
        return "".join(parts)

    @property
    def has_han(self) -> bool:
        """Whether Han characters stand in it."""
        return not self.letters.isascii() and any(script_of(c) is Script.HAN for c in self.letters)


def see(domain: Domain) -> Sight:
    """The letters of a domain name before its public suffix."""
    text = ".".join(domain.free)
    shown, origins = (text, range(len(text))) if text.isascii() else _folded(text)
    letters: list[str] = []
    places: list[int] = []
    labels: list[int] = []
    tokens: list[Token] = []
    start = label = 0
    spelling = letters_and_digits()
    for character, place in zip(shown, origins, strict=True):
        if character.isalnum() or spelling[ord(character)]:
            letters.append(character)
            places.append(place)
            labels.append(label)
            continue
        if len(letters) > start:
            tokens.append(Token(start, len(letters), label))
            start = len(letters)
        label += character == "."
    if len(letters) > start:
        tokens.append(Token(start, len(letters), label))
    joined = "".join(letters)
    return Sight(domain, joined, look_of(joined), tuple(places), tuple(tokens), tuple(labels))


def _folded(text: str) -> tuple[str, Sequence[int]]:
    folded = fold(text)
    return folded.text, folded.starts.tolist()
