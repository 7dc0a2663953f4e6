"""A name is tried before it is used: spellings really run through the matcher, collisions are told, aliases proposed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.reasons import LANGUAGES, render, templates
from ipguard.matching.romanise import hepburn, pinyin, revised, romanised
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import WatchedName
from ipguard.matching.watching.against import Counted
from ipguard.matching.watching.aliases import suggestions_for
from ipguard.matching.watching.collisions import collisions_between, everyday_collisions, unsettled
from ipguard.matching.watching.spellings import spellings_of, variant_of
from ipguard.matching.watching.trial import Trial
from ipguard.matching.words.lexicon import costs, cut, everyday


def name(text: str, language: str = "en", work: str = "w", **more) -> WatchedName:
    return WatchedName(work, text, language, **more)


def codes(text: str, language: str = "en", **more) -> set[str]:
    one = name(text, language, **more)
    return {
        c.reason.code.removeprefix("collision.") for c in unsettled(one, everyday_collisions(one).collisions)
    }


@pytest.mark.parametrize(
    "text", ["Star Lantern", "星灯", "ほしのランタン", "별빛등불", "Звёздный фонарь", "Velóur", "A1", "!", ""]
)
def test_no_spelling_is_the_name_itself_and_none_comes_twice(text):
    made = [one.text for one in spellings_of(text)]

    assert text not in made
    assert len(made) == len(set(made))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_text_has_spellings_and_suggestions_without_a_crash(text):
    assert all(one.family for one in spellings_of(text))
    assert all(one.text for one in suggestions_for([name(text, "und")]))


def test_states_are_what_the_matcher_says():
    names = [name("Star Lantern"), name("星灯", "zh")]
    matcher, trial = TextMatcher(names), Trial(names)

    tried = [one for n in names for one in trial.spellings(n) if one.family != "domain"]
    assert {one.family for one in tried} >= {
        "as_listed",
        "lookalike",
        "leet",
        "spaced",
        "pinyin",
        "variant",
        "omission",
        "homophone",
    }
    for one in tried:
        strongest = max((f.strength for f in matcher.match_texts([one.tried.text])[0]), default=0)
        assert (one.tried.state == "alone") == (strongest >= 0.5), one


def test_a_name_that_needs_context_is_found_only_in_company():
    (listed, *_) = Trial([name("Mira", needs_context=True)]).spellings(name("Mira", needs_context=True))

    assert (listed.family, listed.tried.state) == ("as_listed", "in_company")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Kavuru", "en", set()),
        ("Star Lantern", "en", set()),
        ("潮狐物语", "zh", set()),
        ("Mira", "es", {"everyday", "short"}),
        ("Bleach", "en", {"everyday"}),
        ("Fenêtre", "fr", {"everyday"}),
        ("Wasser", "de", {"everyday"}),
        ("世界", "zh", {"everyday", "short_han"}),
        ("星灯", "zh", {"short_han"}),
        ("やきゅう", "ja", set()),
        ("チューリップ", "ja", {"everyday"}),
        ("친구", "ko", {"everyday", "short"}),
        ("Blue Sky", "en", {"phrase"}),
        ("我的世界", "zh", {"phrase"}),
    ],
)
def test_short_and_everyday_names_are_warned_of(text, language, expected):
    assert codes(text, language) == expected


def test_a_warning_is_settled_by_context():
    assert codes("Bleach", needs_context=True) == set()
    assert codes("Bleach", any_of=("anime",)) == set()


def test_names_of_other_works_that_are_equal_alike_or_inside_are_told():
    names = [
        name("Star", work="a"),
        name("Star Lantern", work="b"),
        name("Kavuru", work="c"),
        name("KAVURU!", work="d"),
        name("Kavuro", work="e"),
        name("星灯", "zh", work="f"),
        name("兴登", "zh", work="g"),
        name("Starry", work="h"),
        name("Kavuru Two", work="c"),
    ]
    told = {
        i: {c.reason.code.removeprefix("collision.") for c in found}
        for i, found in collisions_between(names).items()
    }

    assert told[0] == {"inside_name"}
    assert told[2] == {"same", "near"}
    assert told[4] == {"near"}
    assert told[5] == told[6] == {"same_sound"}
    assert 1 not in told
    assert 7 not in told
    assert 8 not in told


def test_aliases_come_with_their_language_and_say_what_is_found_already():
    names = [name("Star Lantern"), name("星灯", "zh"), name("ほしのランタン", "ja")]
    tried = {one.suggestion.text: one for one in Trial(names).suggestions(names)}

    assert tried["xingdeng"].suggestion.language == "zh-Latn"
    assert not tried["xingdeng"].worth_listing
    assert tried["星燈"].suggestion.language == "zh-Hant"
    assert not tried["星燈"].worth_listing
    assert tried["Hoshinorantan"].suggestion.language == "ja-Latn"
    assert tried["SL"].worth_listing
    assert tried["SL"].suggestion.needs_context
    assert {"StarLantern", "Star-Lantern", "ほしのランタンStar Lantern"} <= set(tried)


def test_readings_of_characters_with_several_are_all_suggested():
    texts = {one.text for one in suggestions_for([name("长乐行", "zh")])}

    assert {"changlexing", "zhanglexing"} & texts
    assert sum(t.endswith(("hang", "xing")) for t in texts) >= 2


def test_a_listed_alias_is_not_suggested_again():
    names = [name("Star Lantern"), name("StarLantern")]

    assert "StarLantern" not in {one.text for one in suggestions_for(names)}


def test_alerts_on_lines_are_counted_by_name_with_examples():
    names = [name("Star Lantern"), name("Falcon", work="f")]
    counted = Counted(names)
    counted.add(["Star Lantern poster", "nothing", "st4r l4ntern mug"] * 100)
    counted.add(["falcon blanket"] * 4)

    tally = counted.tallies["w", "Star Lantern"]
    assert (counted.lines, tally.count) == (304, 200)
    assert [(line.number, line.layer) for line in tally.lines[:2]] == [(1, "exact"), (3, "leet")]
    assert len(tally.lines) == 5
    assert counted.often(names[0]).reason.values["percent"] == 65.8
    assert counted.often(names[1]).reason.values["count"] == 4


def test_few_lines_say_nothing_about_how_often():
    counted = Counted([name("Star Lantern")])
    counted.add(["Star Lantern poster"] * 10)

    assert counted.often(name("Star Lantern")) is None


def test_every_reason_has_a_sentence_in_every_language():
    known = {code: said for code, said in templates().items() if code.startswith(("collision.", "trial."))}

    assert len(known) >= 14
    assert all(set(said) == set(LANGUAGES) for said in known.values())
    for text in ("Mira", "世界", "Blue Sky"):
        for collision in everyday_collisions(name(text)).collisions:
            assert text in render(collision.reason, "zh")


@pytest.mark.parametrize(
    ("kana", "read"),
    [("ほしのランタン", "hoshinorantan"), ("とうきょう", "toukyou"), ("マッチャ", "matcha"), ("ジャッカル", "jakkaru"),
     ("ファイナル", "fainaru"), ("ティー", "ti"), ("しんぶん", "shinbun"), ("チュウ", "chuu"), ("ッ", "")],
)  # fmt: skip
def test_kana_is_read_as_hepburn(kana, read):
    assert hepburn(kana) == read


def test_names_are_read_aloud_by_script():
    assert revised("별빛") == "byeolbit"
    assert pinyin("重庆")[0] == "chongqing"
    assert romanised("とうきょう") == ["toukyou", "tokyo"]
    assert romanised("Звёздный") == ["zvezdnyi"]
    assert romanised("Star") == []
    assert variant_of("星灯") == "星燈"


def test_words_are_cut_where_words_end():
    text = "lodestarlanternshop"
    pieces = [text[p.start : p.end] for p in cut(text, costs()).pieces]

    assert pieces == ["lodestar", "lantern", "shop"]
    assert not cut("kzqxvw", costs()).readable
    assert dict(everyday("the"))["en"] == 1


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abcdefgh星灯ん1", max_size=20))
def test_a_cut_covers_the_whole_text(text):
    pieces = cut(text, costs()).pieces

    assert "".join(text[p.start : p.end] for p in pieces) == text
