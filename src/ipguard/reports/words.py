"""What reports say, in English, Chinese and Japanese. The data: `words/*.toml`, each complete."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ipguard.errors import WrongUse
from ipguard.reports.model import LANGUAGES


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says things in one language."""

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of a key, with its {values}."""
        return self.words[key].format(**values) if values else self.words[key]

    def known(self, prefix: str, value: str) -> str:
        """A word from a row, such as a state: its own word where it has one, else as it is written."""
        return self.words.get(f"{prefix}.{value}", value.replace("_", " "))

    def span(self, span: timedelta | None) -> str:
        """How long something took, in the unit that fits."""
        if span is None:
            return "—"
        hours = span.total_seconds() / 3600
        if hours < 1:
            return self("minutes", n=round(hours * 60))
        return self("hours", n=f"{hours:.1f}") if hours < 48 else self("days", n=f"{hours / 24:.1f}")


@lru_cache(maxsize=4)
def speaker(language: str) -> Speaker:
    """Says things in `language`.

    Raises:
        WrongUse: reports are not made in it.
    """
    if language not in LANGUAGES:
        raise WrongUse(f"Reports are not made in “{language[:20]}”.", hint=f"One of: {', '.join(LANGUAGES)}.")
    text = files("ipguard.reports").joinpath("words", f"{language}.toml").read_text("utf-8")
    found: dict[str, str] = {}
    for key, value in tomllib.loads(text).items():
        members = (
            {f"{key}.{name}": word for name, word in value.items()}
            if isinstance(value, dict)
            else {key: value}
        )
        found |= {name: str(word) for name, word in members.items()}
    return Speaker(language, MappingProxyType(found))


def moment(at: datetime | None, zone: str) -> str:
    """A moment in UTC, and locally where that is another time."""
    if at is None:
        return "—"
    utc = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return utc if zone == "UTC" else f"{utc} · {at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"
