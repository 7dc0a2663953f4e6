"""Domain names that imitate a watched name are found, those that only share letters are not, official ones never."""

import random
from collections import Counter
from pathlib import Path

import lookalike_domains as made
import pytest

from ipguard.alerts.findings import place_json
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.finding import DomainPlace
from ipguard.matching.reasons import LANGUAGES, render, templates
from ipguard.matching.text.names import WatchedName, names_of
from ipguard.rights.watchlist import load_watchlist

VECTORS = Path(__file__).parents[3] / "vectors" / "domains"
RECALL, FALSE_POSITIVES = 0.95, 0.09


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (VECTORS / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def matcher() -> DomainMatcher:
    works = load_watchlist(VECTORS / "watchlist.toml").works
    return DomainMatcher(names_of(works), {work.id: work.official_domains for work in works})


def test_lookalikes_by_hand_are_found_and_say_which_name(matcher):
    missed = [
        (domain, name, how)
        for domain, name, how in rows("lookalikes.tsv")
        if not any(
            name.startswith(f.place.name.split(":")[0]) or f.place.name == name
            for f in matcher.match_domain(domain)
        )
    ]

    assert len(missed) <= (1 - RECALL) * len(rows("lookalikes.tsv")), missed


def test_innocent_names_by_hand_are_left_alone(matcher):
    wrong = [(domain, why, f) for domain, why in rows("innocent.tsv") for f in matcher.match_domain(domain)]

    assert len({domain for domain, _, _ in wrong}) <= FALSE_POSITIVES * len(rows("innocent.tsv")), wrong


def test_official_domains_and_all_under_them_are_never_found(matcher):
    assert [f for (domain,) in rows("official.txt") for f in matcher.match_domain(domain)] == []


def test_a_name_that_only_begins_or_ends_like_an_official_one_is_found(matcher):
    for domain in ("mystar-lantern.example", "star-lantern.example.com", "star-lantern.examples"):
        assert matcher.match_domain(domain), domain


def generated(seed: int) -> tuple[Counter, Counter, Counter, Counter]:
    dice = random.Random(seed)
    all_of, hit, innocent, wrong = Counter(), Counter(), Counter(), Counter()
    for _ in range(12):
        name, han, kana, plain = (
            made.invented(dice),
            made.invented_han(dice),
            made.invented_kana(dice),
            made.everyday_name(dice),
        )
        names = [
            WatchedName("w", name, "en"),
            WatchedName("w", han, "zh"),
            WatchedName("w", kana, "ja"),
            WatchedName("w", plain, "en"),
        ]
        matcher = DomainMatcher(names, {"w": ("owner.example",)})
        cases = [
            *made.imitations(name, dice),
            *made.han_imitations(han, dice),
            *made.kana_imitations(kana, dice),
            *made.everyday_imitations(plain, dice),
        ]
        for case, found in zip(cases, matcher.match_domains([c.domain for c in cases]), strict=True):
            all_of[case.family] += 1
            hit[case.family] += bool(found)
        cases = [*made.innocent(name, dice), *made.everyday_and_innocent(plain, dice)]
        for case, found in zip(cases, matcher.match_domains([c.domain for c in cases]), strict=True):
            innocent[case.family] += 1
            wrong[case.family] += bool(found)
    return all_of, hit, innocent, wrong


@pytest.mark.parametrize("seed", [101, 102])
def test_imitations_of_names_nobody_knows_are_found_in_every_family(seed):
    all_of, hit, innocent, wrong = generated(seed)

    assert sum(hit.values()) >= RECALL * sum(all_of.values())
    assert sum(wrong.values()) <= FALSE_POSITIVES * sum(innocent.values())
    assert {
        family: hit[family] / n for family, n in all_of.items() if n >= 10 and hit[family] < 0.75 * n
    } == {}


@pytest.mark.parametrize("name", ["mira", "nova", "rin", "sable"])
def test_a_short_name_is_not_found_inside_words(name):
    matcher = DomainMatcher([WatchedName("w", name.title(), "en")])

    assert [
        c for c in made.short_and_innocent(name, random.Random(1)) if matcher.match_domain(c.domain)
    ] == []


@pytest.mark.parametrize(
    ("domain", "layer", "text", "changed"),
    [
        ("star-lantern.net", "exact", "star-lantern", ""),
        ("starlanternshop.net", "joined", "starlantern", ""),
        ("xn--strlantern-0qi.com", "lookalike", "stаrlantern", "a→а"),
        ("starlantem.com", "lookalike", "starlantem", "rn→m"),
        ("st4rlantern.com", "leet", "st4rlantern", "a→4"),
        ("starlatnern.com", "misspelling", "starlatnern", "nt→tn"),
        ("starlantrn.com", "misspelling", "starlantrn", "e→∅"),
        ("star.lantern.net", "split", "star.lantern", ""),
        ("xingdeng-sf.com", "romanised", "xingdeng", ""),
    ],
)
def test_a_finding_says_what_was_changed_and_shows_what_an_address_bar_shows(
    matcher, domain, layer, text, changed
):
    findings = matcher.match_domain(domain)
    place = findings[0].place

    assert isinstance(place, DomainPlace)
    assert (place.layer, place.text, place.changed) == (layer, text, changed)
    assert place.decoded[place.start : place.end] == text
    assert place.domain == domain
    assert place_json(place)["kind"] == "domain"
    for language in LANGUAGES:
        assert place.decoded in render(findings[0].reason, language)


def test_every_layer_and_every_unreadable_line_has_a_sentence():
    from ipguard.matching.domains.matcher import STRENGTH

    known = templates()

    assert {f"domain.{layer}" for layer in (*STRENGTH, "exact")} <= set(known)
    for code in ("empty", "too_long", "not_a_name", "empty_label", "address"):
        assert set(known[f"no_domain.{code}"]) == set(LANGUAGES)


def test_another_ending_of_an_official_domain_is_found_even_where_its_label_is_no_name():
    matcher = DomainMatcher([WatchedName("w", "Star Lantern", "en")], {"w": ("examplefanhq.example",)})

    (finding,) = matcher.match_domain("examplefanhq.top")
    assert (finding.place.layer, finding.place.name) == ("tld", "examplefanhq.example")
    assert matcher.match_domain("www.examplefanhq.example") == []
    assert matcher.match_domain("examplefanhq-store.top") == []


@pytest.mark.parametrize(
    ("name", "domain", "found"),
    [
        ("雾海：鲸落与星灯", "jingluoyuxingdeng-sf.com", True),
        ("雾海之鲸落歌", "wuhaijingluoge.cn", True),
        ("雾海之鲸落歌", "wuhaizhijingluoge.cn", True),
        ("Moss & Ember", "mossandember-shop.com", True),
        ("The Velvet Kazari", "velvetkazari.store", True),
        ("Kazari: Orilune Nights", "orilunenights-apk.com", True),
        ("Kazari: Morning Light", "morninglight-yoga.com", False),
        ("Blue Sky", "bluesky-merch.com", True),
        ("Blue Sky", "blue-sky-heating-sale.com", False),
        ("Müsli Zörk", "mueslizoerk-laden.de", True),
        ("Qu'orin Vale", "quorinvale.net", True),
    ],
)
def test_forms_a_name_takes_in_domain_names(name, domain, found):
    assert bool(DomainMatcher([WatchedName("w", name, "")]).match_domain(domain)) == found
