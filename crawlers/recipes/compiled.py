"""A recipe made ready: expressions, rules and templates compiled, every mistake in them found at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from jmespath.parser import ParsedResult

from crawlers.listing import PriceKind
from crawlers.recipes.expressions import Expression, Language, check_css, compile_path, parse_expression
from crawlers.recipes.fields import Field, PriceParts, field_name
from crawlers.recipes.model import NextPart, RecipePart, RequestPart
from crawlers.recipes.patterns import Pattern
from crawlers.recipes.problems import Path, Problem, Wrong, did_you_mean
from crawlers.recipes.rules import Rule, parse_rule
from crawlers.recipes.templates import ALWAYS, OF_A_LISTING, check_template, places_in

Fields = Mapping[str, Field]
Way = str | ParsedResult
"""How entries are found: a CSS selector or a JMESPath."""
EXPECTED = ("price", "pictures", "seller.name", "seller.id")
"""Fields whose absence is told where a recipe reads them and does not say itself what it expects."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page is found."""

    part: NextPart
    link: tuple[Expression, ...] = ()
    cursor: tuple[Expression, ...] = ()
    total: tuple[Expression, ...] = ()
    pages: tuple[Expression, ...] = ()
    more: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Search or detail."""

    language: Language
    items: tuple[Way, ...] = ()
    fields: Fields = field(default_factory=dict)
    fill: Fields = field(default_factory=dict)
    expect: tuple[str, ...] = ()
    paging: Paging | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe that can be used."""

    part: RecipePart
    search: Section
    detail: Section | None
    listing_id: Pattern | None
    outcomes: Mapping[str, tuple[Rule, ...]]


