"""What is an alarm and what is chance: told on thousands of made-up runs, and never on a handful of listings."""

from __future__ import annotations

import random

import pytest

from ipguard.sources.baseline import Sample, judged_fields, judged_yield


def runs(*counts: tuple[int, int]) -> list[Sample]:
    return [Sample(of, {"price": (have, of)}) for have, of in counts]


def alarmed(now: tuple[int, int], past: list[Sample]) -> bool:
    drop = judged_fields({"price": now}, past).get("price")
    return drop is not None and drop.sure


@pytest.mark.parametrize(
    ("now", "past", "alarm"),
    [
        ((0, 40), [(40, 40)] * 3, True),
        ((0, 4), [(4, 4)] * 3, True),
        ((0, 3), [(3, 3)] * 30, False),
        ((0, 1), [(1, 1)] * 30, False),
        ((0, 40), [(40, 40)] * 2, False),
        ((10, 40), [(39, 40)] * 3, True),
        ((33, 40), [(40, 40)] * 3, False),
        ((0, 40), [(40, 40), (0, 40), (40, 40)], False),
        ((0, 40), [(0, 40)] * 5, False),
        ((0, 0), [(40, 40)] * 5, False),
        ((2, 400), [(30, 400)] * 5, True),
    ],
)
def test_a_field_that_is_gone_is_an_alarm_where_chance_does_not_explain_it(now, past, alarm: bool) -> None:
    assert alarmed(now, runs(*past)) is alarm


def test_runs_in_which_it_was_gone_already_are_no_measure_for_it() -> None:
    past = [*runs((40, 40), (40, 40), (40, 40)), *(Sample(40, {"price": (0, 40)}, ["health.field:price"]) for _ in range(9))]  # fmt: skip
    assert alarmed((0, 40), past)


def test_of_a_thousand_fields_that_did_not_change_hardly_one_is_called_gone() -> None:
    dice = random.Random(7)
    tried = wrong = missed = 0
    for _ in range(4000):
        share, of = dice.random(), dice.choice((3, 5, 8, 20, 60, 250))
        sizes = [max(1, round(of * dice.uniform(0.7, 1.3))) for _ in range(dice.choice((3, 5, 9)))]
        draw = lambda n, p=share: sum(dice.random() < p for _ in range(n))  # noqa: E731
        past = runs(*((draw(n), n) for n in sizes))
        tried += 1
        wrong += alarmed((draw(of), of), past)
        missed += share > 0.8 and of >= 20 and not alarmed((0, of), past)
    assert wrong <= tried * 0.001
    assert missed == 0


@pytest.mark.parametrize(
    ("read", "past", "alarm"),
    [
        (0, [50, 52, 49], True),
        (0, [5, 5, 5], True),
        (0, [4, 4, 4], False),
        (30, [50, 52, 49], False),
        (9, [50, 52, 49], True),
        (1, [3, 90, 40], False),
        (0, [0, 90, 40], False),
        (0, [50, 50], False),
    ],
)
def test_a_shop_that_shows_much_less_is_an_alarm_where_it_never_showed_so_little(
    read: int, past: list[int], alarm: bool
) -> None:
    drop, _ = judged_yield(read, [Sample(one) for one in past])
    assert (drop is not None and drop.sure) is alarm
