"""What the menu shows: the screens that this console has and this person may open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen of the menu."""

    path: str
    name: str
    """In English; `locale/` has it in other languages."""
    icon: str
    """Of `static/vendor/icons.svg`."""
    group: str
    needs: str = "read"
    """What a person has to be allowed: a `Right` of the people room."""


SCREENS = (
    Screen("/", "Today", "calendar", "Review"),
    Screen("/alerts", "Triage", "inbox", "Review"),
    Screen("/second-look", "Second look", "shuffle", "Review"),
    Screen("/cases", "Cases", "briefcase", "Review"),
    Screen("/sellers", "Sellers", "store", "Watch"),
    Screen("/watchlist", "Watchlist", "image", "Watch"),
    Screen("/sources", "Sources", "radar", "Watch"),
    Screen("/rules", "Rules", "filter", "Watch"),
    Screen("/reports", "Reports", "file-text", "Tell"),
    Screen("/verify", "Verify", "shield-check", "Tell"),
    Screen("/integrations", "Integrations", "plug", "Manage", "integration_edit"),
    Screen("/people", "People", "users", "Manage", "people_edit"),
    Screen("/audit", "Audit", "history", "Manage", "audit_read"),
)
GROUPS = ("Review", "Watch", "Tell", "Manage")


@dataclass(frozen=True, slots=True)
class Group:
    """Screens that stand together in the menu."""

    name: str
    screens: tuple[Screen, ...]


def menu(paths: frozenset[str], may: Callable[[str], bool]) -> tuple[Group, ...]:
    """Groups with the screens whose path is served and whose permission the person has."""
    shown = [screen for screen in SCREENS if screen.path in paths and may(screen.needs)]
    groups = (Group(name, tuple(s for s in shown if s.group == name)) for name in GROUPS)
    return tuple(group for group in groups if group.screens)


def current(path: str) -> str:
    """Path of the screen that a page belongs to, or an empty text."""
    fitting = [s.path for s in SCREENS if path == s.path or (s.path != "/" and path.startswith(f"{s.path}/"))]
    return max(fitting, key=len, default="")


def pages_of(routes: Sequence[BaseRoute]) -> frozenset[str]:
    """Paths that a browser can open, as they are declared: `/cases/{case_id}` stands as it is written."""
    return frozenset(
        route.path for route in iter_route_contexts(routes) if route.path and "GET" in (route.methods or ())
    )
