"""Does a hit stand by itself, or is it part of something else? Rules per script.

Neighbours are taken from the folded text, where nothing invisible stands between letters, and looked at as they were
written. Without these rules "Lodestar Lanternfish" holds "Star Lantern", and 流星灯饰 holds 星灯.
"""

from __future__ import annotations

from ipguard.matching.text.scripts import Script, script_of
from ipguard.matching.text.views import Hit

MAX_GAP = 3
"""Signs between two letters of a name, at most."""
KOREAN_PARTICLES = (
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "와",
    "과",
    "도",
    "로",
    "으로",
    "만",
    "풍",
)
BESIDE = 8
"""Characters looked at on either side of a short Han name."""
LEFT_CUES = (
    "正版",
    "正品",
    "官方",
    "原装",
    "全新",
    "现货",
    "热卖",
    "新款",
    "二手",
    "日本",
    "进口",
    "限定",
    "动漫",
    "动画",
    "游戏",
    "代购",
    "同款",
    "高仿",
    "盗版",
    "的",
    "款",
    "版",
)
RIGHT_CUES = ("周边", "手办", "立牌", "亚克力", "t恤", "短袖", "卫衣", "马克杯", "杯", "海报", "挂画", "贴纸", "抱枕", "玩偶", "毛绒", "公仔", "徽章", "吧唧",
              "钥匙", "挂件", "手机壳", "扭蛋", "盒", "模型", "谷", "卡", "鼠标", "同款", "正版", "官方", "动漫", "动画", "漫画", "游戏", "私服", "同人", "的", "款", "图案", "印花", "壁纸", "角色")  # fmt: skip
"""Folded words that stand right beside a name and leave it whole."""


def stands_alone(hit: Hit) -> bool:
    """Whether a hit begins and ends where a word may."""
    return _left_edge(hit) and _right_edge(hit)


def straddles_han(hit: Hit) -> bool:
    """Whether Han characters touch a hit and may be parts of other words with its own."""
    text = hit.views.base.text
    before, after = text[max(0, hit.first - BESIDE) : hit.first], text[hit.last : hit.last + BESIDE]
    left = (
        bool(before) and script_of(before[-1]) is Script.HAN and not before.endswith(LEFT_CUES + RIGHT_CUES)
    )
    right = bool(after) and script_of(after[0]) is Script.HAN and not after.startswith(RIGHT_CUES)
    return left or right


def touches_han(hit: Hit) -> bool:
    """Whether Han characters stand right beside a hit."""
    text = hit.views.base.text
    beside = (text[hit.first - 1 : hit.first] if hit.first else "", text[hit.last : hit.last + 1])
    return any(one and script_of(one) is Script.HAN for one in beside)


def gaps_are_sound(hit: Hit, letters: int) -> bool:
    """Whether what stands between the letters of a hit is little, or the same everywhere."""
    gaps: list[str] = []
    gap = ""
    for character in hit.views.base.text[hit.first : hit.last]:
        if script_of(character) is Script.NONE:
            gap += character
        else:
            gaps.append(gap)
            gap = ""
    inner = [one for one in gaps[1:] if one]
    if any("\n" in one or len(one) > MAX_GAP for one in inner):
        return False
    return len(inner) <= max(2, letters // 3) or len(set(inner)) <= 2


def _left_edge(hit: Hit) -> bool:
    before, first = hit.glyph(hit.first - 1), hit.glyph(hit.first)
    if not before:
        return True
    kind = script_of(first)
    if kind is Script.SPACED:
        return script_of(before) is not Script.SPACED or (before.islower() and first.isupper())
    if kind in (Script.KATAKANA, Script.HANGUL):
        return script_of(before) is not kind
    return True


def _right_edge(hit: Hit) -> bool:
    last, after = hit.glyph(hit.last - 1), hit.glyph(hit.last)
    if not after:
        return True
    kind = script_of(last)
    if kind is Script.SPACED:
        if script_of(after) is not Script.SPACED or (last.islower() and after.isupper()):
            return True
        beyond = hit.glyph(hit.last + 1)
        return after in "sS" and (not beyond or script_of(beyond) is not Script.SPACED)
    if kind is Script.KATAKANA:
        return script_of(after) is not kind and after != "ー"
    if kind is Script.HANGUL:
        run = ""
        while script_of(hit.glyph(hit.last + len(run)) or " ") is Script.HANGUL and len(run) < 4:
            run += hit.glyph(hit.last + len(run))
        return not run or run in KOREAN_PARTICLES
    return True
