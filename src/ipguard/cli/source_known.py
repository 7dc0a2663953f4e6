"""`ipguard source list --known`: what could be added or brought in by hand, its access class, and why it is off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ipguard.cli.output import emit, safe, show


def list_known(workspace: Path | None, *, as_json: bool) -> None:
    """Print every recipe, every built-in adapter, and what only people may look at."""
    from rich.table import Table

    from crawlers.recipes.folder import known_recipes
    from crawlers.registry import known_adapters
    from ipguard.sources.marketplaces import closed_marketplaces

    rows = [facts for one in known_recipes(own_recipes(workspace)) for facts in [_facts(one)]]
    rows += [
        {"name": name, "title": name, "class": "", "on": True, "why": "built in", "hosts": []}
        for name in known_adapters()
    ]
    rows += [
        {"name": "paste, import", "title": one.name, "class": "D", "on": False, "why": one.why, "hosts": []}
        for one in closed_marketplaces()
    ]
    table = Table("Add it as", "What it is", "Class", "On", "Why", box=None, header_style="bold")
    for row in rows:
        if as_json:
            emit(row)
        on = "yes" if row["on"] else "no"
        table.add_row(*(safe(row[name]) for name in ("name", "title", "class")), on, safe(row["why"]))
    if not as_json:
        show(table)
        show("A: open. B: official API. C: official API with unsuited terms. D: no official way.")


def own_recipes(workspace: Path | None) -> Sequence[Path]:
    """The workspace's own folder of recipes; none outside a workspace."""
    from ipguard.errors import NotConfigured
    from ipguard.settings import open_workspace

    try:
        return (open_workspace(workspace).marketplaces,)
    except NotConfigured:
        if workspace is not None:
            raise
        return ()


def _facts(one: object) -> dict[str, object]:
    from crawlers.recipes.folder import Found

    if not isinstance(one, Found) or one.recipe is None:
        trouble = getattr(one, "trouble", None)
        name = getattr(one, "name", "")
        return {
            "name": f"recipe:{name}",
            "title": name,
            "class": "?",
            "on": False,
            "why": str(trouble),
            "hosts": [],
        }
    part = one.recipe.part
    off = part.access.off_because
    why = off.en if off is not None else part.access.basis.replace("-", " ")
    if off is None and part.auth is not None and not part.auth.optional:
        why += ", with a key"
    return {
        "name": f"recipe:{one.name}",
        "title": part.title.en,
        "class": part.access.class_,
        "on": off is None,
        "why": why,
        "why_zh": off.zh if off is not None else "",
        "hosts": list(part.hosts),
        "terms_url": part.access.terms_url,
        "terms_read": part.access.terms_read.isoformat() if part.access.terms_read else None,
        "unconfirmed": list(part.unconfirmed),
        "folder": str(one.folder),
    }
