"""One score from many findings: the same findings give the same verdict, and no weak sign makes one alone."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.finding import Finding, Reason
from ipguard.matching.reasons import LANGUAGES, render, templates
from ipguard.matching.score import OFFICIAL_SELLER, THRESHOLD, verdict, verdicts


def found(
    matcher: str, strength: float, *, weak: bool = False, work: str = "star-lantern", code: str = "x.y"
) -> Finding:
    return Finding(matcher, "1", work, strength, Reason(code), None, weak)


FINDINGS = st.builds(
    found,
    st.sampled_from(["text", "image", "price", "seller"]),
    st.floats(0, 1),
    weak=st.booleans(),
)


def test_one_clear_finding_is_enough():
    assert verdict([found("text", 0.8)]).match


def test_nothing_found_is_no_match():
    assert verdict([]).score == 0.0


def test_weak_signs_alone_raise_nothing():
    assert not verdict([found("price", 1.0, weak=True), found("seller", 1.0, weak=True)]).match


def test_weak_signs_tip_a_doubtful_finding():
    doubtful = [found("text", 0.45)]

    assert not verdict(doubtful).match
    assert verdict([*doubtful, found("price", 1.0, weak=True)]).match


def test_two_kinds_of_witness_count_more_than_two_of_one_kind():
    two_kinds = verdict([found("text", 0.6), found("image", 0.6)])
    one_kind = verdict([found("text", 0.6), found("text", 0.6)])

    assert two_kinds.score > one_kind.score > 0.6


def test_what_the_owner_sells_is_no_alert():
    official = found("seller", 1.0, weak=True, code=OFFICIAL_SELLER)

    assert not verdict([found("text", 1.0), found("image", 1.0), official]).match


def test_works_are_judged_by_themselves_best_first():
    both = verdicts([found("text", 0.6, work="a"), found("image", 0.9, work="b")])

    assert [v.work for v in both] == ["b", "a"]


@settings(max_examples=100, deadline=None)
@given(st.lists(FINDINGS, max_size=5))
def test_order_does_not_matter_and_scores_stay_in_bounds(findings):
    scores = {verdict(list(order)).score for order in itertools.permutations(findings)}

    assert len(scores) == 1
    assert 0.0 <= scores.pop() <= 1.0


@settings(max_examples=100, deadline=None)
@given(st.lists(FINDINGS, max_size=6), st.floats(0, 1))
def test_another_finding_never_lowers_a_score(findings, strength):
    assert verdict([*findings, found("image", strength)]).score >= verdict(findings).score - 1e-9


def test_the_threshold_is_where_it_says():
    assert verdict([found("text", THRESHOLD)]).match


def fields(sentence: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", sorted(templates()))
def test_every_reason_is_told_in_every_language_with_the_same_values(code):
    sentences = templates()[code]

    assert set(sentences) == set(LANGUAGES)
    assert len({frozenset(fields(s)) for s in sentences.values()}) == 1


def test_a_reason_of_another_version_is_still_readable():
    assert "picture.future" in render(Reason("picture.future", {"points": 3}))


def test_hostile_values_are_printed_and_not_run():
    reason = Reason(OFFICIAL_SELLER, {"seller": "{__class__} <script>"})

    assert "{__class__} <script>" in render(reason, "zh")
