"""Rates come with honest intervals, fits agree with brute force, and a threshold says what it was measured to do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.images.calibration import (
    Curve,
    apply,
    calibrate,
    fit_isotonic,
    fit_logistic,
    read_curve,
    save_curve,
    wilson,
)


def test_wilson_agrees_with_published_values():
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)  # Newcombe 1998, table I, method 3
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_interval_holds_its_share_and_is_the_score_test_turned_round(hits, of):
    hits = min(hits, of)
    low, high = wilson(hits, of)
    share = hits / of

    assert 0 <= low <= share <= high <= 1
    for end in {low, high} - {0.0, 1.0}:
        assert abs(share - end) / math.sqrt(end * (1 - end) / of) == pytest.approx(1.959964, rel=1e-6)


cases = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=9)


@settings(deadline=None)
@given(cases)
def test_the_isotonic_fit_pools_as_brute_force_does(rows):
    """Of all ways to cut the levels into runs with non-decreasing means, the fit uses the one of least squared error."""
    raw, copy = [float(r) for r, _ in rows], [c for _, c in rows]
    levels = sorted(set(raw))
    best, shares = math.inf, {}
    for cuts in itertools.product((False, True), repeat=len(levels) - 1):
        runs = [[levels[0]]]
        for level, cut in zip(levels[1:], cuts, strict=True):
            if cut:
                runs.append([level])
            else:
                runs[-1].append(level)
        picked = [[c for r, c in zip(raw, copy, strict=True) if r in run] for run in runs]
        means = [sum(p) / len(p) for p in picked]
        error = sum((c - m) ** 2 for p, m in zip(picked, means, strict=True) for c in p)
        if all(a < b for a, b in itertools.pairwise(means)) and error < best - 1e-12:
            best = error
            shares = {
                x: (sum(p) + 0.5) / (len(p) + 1) for run, p in zip(runs, picked, strict=True) for x in run
            }
    curve = fit_isotonic(raw, copy)
    expected = np.maximum.accumulate([shares[level] for level in levels])

    assert [apply(curve, level) for level in levels] == pytest.approx(list(expected))


def test_a_logistic_fit_finds_the_slope_that_made_the_outcomes():
    dice = np.random.default_rng(3)
    raw = dice.uniform(-20, 60, 6000)
    copy = dice.random(6000) < 1 / (1 + np.exp(-(0.2 * raw - 3)))
    slope, intercept = fit_logistic(list(raw), list(copy))

    assert slope == pytest.approx(0.2, rel=0.08)
    assert intercept == pytest.approx(-3, rel=0.08)


def test_cases_that_never_mix_give_a_finite_fit_and_no_certainty():
    slope, _ = fit_logistic([1, 2, 3, 9, 10, 11], [False, False, False, True, True, True])
    curve = fit_isotonic([1, 2, 3, 9, 10, 11], [False, False, False, True, True, True])

    assert 0 < slope < 100
    assert 0 < apply(curve, 0) < 0.2 < 0.8 < apply(curve, 50) < 1


def test_a_curve_survives_being_written_down(tmp_path):
    curve = Curve((4.0, 8.0, 30.0), (0.01, 0.5, 0.999))
    save_curve(curve, tmp_path / "points.tsv", "agreeing points\nmeasured once")
    again = read_curve((tmp_path / "points.tsv").read_text("utf-8"))

    assert again == curve
    assert apply(again, 6.0) == pytest.approx(0.255)
    assert (apply(again, -1), apply(again, 99)) == (0.01, 0.999)
    for broken in ("8\t0.5\n4\t0.6\n", "4\t0.6\n8\t0.5\n", "4\t1.5\n", "", "four\t0.5\n"):
        with pytest.raises(ValueError):
            read_curve(broken)


def test_the_chosen_threshold_is_the_lowest_within_the_goal():
    copies = [("mug", 0.9)] * 8 + [("mug", 0.0)] * 2 + [("jpeg", 0.95)] * 10
    distractors = [0.0] * 1996 + [0.8, 0.85, 0.85, 0.92]
    measured = calibrate(copies, distractors, goal=1e-3)

    assert measured.chosen.score == 0.9
    assert measured.chosen.false_flags.hits == 1
    assert measured.chosen.found.hits == 18
    assert (measured.families["mug"].hits, measured.families["jpeg"].hits) == (8, 10)
    assert not measured.proven  # 1 of 2,000 may be 2.8 of 1,000
    assert calibrate(copies, [0.0] * 5000).proven


def test_no_threshold_is_named_where_even_the_highest_lets_too_many_through():
    measured = calibrate([("mug", 0.9)], [1.0, 0.0])

    assert measured.chosen is None
    assert measured.families["mug"].hits == 0


@given(st.lists(st.floats(0, 1), max_size=40), st.lists(st.floats(0, 1), max_size=40))
def test_every_rate_is_what_counting_gives(true, false):
    measured = calibrate([("mug", round(s, 4)) for s in true], [round(s, 4) for s in false])

    for step in measured.thresholds:
        assert step.found.hits == sum(round(s, 4) >= step.score for s in true)
        assert step.false_flags.hits == sum(round(s, 4) >= step.score for s in false)
