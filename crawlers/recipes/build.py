"""An adapter from a recipe, an address and what whoever adds the source chose."""

from __future__ import annotations

from collections.abc import Mapping

from crawlers.adapter import Policy
from crawlers.auth import Auth
from crawlers.errors import BadSource
from crawlers.recipes.compiled import Recipe
from crawlers.recipes.engine import RecipeAdapter, host_of
from crawlers.recipes.model import AuthPart, RecipePart
from crawlers.recipes.problems import did_you_mean

PERMITTED = "permitted"
"""Option of whoever has a permission for a source that is off by default."""
MAX_PAGES_A_RUN = 5_000


def build(
    recipe: Recipe, base_url: str, options: Mapping[str, object], *, min_gap_seconds: float = 0.0
) -> RecipeAdapter:
    """The adapter that reads a source by a recipe.

    Args:
        recipe: as it was read.
        base_url: where the source is; empty, or any address of the source, for the recipe's own base.
        options: those the recipe names, and `permitted` where it is off by default.
        min_gap_seconds: between two requests, at least; the recipe may ask for more.

    Raises:
        BadSource: the address is on another host, an option is none of the recipe's, or the source is off.
    """
    part = recipe.part
    if part.access.off_because is not None and not _yes(options.get(PERMITTED)):
        raise BadSource(
            f"{part.title.en} is off: {part.access.off_because.en}",
            hint=f"If you have their permission, add it with --option {PERMITTED}=true.",
        )
    base = _base(part, base_url)
    hosts = (host_of(base),) if "any" in part.hosts else part.hosts
    return RecipeAdapter(recipe, base, _policy(recipe, min_gap_seconds), hosts, _options(part, options))


def _base(part: RecipePart, base_url: str) -> str:
    given = base_url.strip().rstrip("/")
    host = host_of(given)
    if "any" in part.hosts:
        if not host:
            raise BadSource(f"{part.title.en} is many shops", hint="Say which: give its address.")
        return given
    if given and host not in part.hosts and host not in part.shops:
        raise BadSource(
            f"The recipe “{part.id}” does not know the host {host or given}",
            hint=f"It knows {', '.join(part.hosts)}.",
        )
    own = part.base.rstrip("/")
    return given if host in part.hosts and host != host_of(own) else own


def _options(part: RecipePart, given: Mapping[str, object]) -> dict[str, str]:
    chosen = {name: option.default for name, option in part.options.items()}
    for name, value in given.items():
        if name == PERMITTED:
            continue
        if name not in chosen:
            known = [*chosen, PERMITTED]
            raise BadSource(f"{part.title.en} has no option “{name}”", hint=did_you_mean(name, known))
        allowed = part.options[name].one_of
        if allowed and str(value) not in allowed:
            raise BadSource(f"{name} cannot be {value}", hint=f"One of {', '.join(allowed)}.")
        chosen[name] = str(value)
    for name, option in part.options.items():
        if not chosen[name] and option.one_of:
            raise BadSource(
                f"{part.title.en} needs {name}", hint=f"Add it with --option {name}={option.one_of[0]}."
            )
    return chosen


def _policy(recipe: Recipe, min_gap_seconds: float) -> Policy:
    part = recipe.part
    access, following = part.access, part.search.next
    pages = following.max_pages if following is not None else 1
    if part.detail is not None:
        entries = following.limit if following is not None and following.limit else 100
        pages = pages * (1 + entries)
    return Policy(
        access=access.class_,
        basis=access.basis,
        robots=access.robots,
        terms_url=access.terms_url,
        terms_read=access.terms_read,
        may_store_raw=access.may_store_raw,
        retain_days=access.retain_days,
        may_profile_seller=access.may_profile_seller,
        min_gap_seconds=max(part.rate.min_interval_s, min_gap_seconds),
        per_day=part.rate.per_day,
        pages_a_run=min(pages, MAX_PAGES_A_RUN, part.rate.per_day),
        rendered=part.rendered,
        reads_status=_read_statuses(recipe),
        auth=auth_of(part.auth),
    )


def auth_of(part: AuthPart | None) -> Auth | None:
    """The auth block as the fetcher takes it."""
    if part is None:
        return None
    return Auth(
        part.scheme, tuple(part.headers.items()), tuple(part.query.items()), part.plain, part.hosts, part.optional,
        part.token_url, part.scope, part.token_style, part.says, part.about,
    )  # fmt: skip


def _yes(value: object) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "1")


def _read_statuses(recipe: Recipe) -> frozenset[int]:
    """Refusals elsewhere that rules of this recipe take for something else."""
    kinds = (rules for outcome, rules in recipe.outcomes.items() if outcome != "blocked")
    return frozenset(status for rules in kinds for rule in rules for status in rule.statuses)
