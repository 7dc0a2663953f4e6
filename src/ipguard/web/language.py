"""Languages of the console. English is written in the templates; others are Babel catalogues, read as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files

from babel.messages.pofile import read_po
from starlette.requests import Request

LANGUAGES = {"en": "English", "zh-Hans": "中文"}
COOKIE = "ipguard_language"
Speak = Callable[[str], str]


@lru_cache(maxsize=4)
def catalogue(language: str) -> dict[str, str]:
    """English sentence → sentence in `language`; empty for English."""
    if language == "en":
        return {}
    place = files("ipguard.web").joinpath("locale", language.replace("-", "_"), "LC_MESSAGES", "console.po")
    with place.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def speaker(language: str) -> Speak:
    """A function that says an English sentence in `language`; words from rows lose their underscores."""
    known = catalogue(language)
    return lambda text: known.get(text) or text.replace("_", " ")


def language_of(request: Request, default: str) -> str:
    """The reader's language: asked for in the address, kept in a cookie, or the browser's wish."""
    wishes = [request.query_params.get("lang", ""), request.cookies.get(COOKIE, "")]
    wishes += [part.split(";")[0] for part in request.headers.get("accept-language", "").split(",")]
    for wish in [*wishes, default]:
        start = wish.strip().lower().split("-")[0]
        if start in ("en", "zh"):
            return "en" if start == "en" else "zh-Hans"
    return "en"