@dataclass(slots=True)
class Compiler:
    """Compiles the raw values of a recipe and collects what is wrong with them; never stops at the first."""

    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Whatever is wrong inside is wrong there."""
        try:
            yield
        except Wrong as error:
            self.problems.append(Problem(path, error.wrong, error.right))

    def section(self, name: str, raw: Mapping[str, object]) -> Section:
        """Search or detail."""
        form = raw.get("format", "html")
        language = Language.CSS if form == "html" else Language.JMESPATH
        key = "items" if name == "search" else "item"
        fields = self.fields((name, "fields"), raw.get("fields"), language)
        fill = self.fields((name, "fill"), raw.get("fill"), language)
        paging = raw.get("next")
        return Section(
            language,
            self._items((name, key), raw.get(key), language),
            fields,
            fill,
            self._expect((name, "expect"), raw.get("expect"), {**fields, **fill}),
            self._paging((name, "next"), paging, language) if isinstance(paging, Mapping) else None,
        )

    def fields(self, path: Path, raw: object, language: Language) -> Fields:
        """Fields by the names that `Listing` has for them; parts of a seller are seller.name and so on."""
        found: dict[str, Field] = {}
        for name, spec in _flat(raw):
            with self.at(*path, *name):
                known = field_name(".".join(name))
                if known in found:
                    raise Wrong(
                        f"{known} is read twice.", "Give the second as an alternative: [first, second]."
                    )
                found[known] = _field(known, spec, language)
        return found

    def request(self, name: str, raw: Mapping[str, object], options: object) -> None:
        """Whether every name in braces is one that can be filled in."""
        asked = raw.get("request")
        known = [
            *(ALWAYS if name == "search" else OF_A_LISTING),
            *(options if isinstance(options, Mapping) else ()),
        ]
        for key, template in asked.items() if isinstance(asked, Mapping) else ():
            if key == "graphql":
                template = template.get("variables") if isinstance(template, Mapping) else None
            with self.at(name, "request", str(key)):
                check_template(template, known)

    def rules(self, raw: object) -> Mapping[str, tuple[Rule, ...]]:
        """Outcome rules by outcome."""
        found: dict[str, tuple[Rule, ...]] = {}
        for outcome, rules in raw.items() if isinstance(raw, Mapping) else ():
            made: list[Rule] = []
            for number, rule in enumerate(rules if isinstance(rules, list) else ()):
                with self.at("outcomes", str(outcome), number):
                    made.append(parse_rule(rule))
            found[str(outcome)] = tuple(made)
        return found

    def pattern(self, raw: object) -> Pattern | None:
        """What makes an id out of an address."""
        text = raw.get("regex") if isinstance(raw, Mapping) else None
        with self.at("listing_id", "regex"):
            if isinstance(text, str):
                found = Pattern(text)
                if found.groups < 1:
                    raise Wrong("The pattern has no group.", "Put the id in brackets: /item/(\\d+)")
                return found
        return None

    def _items(self, path: Path, raw: object, language: Language) -> tuple[Way, ...]:
        found: list[Way] = []
        for number, text in enumerate(raw if isinstance(raw, list) else [raw] if raw is not None else []):
            with self.at(*path, *([number] if isinstance(raw, list) else [])):
                if not isinstance(text, str):
                    raise Wrong("This is no text.", "Write a selector, or a JMESPath of the list.")
                if language is Language.CSS:
                    check_css(text)
                found.append(text if language is Language.CSS else compile_path(text))
        return tuple(found)

    def _expect(self, path: Path, raw: object, fields: Fields) -> tuple[str, ...]:
        if not isinstance(raw, list):
            named = [name for name in EXPECTED if name in fields]
            return tuple(dict.fromkeys("seller" if name.startswith("seller") else name for name in named))
        expected: list[str] = []
        for number, name in enumerate(raw):
            with self.at(*path, number):
                known = field_name(str(name))
                expected.append("seller" if known.startswith("seller") else known)
        return tuple(dict.fromkeys(expected))

    def _paging(self, path: Path, raw: Mapping[str, object], language: Language) -> Paging | None:
        found: dict[str, tuple[Expression, ...]] = {}
        for name in ("link", "cursor", "total", "pages", "more"):
            if raw.get(name) is not None:
                with self.at(*path, name):
                    found[name] = expressions(raw[name], language)
        try:
            return Paging(NextPart.model_validate(dict(raw)), **found)
        except ValueError:
            return None  # the model tells what is wrong


def expressions(spec: object, language: Language) -> tuple[Expression, ...]:
    """One expression, or several that are tried in order."""
    texts = spec if isinstance(spec, list) else [spec]
    if not texts or not all(isinstance(one, str) for one in texts):
        raise Wrong(
            "This is no expression.", 'Write text, such as "a.title@href | abs", or a list of such texts.'
        )
    return tuple(parse_expression(str(one), language) for one in texts)


def _flat(raw: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """Names and expressions; an object under seller or identifiers gives one of each of its parts."""
    for name, spec in raw.items() if isinstance(raw, Mapping) else ():
        if name in ("seller", "identifiers") and isinstance(spec, Mapping):
            for part, inner in spec.items():
                yield (str(name), str(part)), inner
        else:
            yield (str(name),), spec


def _field(name: str, spec: object, language: Language) -> Field:
    if name == "price":
        specs = spec if isinstance(spec, list) else [spec]
        return Field(name, prices=tuple(_price(one, language) for one in specs))
    return Field(name, expressions(spec, language))


def _price(spec: object, language: Language) -> PriceParts:
    read_from = "visible" if language is Language.CSS else "json"
    if isinstance(spec, str):
        return PriceParts(parse_expression(spec, language), read_from=read_from)
    if not isinstance(spec, Mapping) or "amount" not in spec:
        raise Wrong(
            "This is no price.", "Write an expression, or {amount: …, currency: …} of one and the same entry."
        )
    if unknown := [str(key) for key in spec if key not in ("amount", "currency", "kind")]:
        raise Wrong(
            f"A price has no “{unknown[0]}”.", did_you_mean(unknown[0], ("amount", "currency", "kind"))
        )
    amount, currency, kind = spec["amount"], spec.get("currency"), spec.get("kind", "fixed")
    if not isinstance(amount, str) or not isinstance(currency, str | None):
        raise Wrong(
            "Amount and currency are expressions.", "Write {amount: price.value, currency: price.currency}."
        )
    if currency is not None and len(currency) == 3 and currency.isupper():
        raise Wrong(f"“{currency}” would be looked for in the answer.", f"Write const({currency}).")
    if kind not in tuple(PriceKind):
        raise Wrong(f"There is no kind “{kind}” of price.", did_you_mean(str(kind), tuple(PriceKind)))
    read = parse_expression(currency, language) if currency is not None else None
    return PriceParts(parse_expression(amount, language), read, PriceKind(kind), read_from)


def check_parts(part: RecipePart, recipe: Recipe) -> Iterator[Problem]:
    """What no field shows by itself: templates, and parts that do not fit each other."""
    yield from _request_fits(("search", "request"), part.search.request)
    if part.detail is not None:
        yield from _request_fits(("detail", "request"), part.detail.request)
    yield from _paging_fits(part)
    for name in ("title", "url"):
        if name not in recipe.search.fields:
            yield Problem(("search", "fields"), f"{name} is missing.", "Without it nothing can be listed.")
    if "any" in part.hosts and len(part.hosts) > 1:
        yield Problem(("hosts",), "any stands beside other hosts.", "Keep any, or name all hosts.")
    if not part.base and "any" not in part.hosts:
        yield Problem(("base",), "This is missing.", "Write where the source is: https://shop.example")
    access = part.access
    if access.class_ != "A" and (not access.terms_url or access.terms_read is None):
        wrong = f"Class {access.class_} needs terms that somebody has read."
        yield Problem(("access",), wrong, "Give terms_url and terms_read: 2026-11-23.")
    if access.class_ == "D" and access.off_because is None and access.basis != "permission":
        yield Problem(
            ("access",), "Class D is off by default.", "Say why in off_because, or set basis: permission."
        )


def _request_fits(path: Path, request: RequestPart) -> Iterator[Problem]:
    bodies = [name for name in ("form", "json_", "graphql") if getattr(request, name) is not None]
    if len(bodies) > 1:
        yield Problem(path, "Only one of form, json and graphql can be sent.")
    if request.method == "GET" and bodies:
        yield Problem((*path, "method"), "A GET has no body.", "Write POST, or use params.")
    try:
        "".encode(request.encoding)
    except LookupError:
        yield Problem(
            (*path, "encoding"), f"There is no encoding “{request.encoding}”.", "Write utf-8 or euc-jp."
        )


def _paging_fits(part: RecipePart) -> Iterator[Problem]:
    request = part.search.request
    used = set(places_in([request.url, request.params, request.form, request.json_]))
    used |= set(places_in(request.graphql.variables)) if request.graphql is not None else set()
    given = part.search.next
    where = ("search", "next")
    if given is None:
        for name in used & {"page", "offset", "cursor", "limit"}:
            yield Problem(
                ("search",), f"The request names {{{name}}}, and nothing says how to go on.", "Add next."
            )
        return
    moved = used & {"page", "offset", "cursor"}
    if "cursor" in used and given.cursor is None:
        yield Problem(where, "Nothing says where the {cursor} stands.", "Add cursor: nextPageToken.")
    if given.cursor is not None and "cursor" not in used:
        yield Problem((*where, "cursor"), "The request has no place for it.", "Put {cursor} into it.")
    if not moved and given.link is None:
        right = "Put {page}, {offset} or {cursor} into the request, or add link."
        yield Problem(where, "Every page would be asked for in the same way.", right)
    if ("limit" in used or "offset" in used) and given.limit is None:
        yield Problem(where, "Nothing says how many entries a page has.", "Add limit: 100.")
