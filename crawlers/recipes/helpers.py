"""Helpers: what may stand behind a `|` in a field of a recipe. Each takes values and gives values, and never raises
for anything a page can say; what it cannot read, it drops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborNode

from crawlers.extract.gallery import candidates, largest, largest_of_each
from crawlers.extract.prices import CODE, price_in
from crawlers.extract.product import MAX_TEXT, SPACE, plain, web_address
from crawlers.listing import Price
from crawlers.recipes.patterns import Pattern
from crawlers.recipes.problems import Wrong

Value = str | LexborNode | Price
"""What goes from helper to helper: an element until somebody asks for its text, then text; a price at the end."""
Apply = Callable[[Sequence[Value], str], Sequence[Value]]
"""Values and the address of the page → values."""
MILLISECONDS_FROM = 100_000_000_000
"""Numbers above are milliseconds since 1970: as seconds this would be the year 5138."""
MAX_EXPONENT = 18
UNSURE = re.compile(r"(?<![A-Za-z])[$¥￥£]")
"""Signs that several currencies share; a currency that the recipe states is believed before them."""


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper: how it is written, how many arguments it takes, and what makes it."""

    usage: str
    least: int
    most: int
    make: Callable[[Sequence[str]], Apply]


def text_of(value: Value) -> str:
    """The text of a value, white space folded."""
    if isinstance(value, LexborNode):
        return SPACE.sub(" ", value.text(separator=" ")[: MAX_TEXT * 2]).strip()[:MAX_TEXT]
    return value.raw if isinstance(value, Price) else value


def made(name: str, args: Sequence[str]) -> Apply:
    """The helper of a name with its arguments.

    Raises:
        Wrong: it takes other arguments.
    """
    helper = HELPERS[name]
    if not helper.least <= len(args) <= helper.most:
        raise Wrong(f"{name} is given {len(args)} arguments.", f"Write {helper.usage}.")
    return helper.make(args)


def _each(change: Callable[[str, str], str]) -> Callable[[Sequence[str]], Apply]:
    """A helper that changes every text for itself."""

    def make(_args: Sequence[str]) -> Apply:
        return lambda values, base: _some(change(text_of(one), base) for one in values)

    return make


def _some(values: Iterable[str]) -> list[Value]:
    return [one[:MAX_TEXT] for one in values if one]


def _price(args: Sequence[str]) -> Apply:
    code = args[0].upper() if args else ""
    if args and not CODE.fullmatch(code):
        raise Wrong(f"“{args[0]}” is no currency.", "Write three letters (ISO 4217): price(EUR).")

    def apply(values: Sequence[Value], _base: str) -> Sequence[Value]:
        found = (
            one if isinstance(one, Price) else price_in(text_of(one), read_from="visible") for one in values
        )
        return [_stated(one, code) for one in found if one is not None]

    return apply


def _stated(price: Price, code: str) -> Price:
    """The currency that the recipe states, unless the text itself names one that cannot be another."""
    sure = price.currency is not None and not UNSURE.search(price.raw)
    return price if sure or not code else replace(price, currency=code)


def _regex(args: Sequence[str]) -> Apply:
    pattern = Pattern(args[0])
    group = int(args[1]) if len(args) > 1 and args[1].isdecimal() else None
    if len(args) > 1 and (group is None or group > pattern.groups):
        raise Wrong(f"The pattern has no group {args[1]}.", f"It has {pattern.groups}.")
    return lambda values, _base: _some((pattern.find(text_of(one), group) or "").strip() for one in values)


def _first(_args: Sequence[str]) -> Apply:
    return lambda values, _base: values[:1]


def _last(_args: Sequence[str]) -> Apply:
    return lambda values, _base: values[-1:]


def _all(_args: Sequence[str]) -> Apply:
    return lambda values, _base: values


def _join(args: Sequence[str]) -> Apply:
    between = args[0] if args else " "
    return lambda values, _base: _some([between.join(t for one in values if (t := text_of(one)))])


