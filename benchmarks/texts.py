"""Texts for the copy detector, made by a seeded grammar of our own: Chinese and English tales, and ways to change them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

PEOPLE_EN = [
    "Mira",
    "Toll",
    "Benno",
    "Ashvale",
    "Corin",
    "Wick",
    "Petra",
    "Lune",
    "Osric",
    "Vane",
    "Tamsin",
    "Holt",
]
PEOPLE_ZH = ["苏砚", "林澈", "白榆", "沈昭", "顾棠", "江黎", "温瑜", "陆沉"]
EN = {
    "who": ["{a} courier", "{a} keeper", "{a} fox", "{a} sister", "{a} clockmaker", "{a} ferryman", "{p}", "{p} and {p}"],
    "verb": ["carried", "hid", "mended", "forgot", "sold", "counted", "buried", "painted", "whispered over", "weighed", "returned", "stole", "drew", "polished", "burned", "followed", "unwrapped", "refused"],
    "what": ["the {a} {n}", "{d} {n}s", "a {n} of {m}", "her {a} {n}", "the last {n}", "a {a} {n} and {d} {n}s"],
    "where": ["{r} the {l}", "{r} a {a} {l}", "{r} {d} {l}s", "{r} her {l}"],
    "when": ["before the {n}", "when the {m} turned {a}", "on the {o} day", "after the {n} had gone", "long past {d}", "in the year of {d} {n}s"],
    "why": ["because the {l} had asked", "as nobody else would", "for {d} {n}s of {m}", "so that the {l} might sleep", "although the {n} was {a}", "and {p} said nothing"],
}  # fmt: skip
WORDS_EN = {
    "a": ["old", "night", "young", "copper", "drowned", "blue", "broken", "unsigned", "empty", "pale", "tall", "wet", "thin", "loud", "crooked", "silver", "borrowed", "patient", "hollow", "green", "sour", "distant", "twin", "salted"],
    "n": ["lantern", "letter", "map", "coat", "jar", "bell", "compass", "promise", "table", "tooth", "candle", "ledger", "kite", "basket", "mirror", "needle", "rope", "seal", "knife", "button", "feather", "drum", "ladle", "boot"],
    "m": ["sand", "snow", "moss", "salt", "smoke", "wool", "glass", "rust", "honey", "ash", "chalk", "thread"],
    "l": ["stair", "flat", "theatre", "bridge", "bakery", "orchard", "well", "tower", "mill", "quay", "cellar", "gate", "archive", "tannery", "garden", "tunnel", "loft", "kiln"],
    "r": ["under", "beyond", "in", "on", "behind", "beside", "inside", "near", "above", "across"],
    "d": ["two", "three", "four", "five", "six", "seven", "eight", "nine", "eleven", "twelve", "forty", "sixty"],
    "o": ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "ninth", "market", "wedding", "fasting"],
}  # fmt: skip
ZH = {
    "who": ["{a}邮差", "{a}守灯人", "{a}狐狸", "{p}的妹妹", "{a}钟匠", "{a}摆渡人", "{p}", "{p}同{p}", "卖{n}的女人", "{a}学徒"],
    "verb": ["抱走", "藏起", "补好", "忘掉", "卖掉", "数过", "埋下", "画出", "称过", "归还", "拆开", "守着", "偷看", "烧掉", "跟着", "擦亮", "推开"],
    "what": ["{a}{n}", "{d}{u}{n}", "一{u}{m}做的{n}", "{p}的{n}", "{a}{n}和{d}{u}{n}", "半{u}{m}"],
    "where": ["在{l}{r}", "在{a}{l}{r}", "到了{l}{r}", "沿着{l}往{r}走时"],
    "when": ["{n}响起之前", "{m}发{c}的时候", "第{d}个集日", "{n}丢了以后", "过了{d}更", "收{d}季{m}那年", "{l}关门之后"],
    "why": ["因为{l}里有人等", "反正{p}不肯", "为了{d}{u}{m}", "好让{l}睡着", "尽管{n}还{c}着", "对{p}也没有提起", "像是{p}早说好的"],
}  # fmt: skip
WORDS_ZH = {
    "a": ["老", "瘸腿", "青苔色", "夜里", "新来", "沉默", "裂开", "没签字", "借来", "歪斜", "潮湿", "双生", "远方", "空心", "酸涩", "银白", "旧年", "吵闹", "细瘦", "耐心"],
    "n": ["灯笼", "信", "地图", "冬衣", "罐子", "钟", "罗盘", "诺言", "潮汐表", "牙齿", "蜡烛", "账本", "风筝", "篮子", "镜子", "针", "绳子", "印章", "小刀", "纽扣", "羽毛", "鼓", "木勺", "靴子"],
    "m": ["沙", "雪", "青苔", "盐", "烟", "羊毛", "玻璃", "铁锈", "蜂蜜", "灰烬", "粉笔", "丝线"],
    "l": ["楼梯", "盐滩", "戏园", "石桥", "面包铺", "果园", "枯井", "信号塔", "磨坊", "渡口", "地窖", "城门", "书库", "皮匠铺", "花园", "隧道", "阁楼", "窑洞"],
    "r": ["底下", "那边", "里头", "上头", "后头", "旁边", "深处", "附近", "尽头", "对面"],
    "d": ["两", "三", "四", "五", "六", "七", "八", "九", "十一", "十二", "四十", "六十"],
    "u": ["盏", "封", "张", "件", "罐", "口", "只", "匣", "截", "册", "捆", "把"],
    "c": ["灰", "青", "红", "亮", "暗", "白", "响", "冷"],
}  # fmt: skip
TRADITIONAL = str.maketrans("灯笼账时钟过诺罗盘兰称终归还红蜡烛么岁园渡边尽头签罐远乡处戏写让门着吗说谁灰响对为", "燈籠賬時鐘過諾羅盤蘭稱終歸還紅蠟燭麼歲園渡邊盡頭簽罐遠鄉處戲寫讓門著嗎說誰灰響對為")  # fmt: skip


def tale(language: str, seed: int, letters: int = 3000) -> str:
    """A tale of about `letters` characters; two seeds share words and turns, never their order for long."""
    dice = random.Random(f"{language}{seed}")
    made: list[str] = []
    size = 0
    while size < letters:
        sentence = _chinese(dice) if language == "zh" else _english(dice)
        made.append(sentence)
        size += len(sentence)
        if dice.random() < 0.15:
            made.append("\n")
    return "".join(made)


def _english(dice: random.Random) -> str:
    shape = dice.choice(
        (
            "{when}, {who} {verb} {what} {where}, {why}. ",
            "{who} {verb} {what} {why}, {when}. ",
            "{where} {who} {verb} {what} {when} and {who} {verb} {what}. ",
        )
    )
    line = _filled(shape, {**EN, **WORDS_EN, "p": PEOPLE_EN}, dice)
    return line[0].upper() + line[1:]


def _chinese(dice: random.Random) -> str:
    shape = dice.choice(("{when}，{who}{where}{verb}{what}，{why}。", "{who}{verb}了{what}，{why}，那是{when}。", "{where}，{who}{verb}{what}，{when}又{verb}{what}。"))  # fmt: skip
    return _filled(shape, {**ZH, **WORDS_ZH, "p": PEOPLE_ZH}, dice)


def _filled(shape: str, words: dict[str, list[str]], dice: random.Random) -> str:
    """A shape with every slot filled by the dice, slots in what was filled in too."""
    while (found := re.search(r"\{(\w+)\}", shape)) is not None:
        shape = shape[: found.start()] + dice.choice(words[found[1]]) + shape[found.end() :]
    return shape


def sentences(text: str) -> list[str]:
    """A text cut after its full stops."""
    return [part + stop for stop in "。." if stop in text for part in text.split(stop) if part.strip()]


def replaced(text: str, share: float, seed: int) -> str:
    """`share` of the characters exchanged for other ones of the text."""
    dice = random.Random(seed)
    letters = [c for c in text if c.isalnum()]
    return "".join(dice.choice(letters) if c.isalnum() and dice.random() < share else c for c in text)


def edited(text: str, share: float, seed: int) -> str:
    """`share` of the characters left out, put in or exchanged, a third each."""
    dice = random.Random(seed)
    out: list[str] = []
    for character in text:
        roll = dice.random()
        if roll < share / 3:
            continue
        out.append(dice.choice(text) if roll < 2 * share / 3 else character)
        if 2 * share / 3 <= roll < share:
            out.append(dice.choice(text))
    return "".join(out)


def shuffled(text: str, seed: int) -> str:
    """Its sentences in another order."""
    parts = sentences(text)
    random.Random(seed).shuffle(parts)
    return "".join(parts)


def noisy(text: str, signs: str, seed: int) -> str:
    """Signs put between a third of the letters."""
    dice = random.Random(seed)
    return "".join(c + (dice.choice(signs) if dice.random() < 0.33 else "") for c in text)


def excerpt(text: str, host: str, share: float, seed: int) -> str:
    """A new text of which `share` is a stretch of `text`, in the middle of `host`."""
    size = int(len(host) * share / (1 - share))
    start = random.Random(seed).randrange(max(1, len(text) - size))
    middle = len(host) // 2
    return host[:middle] + text[start : start + size] + host[middle:]


def widened(text: str) -> str:
    """ASCII letters and digits at full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


Change = Callable[[str, str, int], str]
CHANGES: Mapping[str, Change] = {
    "exact": lambda text, _host, _n: text,
    "5 % replaced": lambda text, _host, n: replaced(text, 0.05, n),
    "15 % replaced": lambda text, _host, n: replaced(text, 0.15, n),
    "10 % edited": lambda text, _host, n: edited(text, 0.1, n),
    "sentences shuffled": lambda text, _host, n: shuffled(text, n),
    "zero-width": lambda text, _host, n: noisy(text, "\u200b\u200d\u2060\u00ad", n),
    "punctuation": lambda text, _host, n: noisy(text, "·-_，. *", n),
    "20 % excerpt": lambda text, host, n: excerpt(text, host, 0.2, n),
    "traditional, full width": lambda text, _host, _n: widened(text).translate(TRADITIONAL),
    "unrelated": lambda _text, host, _n: host,
}
"""What may be done to a text: (text, an unrelated text, seed) → another text."""
