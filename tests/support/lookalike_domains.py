"""Invented names, domain names that imitate them, and domain names that only resemble them, by the thousand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ipguard.matching.romanise import romanised
from ipguard.matching.words.lexicon import words

ONSETS = [
    "b",
    "ch",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sh",
    "t",
    "v",
    "y",
    "z",
    "br",
    "kr",
    "st",
    "tr",
]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ei", "ou"]
CODAS = ["", "", "", "n", "r", "s", "l"]
HAN = "星灯苔邮差潮狐雷霆爪鹅绒流风云海月影夜火山川森岩霜雾鸢尾琥珀鲸落蝶隐剑岚焰晨暮渊墨雀舟棠砂笛"
KANA = "アカサタナハマラキシチニミリクスツヌムルケセテネメレコソトノモロガダバゴド"
HANGUL = "별빛달구름바다은하수나래솔뫼가온누리미르해솔하늬"
KEYS = {
    a: b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in zip(row, row[1:] + row[0], strict=True)
}
CYRILLIC = {
    "a": "а",
    "e": "е",
    "o": "о",
    "c": "с",
    "p": "р",
    "x": "х",
    "i": "і",
    "y": "у",
    "s": "ѕ",
    "j": "ј",
}
MARKED = {
    "a": "á",
    "e": "ê",
    "o": "ö",
    "i": "ï",
    "u": "ū",
    "n": "ñ",
    "c": "ç",
    "s": "š",
    "l": "ł",
    "r": "ř",
    "t": "ț",
    "z": "ż",
}
LEET = {"o": "0", "l": "1", "i": "1", "e": "3", "a": "4", "s": "5"}
SELLING = [
    "shop",
    "store",
    "outlet",
    "official",
    "deals",
    "merch",
    "plush",
    "toys",
    "cosplay",
    "figures",
    "goods",
    "sale",
    "online",
    "mall",
    "gifts",
    "hoodie",
]
PIRACY = [
    "mod",
    "apk",
    "hack",
    "download",
    "server",
    "private-server",
    "ps",
    "free",
    "cheats",
    "codes",
    "topup",
    "client",
    "launcher",
    "login",
]
AROUND = [
    "my",
    "the",
    "get",
    "cheap",
    "best",
    "buy",
    "new",
    "official",
    "go",
    "us",
    "uk",
    "tw",
    "jp",
    "hk",
    "cn",
]
PINYIN = ["sifu", "sf", "xiazai", "guanwang", "gw", "waigua", "shangcheng", "qijian", "youxi", "zhoubian"]
HAN_WORDS = ["私服", "官网", "下载", "商城", "周边", "旗舰店", "手游", "外挂", "正版"]
ENDINGS = ["com", "net", "org", "shop", "top", "xyz", "site", "online", "co.uk", "com.br", "de", "cn", "vip"]


@dataclass(frozen=True, slots=True)
class Case:
    """A domain name, and the family of imitation or of innocence it is of."""

    domain: str
    family: str


def invented(dice: random.Random) -> str:
    """A name nobody uses, as far as chance goes: one word, two, or one of dictionary words."""
    kind = dice.randrange(5)
    if kind == 4:
        return f"{_word(dice, 1)}{dice.choice(ONSETS)}{dice.choice(VOWELS)}{dice.choice('nrskx')}".title()
    if kind == 0:
        return _word(dice, 3).title()
    if kind == 1:
        return f"{_word(dice, 2)} {_word(dice, 2)}".title()
    if kind == 2:
        return " ".join(dice.sample(_dictionary(5, 9), 2)).title()
    return f"{_word(dice, 2)} {dice.choice(_dictionary(5, 8))}".title()


def invented_han(dice: random.Random) -> str:
    return "".join(dice.sample(HAN, dice.choice((2, 3, 4))))


def invented_kana(dice: random.Random) -> str:
    return "".join(dice.choices(KANA, k=dice.choice((4, 5))))


def imitations(name: str, dice: random.Random) -> Iterator[Case]:
    """Domain names that imitate a Latin name."""
    parts = name.lower().split()
    joined, hyphened = "".join(parts), "-".join(parts)
    base = dice.choice((joined, hyphened))

    def case(label: str, family: str) -> Case:
        return Case(f"{label}.{dice.choice(ENDINGS)}", family)

    yield case(base, "ending")
    yield case(base + dice.choice(("", "-")) + dice.choice(SELLING), "selling")
    yield case(base + dice.choice(("", "-")) + dice.choice(PIRACY), "piracy")
    yield case(dice.choice(AROUND) + dice.choice(("", "-")) + base, "before")
    yield case(f"{dice.choice(AROUND)}-{base}-{dice.choice(SELLING)}", "around")
    yield case(f"{base}{dice.choice(SELLING)}{dice.choice(('us', 'tw', 'jp', '24', '2026'))}", "two after")
    yield case(base + "s", "plural")
    yield Case(
        f"{base}.{dice.choice(('weebly.com', 'blogspot.com', 'example.com', 'free-hosting.net'))}",
        "subdomain",
    )
    yield Case(f"{hyphened}.{dice.choice(('secure-login', 'promo-zone', 'cheapgoods'))}.com", "subdomain")
    yield from (case(label, family) for label, family in _typos(joined, dice))
    yield from (
        case(f"{label}-{dice.choice(SELLING)}", f"{family} + word")
        for label, family in _typos(joined, dice)[:2]
    )
    yield from _disguised(joined, dice)


def han_imitations(name: str, dice: random.Random) -> Iterator[Case]:
    """Domain names that imitate a Han name: in pinyin, and in its own characters."""
    read = romanised(name)[0]
    yield Case(f"{read}{dice.choice(('', '-'))}{dice.choice(PINYIN)}.{dice.choice(ENDINGS)}", "pinyin + word")
    yield Case(f"{dice.choice(('www', 'm'))}.{read}{dice.choice(PINYIN)}.com", "pinyin + word")
    yield Case(f"{dice.choice(PINYIN)}-{read}.{dice.choice(ENDINGS)}", "pinyin + word")
    yield Case(puny(f"{name}{dice.choice(HAN_WORDS)}") + ".com", "han + word")
    yield Case(puny(name) + ".cn", "han")


def kana_imitations(name: str, dice: random.Random) -> Iterator[Case]:
    read = romanised(name)[0]
    yield Case(f"{read}-{dice.choice(SELLING)}.{dice.choice(ENDINGS)}", "romaji + word")
    yield Case(puny(name + dice.choice(("グッズ", "ショップ", "通販"))) + ".jp", "kana + word")


def innocent(name: str, dice: random.Random) -> Iterator[Case]:
    """Domain names that hold some of a Latin name's letters, and nothing of its work."""
    parts, everyday = name.lower().split(), _dictionary(4, 10)
    ending = dice.choice(ENDINGS)
    yield Case(f"{dice.choice(everyday)}{dice.choice(everyday)}.{ending}", "other words")
    yield Case(f"{dice.choice(everyday)}-{dice.choice(SELLING)}.{ending}", "other words")
    yield Case(f"{_word(dice, 3)}{dice.choice(SELLING)}.{ending}", "other brand")
    yield Case(f"{_word(dice, 2)}-{_word(dice, 2)}.{ending}", "other brand")
    yield Case(f"{dice.choice(SELLING)}{dice.choice(PIRACY)}.{ending}".replace("--", "-"), "affixes only")
    if len(parts) == 2:
        yield Case(f"{parts[0]}{dice.choice(SELLING)}.{ending}", "one word of two")
        yield Case(f"{parts[1]}-{dice.choice(everyday)}.{ending}", "one word of two")
        yield Case(f"{parts[0]}-{dice.choice(everyday)}-{parts[1]}.{ending}", "words apart")
        yield Case(f"{parts[0]}{dice.choice(everyday)}.{ending}", "one word of two")
    yield from (Case(f"{label}.{ending}", "straddle") for label in _straddles(parts, dice))
    yield from (Case(f"{word}.{ending}", "inside a word") for word in _holding("".join(parts))[:3])
    yield from (Case(f"{word}.{ending}", "near word") for word in _near("".join(parts)))