def _split(args: Sequence[str]) -> Apply:
    if not args[0]:
        raise Wrong("split has nothing to split at.", "Write split(',').")
    return lambda values, _base: _some(
        part.strip() for one in values for part in text_of(one).split(args[0], 200)
    )


def _replace(args: Sequence[str]) -> Apply:
    if not args[0]:
        raise Wrong("replace has nothing to replace.", "Write replace('a', 'b').")
    return lambda values, _base: _some(text_of(one).replace(args[0], args[1])[:MAX_TEXT] for one in values)


def _const(args: Sequence[str]) -> Apply:
    return lambda values, _base: (
        [args[0]] if any(isinstance(one, LexborNode) or one for one in values) else []
    )


def _map(args: Sequence[str]) -> Apply:
    words: dict[str, str] = {}
    for arg in args:
        word, sign, meant = arg.partition("=")
        if not sign:
            raise Wrong(f"“{arg}” maps nothing.", "Write map(New=new, Used=used, *=used).")
        words[word.strip().strip("'\"").lower()] = meant.strip().strip("'\"")
    rest = words.pop("*", "")
    return lambda values, _base: _some(words.get(text_of(one).lower(), rest) for one in values)


def _format(args: Sequence[str]) -> Apply:
    before, sign, after = args[0].partition("{}")
    if not sign:
        raise Wrong(
            f"“{args[0]}” has no {{}} for the value.", "Write format('https://shop.example/item/{}')."
        )
    inside = "://" in before
    return lambda values, _base: _some(
        f"{before}{_quoted(text_of(one)) if inside else text_of(one)}{after}"
        for one in values
        if text_of(one)
    )


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _param(args: Sequence[str]) -> Apply:
    def value_in(url: str) -> str:
        return next((value for name, value in _query(url) if name == args[0]), "")

    return lambda values, _base: _some(value_in(text_of(one)).strip() for one in values)


