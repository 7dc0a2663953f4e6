"""Invented names of many scripts, the ways in which sellers hide them, and listings that hold none: all by seeded dice.

Written by hand and by dice, not from the matcher's own tables, so that what they measure is not what they were made of.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

FIRST = "amber ash brindle cinder coral dusk ember fable frost gilded hollow indigo ivory juniper moss nettle opal pale quartz russet saffron silver sable tidal umber velvet willow winter zephyr thistle".split()
SECOND = "archive bastion cartographer choir courier cradle dynasty fathom garrison harbor herald lantern labyrinth marionette mariner minstrel navigator oracle orchard pilgrim regent reverie sentinel serenade sparrow tempest voyager warden weaver wyvern".split()
SYLLABLES = "ka lo ri ven dar shi mel tor qua zen bri fal nor thi wex yul dra pem sol vik ara hin gos".split()
HAN = list("星灯苔雷霆潮狐绒岚霜烬鲸澜墨羽瑶琉璃凛渊樱砚珀翎焰雾霞棠鹿薄荷黎曜晷槐岭鹤")
KANA = "アイウエカキクケコサシスセタチツテトナニヌネハヒフホマミムメモラリルレロ"
HANGUL = list("별등이끼배달빛나래솔숲안개서리노을하람미르다온새벽바람여울")
CYRILLIC = "моховой звёздный янтарный серебряный туманный полынный северный ледяной".split()
CYRILLIC_2 = "фонарь курьер лабиринт странник хранитель дозорный менестрель архивариус".split()
THAI = ["โคมดาว", "จิ้งจอกทะเล", "นักเดินทางหมอก", "เงาจันทรา", "มังกรหยก", "ผู้พิทักษ์ลม"]
VIETNAMESE = [
    "Đèn Sao Đêm",
    "Cáo Thủy Triều",
    "Lữ Khách Sương Mù",
    "Rồng Ngọc Xanh",
    "Gió Mùa Bạc",
    "Người Gác Rừng",
]
ARABIC = ["فانوس النجوم", "ثعلب البحر", "حارس الضباب", "تنين اليشم", "رياح الفضة", "مسافر الظلام"]
SPANISH = [
    "Zorro de Marea",
    "Faro Estelar",
    "Musgo Errante",
    "Niebla Carmesí",
    "Duende Plateado",
    "Reino Sumergido",
]

FRAMES = {
    "en": ["{} t-shirt unisex", "new {} poster A3 free shipping", "{}", "cute {} plush 20cm", "{} acrylic stand gift for fans", "cosplay costume {} size M"],
    "zh": ["【現貨】{} 周边", "{} 手办 包邮", "动漫 {} 立牌", "{}", "高仿 {} 抱枕", "{} 亚克力 挂件 定制"],
    "ja": ["{} グッズ 新品", "{} アクリルスタンド", "{} フィギュア 限定", "コスプレ {} 衣装"],
    "ko": ["{} 굿즈 새상품", "{} 피규어", "{} 키링 팝니다", "{} 아크릴 스탠드"],
    "ru": ["{} футболка", "фигурка {} 15 см", "{} брелок аниме", "плакат {} А3"],
    "th": ["{} พวงกุญแจ", "เสื้อยืด {}", "{} ฟิกเกอร์ พร้อมส่ง"],
    "vi": ["áo thun {}", "móc khóa {} giá rẻ", "{} mô hình"],
    "ar": ["تيشيرت {}", "مجسم {} جديد", "{} دمية"],
    "es": ["camiseta {}", "{} llavero regalo", "peluche {} 25 cm"],
}  # fmt: skip

LOOK = {"a": "аɑα", "c": "сϲ", "e": "еҽ", "i": "іı", "o": "оοօ", "p": "рρ", "s": "ѕ", "t": "тτ", "x": "х", "y": "у", "n": "ոп", "u": "υս", "r": "г",
        "h": "һ", "v": "ν", "k": "кκ", "m": "м", "b": "ь", "d": "ԁ", "w": "ԝш", "g": "ɡց", "l": "ӏ"}  # fmt: skip
LATIN_FOR_CYRILLIC = {
    "а": "a",
    "е": "e",
    "о": "o",
    "р": "p",
    "с": "c",
    "у": "y",
    "х": "x",
    "к": "k",
    "м": "m",
    "н": "h",
    "т": "t",
    "в": "b",
    "і": "i",
}
LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1|", "b": "8", "g": "9"}
SMALL = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
FANCY = dict(zip("abcdefghijklmnopqrstuvwxyz", "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙", strict=True))
STYLED = (
    0x1D400,
    0x1D4D0,
    0x1D56C,
    0x1D5D4,
    0x1D608,
    0x1D63C,
    0x1D670,
    0x24B6,
    0xFF21,
    0x1F130,
    0x1F150,
    0x1F170,
    0x1F1E6,
)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800\u034f\u180e\u2063\ufe0f\u202e\u2066"
TRADITIONAL = dict(zip("灯岚烬鲸澜黎雾荷岭鹤绒", "燈嵐燼鯨瀾黎霧荷嶺鶴絨", strict=True))
HOMOPHONES = {"星": "兴猩", "灯": "登蹬", "苔": "台抬", "雷": "擂镭", "霆": "婷廷", "潮": "朝巢", "狐": "湖壶", "岚": "蓝兰", "霜": "双孀", "烬": "进近", "鲸": "京晶",
              "澜": "兰栏", "墨": "默莫", "羽": "雨语", "渊": "冤鸳", "樱": "英婴", "砚": "燕艳", "焰": "艳雁", "雾": "物务", "霞": "侠瞎", "棠": "堂糖", "鹿": "路陆", "曜": "耀药", "岭": "领", "鹤": "贺赫", "凛": "廪", "琉": "流留", "璃": "离梨", "黎": "离梨", "槐": "怀淮", "翎": "灵铃", "瑶": "遥谣"}  # fmt: skip
PHONETIC = (
    ("ph", "f"),
    ("c", "k"),
    ("er", "ur"),
    ("er", "ar"),
    ("i", "y"),
    ("qu", "kw"),
    ("s", "z"),
    ("ck", "k"),
    ("y", "i"),
    ("or", "er"),
    ("e", "ee"),
    ("v", "f"),
    ("tt", "t"),
    ("ou", "oo"),
    ("ar", "aar"),
    ("ea", "ee"),
)
ROMAJI = {"ア": "a", "イ": "i", "ウ": "u", "エ": "e", "カ": "ka", "キ": "ki", "ク": "ku", "ケ": "ke", "コ": "ko", "サ": "sa", "シ": "shi", "ス": "su", "セ": "se", "タ": "ta", "チ": "chi", "ツ": "tsu",
          "テ": "te", "ト": "to", "ナ": "na", "ニ": "ni", "ヌ": "nu", "ネ": "ne", "ハ": "ha", "ヒ": "hi", "フ": "fu", "ホ": "ho", "マ": "ma", "ミ": "mi", "ム": "mu", "メ": "me", "モ": "mo", "ラ": "ra", "リ": "ri", "ル": "ru", "レ": "re", "ロ": "ro"}  # fmt: skip

Dice = random.Random


@dataclass(frozen=True)
class Made:
    """A listing, the name that it holds, and how that is written."""

    text: str
    name: str
    written: str


def names(language: str, count: int, dice: Dice) -> list[str]:
    """Different invented names of one language."""
    fixed = {"th": THAI, "vi": VIETNAMESE, "ar": ARABIC, "es": SPANISH}
    found: dict[str, None] = {}
    while len(found) < count:
        if language in fixed:
            return fixed[language][:count]
        found[_name(language, dice)] = None
    return list(found)


def _name(language: str, dice: Dice) -> str:
    match language:
        case "en":
            return f"{dice.choice(FIRST)} {dice.choice(SECOND)}".title()
        case "single":
            return "".join(dice.choices(SYLLABLES, k=dice.choice((3, 4)))).title()
        case "zh":
            return "".join(dice.sample(HAN, dice.choice((3, 4, 4, 5))))
        case "zh2":
            return "".join(dice.sample(HAN, 2))
        case "ja":
            return "".join(dice.sample(KANA, dice.choice((5, 6, 7))))
        case "ko":
            return "".join(dice.sample(HANGUL, dice.choice((4, 5))))
        case _:
            return f"{dice.choice(CYRILLIC)} {dice.choice(CYRILLIC_2)}".capitalize()


def some(name: str, dice: Dice, table: dict[str, str], share: float) -> str:
    """About that share of the letters that have a row replaced, one at least."""
    spots = [n for n, c in enumerate(name) if c.lower() in table]
    chosen = set(dice.sample(spots, max(1, round(len(spots) * share)))) if spots else set()
    return "".join(dice.choice(table[c.lower()]) if n in chosen else c for n, c in enumerate(name))


def styled(name: str, dice: Dice) -> str:
    base = dice.choice((*STYLED, -1, -2))
    if base < 0:
        table = SMALL if base == -1 else FANCY
        return "".join(table.get(c.lower(), c) for c in name)
    return "".join(chr(base + ord(c.upper()) - 65) if c.isascii() and c.isalpha() else c for c in name)


def spread(name: str, sign: str) -> str:
    return "".join(c if c == " " else c + sign for c in name).rstrip(sign)


def invisible(name: str, dice: Dice) -> str:
    return "".join(c + (dice.choice(INVISIBLE) if dice.random() < 0.5 else "") for c in name[:-1]) + name[-1]


def misspelt(name: str, dice: Dice) -> str:
    spots = [n for n in range(1, len(name) - 2) if name[n] != " " and name[n + 1] != " "]
    at = dice.choice(spots)
    match dice.choice("dxsr"):
        case "d":
            return name[:at] + name[at] + name[at:]
        case "x":
            return name[:at] + name[at + 1 :]
        case "s":
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        case _:
            return name[:at] + dice.choice([c for c in "aeiourstnl" if c != name[at]]) + name[at + 1 :]


def phonetic(name: str, dice: Dice) -> str:
    fitting = [(a, b) for a, b in PHONETIC if a in name.lower()[1:]]
    written = name.lower()
    for old, new in dice.sample(fitting, min(len(fitting), dice.choice((1, 2)))):
        at = written.find(old, 1)
        if at > 0:
            written = written[:at] + new + written[at + len(old) :]
    return written.title()


def masked(name: str, dice: Dice) -> str:
    spots = [n for n, c in enumerate(name) if c != " " and n > 0]
    chosen = set(dice.sample(spots, max(1, len(spots) // 4)))
    sign = dice.choice("*●○_#★■＊🔥")
    return "".join(sign if n in chosen else c for n, c in enumerate(name))


def entities(name: str, dice: Dice) -> str:
    kind = dice.choice("dxpt")
    if kind == "p":
        return "".join("".join(f"%{b:02X}" for b in c.encode()) if dice.random() < 0.6 else c for c in name)
    if kind == "t":
        at = dice.randrange(1, len(name))
        return name[:at] + dice.choice(("<b></b>", "<wbr>", "</span><span>", "<!-- x -->")) + name[at:]
    form = "&#{};" if kind == "d" else "&#x{:x};"
    return "".join(form.format(ord(c)) if dice.random() < 0.5 else c for c in name)


def combined(name: str, dice: Dice) -> str:
    return invisible(some(name.upper() if dice.random() < 0.3 else name, dice, LOOK, 0.4), dice)


Family = tuple[str, Callable[[str, Dice], str]]
FAMILIES: dict[str, list[Family]] = {
    "plain": [(lang, lambda n, d: n) for lang in ("en", "single", "zh", "zh2", "ja", "ko", "ru", "th", "vi", "ar", "es")],
    "case": [(lang, lambda n, d: d.choice([n.upper(), n.lower(), n.swapcase()])) for lang in ("en", "single", "ru", "vi", "es")],
    "hashtag": [(lang, lambda n, d: "#" + n.replace(" ", "")) for lang in ("en", "single", "zh", "ko", "ru", "es")],
    "joined": [("en", lambda n, d: n.replace(" ", d.choice(["", "-", "_", ".", "+", "/"]))), ("es", lambda n, d: n.replace(" ", d.choice(["", "-", "_"]))),
               ("en", lambda n, d: n.lower().replace(" ", "") + d.choice(["merch", "plush", "poster", "shirt"]))],
    "homoglyph": [("en", lambda n, d: some(n, d, LOOK, 0.5)), ("single", lambda n, d: some(n, d, LOOK, 0.5)), ("ru", lambda n, d: some(n, d, LATIN_FOR_CYRILLIC, 0.5))],
    "styled": [("en", styled), ("single", styled)],
    "leet": [("en", lambda n, d: some(n, d, LEET, 0.4)), ("single", lambda n, d: some(n, d, LEET, 0.4))],
    "punct": [(lang, lambda n, d: spread(n, d.choice(".·-*_~'"))) for lang in ("en", "single", "ru", "ko")],
    "spacing": [("en", lambda n, d: " ".join(n.replace(" ", ""))), ("single", lambda n, d: " ".join(n)), ("ru", lambda n, d: " ".join(n.replace(" ", "")))],
    "zero_width": [(lang, invisible) for lang in ("en", "single", "zh", "ja", "ko", "ru", "th", "vi", "ar")],
    "emoji": [("en", lambda n, d: n.replace(" ", d.choice("🌟✨🔥💫"))), ("en", lambda n, d: spread(n, d.choice("🌟✨🔥"))), ("zh", lambda n, d: n[:1] + d.choice("🌟✨🔥") + n[1:])],
    "cjk_sep": [(lang, lambda n, d: spread(n, d.choice("·|/丨.-・ ~"))) for lang in ("zh", "zh2", "ja", "ko")],
    "diacritics": [("en", lambda n, d: "".join(c + (d.choice("\u0301\u0308\u0323\u0334\u0336") if c.isalpha() else "") for c in n)),
                   ("single", lambda n, d: some(n, d, {"a": "áäâå", "e": "éëê", "i": "íïî", "o": "óöô", "u": "úüû", "n": "ñň", "s": "šş", "r": "ř", "l": "ł"}, 0.7))],
    "html": [(lang, entities) for lang in ("en", "zh", "ja", "ru")],
    "variants": [("zh", lambda n, d: "".join(TRADITIONAL.get(c, c) for c in n)), ("ja", lambda n, d: "".join(chr(ord(c) - 0x60) for c in n))],
    "homophone": [("zh", lambda n, d: some(n, d, HOMOPHONES, 0.3))],
    "romanised": [("ja", lambda n, d: "".join(ROMAJI[c] for c in n))],
    "misspell": [("en", misspelt), ("en", misspelt), ("single", misspelt), ("ru", misspelt), ("es", misspelt)],
    "phonetic": [("en", phonetic)],
    "mask": [(lang, masked) for lang in ("en", "single", "zh", "ru")],
    "word_order": [("en", lambda n, d: " ".join(reversed(n.split())))],
    "inflected": [("ru", lambda n, d: " ".join(w[:-2] + ("ого" if w.endswith(("ый", "ой")) else w[-2:] ) if w.endswith(("ый", "ой")) else (w[:-1] + "я" if w.endswith("ь") else w + "а") for w in n.split()))],
    "combined": [("en", combined), ("single", combined)],
}  # fmt: skip
"""Family → (language of the name, how it is written)."""


def positives(family: str, known: dict[str, list[str]], count: int) -> list[Made]:
    """Listings of one family."""
    dice = random.Random(f"ipguard {family}")
    made: list[Made] = []
    for _ in range(count * 4):
        language, change = dice.choice(FAMILIES[family])
        name = dice.choice(known[language])
        written = change(name, dice)
        if (written != name) == (family != "plain"):
            frames = FRAMES[{"single": "en", "zh2": "zh"}.get(language, language)]
            if (
                family == "word_order"
            ):  # two words alone are no name: this family is looked for in company only
                frames = [frame for frame in frames if frame != "{}"]
            made.append(Made(dice.choice(frames).format(written), name, written))
        if len(made) == count:
            break
    return made


GOODS = {
    "en": "mug poster T-shirt hoodie plush figure keychain sticker case anime vintage wooden blue large set gift new garden camping steel replica".split(),
    "zh": "周边 手办 立牌 抱枕 海报 马克杯 挂件 新款 包邮 客厅 卧室 家用 动漫 游戏 儿童 玩具 复古 不锈钢 正品".split(),
    "ja": "グッズ フィギュア ポスター マグカップ 新品 中古 限定 アニメ ゲーム キャンプ用 木製 ランプ".split(),
    "ko": "굿즈 피규어 포스터 머그컵 키링 새상품 애니 게임 캠핑 조명 원목".split(),
    "ru": "футболка кружка плакат фигурка брелок новый аниме игра садовый уличный светильник".split(),
    "es": "camiseta taza póster llavero peluche nuevo anime jardín vintage lámpara madera".split(),
    "th": "เสื้อยืด แก้ว พวงกุญแจ ตุ๊กตา ใหม่ อนิเมะ โคมไฟ".split(),
    "vi": ["áo thun", "cốc sứ", "móc khóa", "mô hình", "đèn ngủ", "anime", "mới"],
    "ar": "تيشيرت كوب مجسم دمية جديد أنمي مصباح".split(),
}  # fmt: skip
NEWS = [
    "{} review: is the new season worth it?", "{} season 2 trailer and release date announced", "Interview with the director of {}", "{} episode 5 recap and discussion",
    "studio sues sellers of fake {} in court", "police arrested three over {} servers", "新闻：{} 第二季定档", "{} 观后感 剧情分析", "警方打击{}私服 三人被捕", "{} 攻略 盘点",
    "{} ニュース 放送開始", "{} 考察と感想", "{} 리뷰 및 감상평", "обзор {}: стоит ли смотреть", "reseña de {}: análisis sin spoilers", "{} : critique et bande-annonce", "{} Rezension und Nachrichten",
]  # fmt: skip
LICIT = [
    "{} official store officially licensed figure", "Official licensed {} Blu-ray, official shop", "{} 官方旗舰店 正版授权 手办", "官方正版 {} 周边 官方店", "{} 公式ストア 公式グッズ フィギュア",
    "{} 공식 스토어 정품 피규어", "официальный магазин {} лицензия фигурка", "{} producto oficial tienda oficial figura", "{} offizieller Shop lizenziert Figur",
]  # fmt: skip
CODES = "SL-74R-L4N TF-0X1 B08N5WRWNW XQ3-M0SS-99 5T4R-1A 74HC595N AB12-CD34-EF56 M055-C0U-R13R E27-9W-3000K RTX4090-24G".split()


def negatives(known: dict[str, list[str]], count: int) -> dict[str, list[str]]:
    """Kind → listings that hold no name, or that speak of one and sell nothing of a stranger's."""
    dice = random.Random("ipguard negatives")
    latin = known["en"] + known["es"]
    return {
        "random": [_random(dice) for _ in range(count)],
        "straddle": [_straddle(dice.choice(known["en"]), dice) for _ in range(count)],
        "straddle_han": [text for name in known["zh2"] for text in _straddles_han(name, count // 2)],
        "straddle_other": [_inside(dice.choice(known["ja"] + known["ko"] + known["ru"] + known["single"]), dice) for _ in range(count)],
        "one_word": [f"{dice.choice(dice.choice(latin).split())} {' '.join(dice.sample(GOODS['en'], 3))}" for _ in range(count)],
        "other_brand": [text for text in (_brand(dice.choice(known["en"]), dice) for _ in range(count)) if not any(n in text for n in known["en"])],
        "apart": [_apart(dice.choice(known["en"]), dice) for _ in range(count)],
        "codes": [f"{dice.choice(CODES)} {' '.join(dice.sample(GOODS[dice.choice(['en', 'zh', 'ru'])], 2))}" for _ in range(count)],
        "news": [dice.choice(NEWS).format(dice.choice(known["en"] + known["zh"] + known["ja"])) for _ in range(count)],
        "licit": [dice.choice(LICIT).format(dice.choice(known["en"] + known["zh"] + known["ja"])) for _ in range(count)],
    }  # fmt: skip


def _random(dice: Dice) -> str:
    language = dice.choice(list(GOODS))
    words = dice.sample(GOODS[language], min(4, len(GOODS[language])))
    if language == "en":
        words += [dice.choice(FIRST), dice.choice(GOODS["en"])]
    return " ".join(words)


def _straddle(name: str, dice: Dice) -> str:
    """Letters of other words on both sides: lodestar lanternfish."""
    first, last = name.lower().split(" ", 1)
    before, after = (
        dice.choice("lode mu over un cra sea".split()),
        dice.choice("fish ette ous lings ade".split()),
    )
    return f"{before}{first} {last}{after} {dice.choice(GOODS['en'])}"


def _straddles_han(name: str, count: int) -> list[str]:
    """Words of the language of which one ends and one begins with the characters of a name."""
    from ipguard.matching.text.segment import _counts

    common = [word for word, many in _counts().items() if many >= 100 and 2 <= len(word) <= 3]
    left = [word for word in common if word[-1] == name[0]][:count]
    right = [word for word in common if word[0] == name[1]][:count]
    return [f"{a}{b} {good}" for a, b, good in zip(left, right, GOODS["zh"] * 9, strict=False)]


def _inside(name: str, dice: Dice) -> str:
    if name.isascii():
        return f"{dice.choice(['re', 'pro', 'ul'])}{name.lower()}{dice.choice(['mos', 'dix', 'ram'])} {dice.choice(GOODS['en'])}"
    letters = {"ア": "アケ", "가": "갈덕", "а": "пр"}[
        "ア" if "ア" <= name[0] <= "ヺ" else "가" if name[0] >= "가" else "а"
    ]
    return f"{letters}{name}{letters} {dice.choice(GOODS['en'])}"


def _brand(name: str, dice: Dice) -> str:
    """One word of a name with another word where its second was."""
    first, last = name.split(" ", 1)
    other = dice.choice(
        [
            w.title()
            for w in (*FIRST, *SECOND, "wars", "valley", "nation", "crossing")
            if w.title() not in name
        ]
    )
    return dice.choice(
        [f"{first} {other} {dice.choice(GOODS['en'])}", f"{other} {last} {dice.choice(GOODS['en'])}"]
    )


def _apart(name: str, dice: Dice) -> str:
    """The words of a name in different parts of a text."""
    first, last = name.split(" ", 1)
    return f"{last} with {' '.join(dice.sample(GOODS['en'], 3))}, {first} colour, {dice.choice(GOODS['en'])}"