def short_and_innocent(name: str, dice: random.Random) -> Iterator[Case]:
    """Words that hold a short name."""
    holding = _holding(name)[:400]
    for word in dice.sample(holding, min(4, len(holding))):
        yield Case(f"{word}.{dice.choice(ENDINGS)}", "short name in a word")
        yield Case(f"{word}{dice.choice(SELLING)}.{dice.choice(ENDINGS)}", "short name in a word")


def puny(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _typos(joined: str, dice: random.Random) -> list[tuple[str, str]]:
    at = dice.randrange(1, len(joined) - 1)
    spot = next((n for n in range(at, len(joined) - 1) if joined[n] != joined[n + 1]), 0)
    letter = dice.choice("abcdefghijklmnopqrstuvwxyz".replace(joined[at], ""))
    made = [
        (joined[:at] + joined[at + 1 :], "omission"),
        (joined[:at] + joined[at] + joined[at:], "doubling"),
        (joined[:spot] + joined[spot + 1] + joined[spot] + joined[spot + 2 :], "transposition"),
        (joined[:at] + KEYS[joined[at]] + joined[at + 1 :], "next key"),
        (joined[:at] + letter + joined[at + 1 :], "substitution"),
        (joined[:at] + letter + joined[at:], "insertion"),
    ]
    dice.shuffle(made)
    return [(label, family) for label, family in made if label != joined]


def _disguised(joined: str, dice: random.Random) -> Iterator[Case]:
    ending = dice.choice(ENDINGS)
    for table, family in ((CYRILLIC, "cyrillic"), (MARKED, "marks"), (LEET, "leet")):
        places = [n for n, c in enumerate(joined) if c in table]
        if places:
            at = dice.choice(places)
            changed = joined[:at] + table[joined[at]] + joined[at + 1 :]
            yield Case(f"{puny(changed)}.{ending}", family)
            yield Case(f"{puny(changed + dice.choice(SELLING))}.{ending}", f"{family} + word")
    everywhere = "".join(CYRILLIC.get(c, c) for c in joined)
    if not everywhere.isascii():
        yield Case(f"{puny(everywhere)}.{ending}", "cyrillic")
    for one, other in (("m", "rn"), ("w", "vv"), ("l", "i"), ("d", "cl")):
        if one in joined:
            yield Case(f"{joined.replace(one, other, 1)}.{ending}", "pairs")


def _straddles(parts: list[str], dice: random.Random) -> Iterator[str]:
    """Everyday words laid end to end so that their letters hold the name across an edge: lodestar + lantern."""
    lexicon, joined = _dictionary(3, 12), "".join(parts)
    for cut in range(2, len(joined) - 1):
        first = [w for w in lexicon if w.endswith(joined[:cut])]
        last = [w for w in lexicon if w.startswith(joined[cut:])]
        if first and last:
            both = dice.choice(first) + dice.choice(last)
            if both not in (joined, f"{joined}s") and (cut != len(parts[0]) or not both.startswith(joined)):
                yield both


def _holding(joined: str) -> list[str]:
    return [w for w in words("en") if joined in w and w not in (joined, f"{joined}s")]


def _near(joined: str) -> list[str]:
    """Everyday words one letter away."""
    letters = ("", *"abcdefghijklmnopqrstuvwxyz")
    near = {
        joined[:at] + letter + joined[at + more :]
        for at in range(len(joined))
        for letter in letters
        for more in (0, 1)
    }
    return sorted(near & set(words("en")) - {joined, f"{joined}s"})


def _word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(ONSETS) + dice.choice(VOWELS) + dice.choice(CODAS) for _ in range(syllables))


def _dictionary(shortest: int, longest: int) -> list[str]:
    return [w for w, rank in words("en").items() if shortest <= len(w) <= longest and 300 < rank < 15_000]


def everyday_name(dice: random.Random) -> str:
    """A work whose name is an everyday word."""
    return dice.choice(_dictionary(5, 9)).title()


def everyday_and_innocent(name: str, dice: random.Random) -> Iterator[Case]:
    """Domain names that use an everyday word as everybody does."""
    for _ in range(2):
        yield Case(
            f"{name.lower()}{dice.choice(('', '-'))}{dice.choice(_dictionary(5, 9))}.com",
            "everyday word used",
        )
    yield Case(f"{dice.choice(_dictionary(5, 9))}-{name.lower()}.org", "everyday word used")
    yield from (Case(f"{word}.net", "near word") for word in _near(name.lower())[:4])


def everyday_imitations(name: str, dice: random.Random) -> Iterator[Case]:
    """Domain names that use one for goods or copies of the work."""
    yield Case(f"{name.lower()}-{dice.choice(SELLING)}.com", "everyday word + word")
    yield Case(f"{name.lower()}{dice.choice(PIRACY)}.{dice.choice(ENDINGS)}", "everyday word + word")