def _drop(args: Sequence[str]) -> Apply:
    def without(url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        kept = [(name, value) for name, value in _query(url) if name not in args]
        return urlunsplit(parts._replace(query=urlencode(kept, errors="replace")))

    return lambda values, _base: _some(without(text_of(one)) for one in values)


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return []


def _minor(args: Sequence[str]) -> Apply:
    if not args[0].isdecimal() or int(args[0]) > MAX_EXPONENT:
        raise Wrong(
            f"“{args[0]}” is no number of decimals.", "Write minor(2), or minor(AMOUNT, DECIMALS) in front."
        )
    return lambda values, _base: _some(in_units(text_of(one), args[0]) for one in values)


def in_units(amount: str, decimals: str) -> str:
    """An amount in minor units as one in units: 990 and 2 give 9.90. Empty where either is no number."""
    number, places = decimal_in(amount), decimal_in(decimals)
    if number is None or places is None or not 0 <= places <= MAX_EXPONENT or places % 1:
        return ""
    return f"{number.scaleb(-int(places)):f}"


def as_ratio(amount: str, divisor: str) -> str:
    """An amount divided; empty where either is no number, or the divisor is not above nought."""
    number, by = decimal_in(amount), decimal_in(divisor)
    if number is None or by is None or by <= 0:
        return ""
    result = number / by
    return f"{result:f}" if result.is_finite() and abs(result.adjusted()) <= 30 else ""


def decimal_in(text: str) -> Decimal | None:
    """A plain number; None for anything else, or one of more than 30 digits."""
    try:
        number = Decimal(text.strip()) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    if number is None or not number.is_finite() or abs(number.adjusted()) > 30:
        return None
    return number


def _number(text: str, _base: str) -> str:
    """The first number in a text, thousands separators removed."""
    price = price_in(text, read_from="visible")
    return f"{price.amount:f}" if price is not None else ""


def _epoch(text: str, _base: str) -> str:
    number = decimal_in(text)
    if number is None:
        return ""
    try:
        seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
        return datetime.fromtimestamp(float(seconds), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _iso(args: Sequence[str]) -> Apply:
    zone = _zone(args[0]) if args else None
    return lambda values, _base: _some(_moment(text_of(one), zone) for one in values)


def _moment(text: str, zone: timezone | None) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return _aware(at, zone)


def _date(args: Sequence[str]) -> Apply:
    zone = _zone(args[1]) if len(args) > 1 else UTC

    def read(text: str) -> str:
        try:
            return _aware(datetime.strptime(text[:100], args[0]), zone)  # noqa: DTZ007 — the zone is put in
        except ValueError:
            return ""

    return lambda values, _base: _some(read(text_of(one)) for one in values)


def _aware(at: datetime, zone: timezone | None) -> str:
    if at.tzinfo is None:
        if zone is None:
            return ""
        at = at.replace(tzinfo=zone)
    return at.isoformat()


def _zone(text: str) -> timezone:
    found = Pattern(r"^(?:UTC|Z|([+-]\d\d):?(\d\d))$")
    hours = found.find(text, 1)
    if hours is None or (hours and not -14 <= int(hours) <= 14):
        raise Wrong(f"“{text}” is no offset from UTC.", "Write it like +09:00.")
    if not hours:
        return UTC
    minutes = int(found.find(text, 2) or 0)
    return timezone(timedelta(hours=int(hours), minutes=minutes if int(hours) >= 0 else -minutes))


def _largest(_args: Sequence[str]) -> Apply:
    """The largest variant an element offers; of addresses, the largest of each; of a srcset, its widest."""

    def address(value: Value, base: str) -> str:
        if isinstance(value, LexborNode):
            return largest(value, base)
        offered = sorted(candidates(text_of(value)), key=lambda one: one[1])
        return web_address(offered[-1][0] if offered else text_of(value), base)

    def apply(values: Sequence[Value], base: str) -> Sequence[Value]:
        return list(largest_of_each(url for one in values if (url := address(one, base))))

    return apply


def _html(args: Sequence[str]) -> Apply:
    del args
    return lambda values, _base: _some(
        (one.html or "") if isinstance(one, LexborNode) else text_of(one) for one in values
    )


HELPERS: Mapping[str, Helper] = {
    "abs": Helper("abs", 0, 0, _each(web_address)),
    "all": Helper("all", 0, 0, _all),
    "const": Helper("const(word)", 1, 1, _const),
    "date": Helper("date('%Y/%m/%d') or date('%Y/%m/%d', '+09:00')", 1, 2, _date),
    "drop": Helper("drop(parameter) or drop(one, two)", 1, 20, _drop),
    "epoch": Helper("epoch", 0, 0, _each(_epoch)),
    "first": Helper("first", 0, 0, _first),
    "format": Helper("format('https://shop.example/item/{}')", 1, 1, _format),
    "host": Helper("host", 0, 0, _each(lambda text, base: urlsplit(web_address(text, base)).hostname or "")),
    "html": Helper("html", 0, 0, _html),
    "html_text": Helper("html_text", 0, 0, _each(lambda text, _base: plain(text))),
    "iso": Helper("iso or iso('+09:00')", 0, 1, _iso),
    "join": Helper("join or join(', ')", 0, 1, _join),
    "largest": Helper("largest", 0, 0, _largest),
    "last": Helper("last", 0, 0, _last),
    "lower": Helper("lower", 0, 0, _each(lambda text, _base: text.lower())),
    "map": Helper("map(New=new, Used=used)", 1, 50, _map),
    "minor": Helper("minor(2)", 1, 1, _minor),
    "number": Helper("number", 0, 0, _each(_number)),
    "param": Helper("param(id)", 1, 1, _param),
    "price": Helper("price or price(EUR)", 0, 1, _price),
    "regex": Helper("regex('(\\d+)') or regex('(a)(b)', 2)", 1, 2, _regex),
    "replace": Helper("replace('a', 'b')", 2, 2, _replace),
    "split": Helper("split(',')", 1, 1, _split),
    "text": Helper("text", 0, 0, _each(lambda text, _base: SPACE.sub(" ", text).strip())),
    "upper": Helper("upper", 0, 0, _each(lambda text, _base: text.upper())),
}
"""Every helper by its name."""
