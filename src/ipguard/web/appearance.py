"""Light or dark, as the reader wants it, kept in a cookie; and addresses of static files that may be kept for ever."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

THEMES = {"auto": "As the device", "light": "Light", "dark": "Dark"}
"""What a reader can choose, and what it is called."""
ICONS = {"auto": "contrast", "light": "sun", "dark": "moon"}
COOKIE = "ipguard_theme"
YEAR = 31_536_000
"""Seconds."""
FOR_EVER = f"public, max-age={YEAR}, immutable"


def theme_of(request: Request) -> str:
    """auto, light or dark: kept in a cookie, or as the device has it."""
    kept = request.cookies.get(COOKIE, "auto")
    return kept if kept in THEMES else "auto"


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """Address of a static file; it changes when the file does, so that a browser keeps it until then."""
    place = files("ipguard.web").joinpath("static", *name.split("/"))
    return f"/static/{name}?v={hashlib.sha256(place.read_bytes()).hexdigest()[:12]}"


class Static(StaticFiles):
    """Static files; those asked for by their content's name are kept by the browser."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it holds."""
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["Cache-Control"] = FOR_EVER
        return answer
