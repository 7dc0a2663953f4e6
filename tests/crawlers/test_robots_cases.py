"""robots.txt means to us what RFC 9309 and the parser that Google published say it means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from robots_cases import CASES, Case

from crawlers.fetch.robots import rules_from

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_what_a_file_allows_and_forbids(case: Case):
    rules = rules_from(200, case.lines.encode(), now=NOON)
    wrong = {path: True for path in case.may if not rules.allows(f"https://shop.test{path}", case.agent)}
    wrong |= {path: False for path in case.may_not if rules.allows(f"https://shop.test{path}", case.agent)}
    assert wrong == {}, "expected otherwise"
