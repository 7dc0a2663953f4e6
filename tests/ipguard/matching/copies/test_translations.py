"""A translation shares no letters with its original, but its names come in the same order: a weak sign, and never more."""

import random

import pytest

from ipguard.matching.copies.index import OwnedText
from ipguard.matching.copies.translations import Cast, TranslationMatcher, beyond_chance
from ipguard.matching.reasons import render
from ipguard.matching.score import verdicts

CAST = [
    ("Mira", "米拉", "Мир*", "ミラ"), ("Benno", "本诺", "Бенно", "ベンノ"), ("Corin", "科林", "Корин*", "コリン"), ("Petra", "佩特拉", "Петр*", "ペトラ"),
    ("Osric", "奥斯里克", "Осрик*", "オズリック"), ("Tamsin", "塔姆辛", "Тамсин", "タムシン"), ("Saltmere", "盐湖镇", "Солемер*", "ソルトミア"),
]  # fmt: skip
LANGUAGE = {"en": 0, "zh": 1, "ru": 2, "ja": 3}
FILLER = {
    "en": " walked on in the rain, ",
    "zh": "在雨里继续走，",
    "ru": " шёл под дождём, ",
    "ja": "は雨の中を歩いた、",
}


def story(seed: int, mentions: int = 240) -> list[int]:
    """Who is mentioned when: a few people share each scene."""
    dice = random.Random(seed)
    order: list[int] = []
    while len(order) < mentions:
        scene = dice.sample(range(len(CAST)), 3)
        order += dice.choices(scene, k=dice.randint(6, 20))
    return order


def written(order: list[int], language: str, seed: int, changed: float = 0.0) -> str:
    """The story in a language; `changed` of the mentions are left out (he, she) or put in twice by the translator."""
    dice = random.Random(seed)
    parts = []
    for n, who in enumerate(order):
        if n % 60 == 0:
            parts.append(
                f"\n第{n // 60 + 1}章\n" if language in ("zh", "ja") else f"\nChapter {n // 60 + 1}\n"
            )
        if dice.random() >= changed:
            parts.append(CAST[who][LANGUAGE[language]].rstrip("*") + FILLER[language])
    return "".join(parts)


OWNED = [OwnedText(f"w{n}", f"w{n}.txt", written(story(n), "zh", n)) for n in range(3)]
MATCHER = TranslationMatcher([Cast(spelled[0], spelled) for spelled in CAST], OWNED)


@pytest.mark.parametrize("language", ["en", "ru", "ja"])
@pytest.mark.parametrize("changed", [0.0, 0.15, 0.25])
def test_a_translation_is_found_by_the_order_of_names(language, changed):
    found = MATCHER.match_text(written(story(1), language, 9, changed), "seen")

    assert [f.work for f in found] == ["w1"]


def test_one_chapter_of_many_is_found():
    assert [f.work for f in MATCHER.match_text(written(story(2)[60:160], "en", 3, 0.1))] == ["w2"]


@pytest.mark.parametrize("seed", range(20, 30))
def test_another_story_with_the_same_people_is_not(seed):
    assert MATCHER.match_text(written(story(seed), "en", seed)) == []


def test_it_is_a_weak_sign_that_raises_nothing_alone():
    (found,) = MATCHER.match_text(written(story(0), "en", 1))

    assert found.weak
    assert found.place.verdict == "review"
    assert found.place.method == "names"
    assert not verdicts([found])[0].match
    assert found.reason.values["chapters"] == "5/5"
    assert "weak" in render(found.reason, "en")
    assert "弱信号" in render(found.reason, "zh")


def test_too_few_mentions_say_nothing():
    assert beyond_chance(["a", "b", "c", "d"] * 4, ["a", "b", "c", "d"] * 4) == 0.0
    assert beyond_chance(["a", "b"] * 40, ["a", "b"] * 40) == 0.0
