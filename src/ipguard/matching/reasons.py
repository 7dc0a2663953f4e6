"""Sentences for reason codes, in every language the product speaks. The data: `sentences/*.toml`.

Each holds one sentence a reason code and language; {names} are the values of the Reason. A test holds every language
complete and every placeholder the same.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from ipguard.matching.finding import Reason

LANGUAGES = ("en", "zh")
FIELDS = {
    "en": {"picture_text": "text in the picture", "codes": "product codes"},
    "zh": {
        "title": "标题",
        "description": "描述",
        "tags": "标签",
        "seller": "卖家名",
        "picture_text": "图中文字",
        "price": "价格",
        "currency": "币种",
        "pictures": "图片",
        "availability": "库存状态",
        "condition": "成色",
        "brand": "品牌",
        "category": "类目",
        "codes": "商品编码",
    },
}
"""Fields of a listing, where the sentence does not use the name as it is."""


@lru_cache(maxsize=1)
def templates() -> dict[str, dict[str, str]]:
    """Reason code → language → sentence with {placeholders}."""
    return {
        f"{family}.{name}": sentences
        for file in files("ipguard.matching").joinpath("sentences").iterdir()
        if file.name.endswith(".toml")
        for family, members in tomllib.loads(file.read_text("utf-8")).items()
        for name, sentences in members.items()
    }


def render(reason: Reason, language: str = "en") -> str:
    """The sentence for `reason`; English where a language is not spoken here.

    Values come from hostile pages: this returns plain text, and whoever prints it escapes it.
    A code from a newer or older version is printed as it is, so that old alerts stay readable.
    """
    sentences = templates().get(reason.code)
    if sentences is None:
        return f"{reason.code} {dict(reason.values)}"
    chosen = language.split("-")[0]
    spoken = sentences.get(chosen, sentences["en"])
    values = dict(reason.values)
    if "field" in values:
        values["field"] = FIELDS.get(chosen, {}).get(str(values["field"]), values["field"])
    try:
        return spoken.format_map(values)
    except KeyError:
        return f"{reason.code} {dict(reason.values)}"
