"""Languages of the console. English is written in the templates; others are Babel catalogues, read as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel.messages.pofile import read_po
from starlette.requests import Request

LANGUAGES = {"en": "English", "zh-Hans": "中文"}
COOKIE = "ipguard_language"
Speak = Callable[[str], str]


@lru_cache(maxsize=4)
def catalogue(language: str) -> dict[str, str]:
    """English sentence → sentence in `language`, of every room's catalogue; empty for English."""
    if language == "en":
        return {}
    known: dict[str, str] = {}
    for place in catalogues(language):
        with place.open("rb") as file:
            known.update((str(m.id), str(m.string)) for m in read_po(file) if m.id and m.string)
    return known


def catalogues(language: str) -> list[Traversable]:
    """The catalogue files of a language: one for each room, so that two hands do not meet in one."""
    folder = files("ipguard.web").joinpath("locale", language.replace("-", "_"), "LC_MESSAGES")
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".po")), key=lambda file: file.name
    )


def speaker(language: str) -> Speak:
    """A function that says an English sentence in `language`; words from rows lose their underscores."""
    known = catalogue(language)
    return lambda text: known.get(text) or text.replace("_", " ")


def language_of(request: Request, default: str, own: str = "") -> str:
    """The reader's language: asked for in the address, kept in a cookie, their account's, or the browser's wish."""
    wishes = [request.query_params.get("lang", ""), request.cookies.get(COOKIE, ""), own]
    wishes += [part.split(";")[0] for part in request.headers.get("accept-language", "").split(",")]
    for wish in [*wishes, default]:
        start = wish.strip().lower().split("-")[0]
        if start in ("en", "zh"):
            return "en" if start == "en" else "zh-Hans"
    return "en"
