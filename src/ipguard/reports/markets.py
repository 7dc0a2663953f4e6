"""Which market a source sells in, and where markets lie on a map of tiles: rules and a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

from babel import Locale

GENERIC = frozenset(
    [
        "ac",
        "ai",
        "am",
        "cc",
        "co",
        "fm",
        "gg",
        "im",
        "io",
        "is",
        "la",
        "li",
        "ly",
        "me",
        "nu",
        "sh",
        "so",
        "st",
        "to",
        "tv",
        "vc",
        "ws",
        "xx",
    ]
)
"""Country-code domains that are sold to everybody: they say nothing about a market."""
OTHER_CODES = MappingProxyType({"uk": "GB", "su": "RU", "eu": ""})
"""Domains that are not the ISO 3166-1 code in small letters."""
CURRENCIES: Mapping[str, str] = MappingProxyType(
    {
        "AED": "AE", "ARS": "AR", "AUD": "AU", "BDT": "BD", "BRL": "BR", "CAD": "CA", "CHF": "CH", "CLP": "CL",
        "CNY": "CN", "COP": "CO", "CZK": "CZ", "DKK": "DK", "EGP": "EG", "GBP": "GB", "HKD": "HK", "HUF": "HU",
        "IDR": "ID", "ILS": "IL", "INR": "IN", "JPY": "JP", "KES": "KE", "KRW": "KR", "KZT": "KZ", "LKR": "LK",
        "MAD": "MA", "MXN": "MX", "MYR": "MY", "NGN": "NG", "NOK": "NO", "NZD": "NZ", "PEN": "PE", "PHP": "PH",
        "PKR": "PK", "PLN": "PL", "RON": "RO", "RUB": "RU", "SAR": "SA", "SEK": "SE", "SGD": "SG", "THB": "TH",
        "TRY": "TR", "TWD": "TW", "UAH": "UA", "VND": "VN", "ZAR": "ZA",
    }
)  # fmt: skip
"""Currencies of one country. A dollar and a euro say nothing: half the world is asked for them."""

_ROWS = """
.. .. .. .. GL .. .. .. .. IS .. .. NO SE FI .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. .. DK .. EE LV .. RU .. .. .. .. .. .. ..
.. CA .. .. .. .. .. IE GB NL DE PL LT BY .. .. KZ .. MN .. .. .. .. ..
.. US .. .. .. .. .. .. FR BE LU CZ SK UA MD .. UZ KG .. .. KP .. JP ..
.. .. .. .. .. .. .. .. CH AT HU RO .. GE AM AZ TM TJ .. CN KR .. .. ..
.. MX .. CU .. .. PT ES AD IT SI HR RS BG TR .. AF .. NP BT .. TW .. ..
.. GT BZ HT DO .. .. MA .. MT AL BA MK GR CY LB SY IR PK IN BD MM HK MO
.. SV HN JM PR .. .. DZ TN LY EG .. .. .. IL JO IQ KW .. LK LA VN .. ..
.. NI CR PA .. TT .. .. ML NE TD SD ER .. SA BH QA AE .. TH KH PH .. ..
.. .. CO VE GY SR SN GN BF NG CM SS ET DJ YE OM .. MV .. MY BN .. .. ..
.. .. EC PE BR .. .. CI GH BJ CF UG KE SO .. .. .. .. .. SG ID .. PG ..
.. .. .. BO PY .. .. .. GA CG CD RW TZ .. SC .. .. .. .. .. TL .. SB FJ
.. .. .. CL AR UY .. .. AO ZM MW MZ MG .. MU .. .. .. .. .. AU .. .. ..
.. .. .. .. .. .. .. .. NA BW ZW .. .. .. .. .. .. .. .. .. .. .. NZ ..
.. .. .. .. .. .. .. .. ZA LS SZ .. .. .. .. .. .. .. .. .. .. .. .. ..
"""
TILES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        code: (column, row)
        for row, line in enumerate(_ROWS.split("\n")[1:-1])
        for column, code in enumerate(line.split())
        if code != ".."
    }
)
"""ISO code → column and row of its tile: about where it lies, each country as large as the other."""
COLUMNS = 24
ROWS = 15


def market_of(base_url: str, stated: object, currency: str) -> str:
    """ISO code of the market that an offer is made in, or an empty text where nothing says it.

    Args:
        base_url: of the source: its domain tells, unless everybody can buy one there.
        stated: what the source's options say (`market`); it wins.
        currency: of the offer.
    """
    if isinstance(stated, str) and stated.upper() in TILES:
        return stated.upper()
    try:
        ending = (urlsplit(base_url).hostname or "").rpartition(".")[2]
    except ValueError:
        ending = ""
    if len(ending) == 2 and ending not in GENERIC:
        code = OTHER_CODES.get(ending, ending.upper())
        if code in TILES:
            return code
    return CURRENCIES.get(currency, "")


def market_name(code: str, language: str) -> str:
    """Name of a market in en, zh or ja; the code itself where it has none; empty for an unknown market."""
    return _names(language).get(code, code)


@lru_cache(maxsize=4)
def _names(language: str) -> Mapping[str, str]:
    return MappingProxyType(
        {str(code): str(name) for code, name in Locale.parse(language).territories.items()}
    )
