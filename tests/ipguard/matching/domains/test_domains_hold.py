"""Any line has a bounded answer; many at once are answered as one by one; hashes agree with a plain loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipguard.matching.domains.hashes import hash_of, hasher_of, set_of
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.domains.reading import Domain, Unreadable, read_domain
from ipguard.matching.finding import DomainPlace
from ipguard.matching.text.names import WatchedName

NAMES = [
    ("Star Lantern", "en"),
    ("星灯", "zh"),
    ("Kavuru", "en"),
    ("Mira", "en"),
    ("ほしのランタン", "ja"),
    ("Лис прилива", "ru"),
]
MATCHER = DomainMatcher(
    [WatchedName("w", text, language) for text, language in NAMES], {"w": ("star-lantern.example",)}
)
PARTS = ["starlantern", "star", "lantern", "kavuru", "kavurru", "xingdeng", "mira", "shop", "sifu", "-", ".", "1", "xn--", "星灯", "私服",
         "лис", "прилива", "ran", "е", "com", "*", "_", "\n", " ", "xn--strlantern-0qi"]  # fmt: skip
LINES = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")),
    st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.lists(st.sampled_from(PARTS), max_size=9).map("".join),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=50).map(lambda s: f"xn--{s}.com"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_many_at_once_are_answered_as_one_by_one(lines):
    together = MATCHER.match_domains(lines)

    assert together == [MATCHER.match_domain(line) for line in lines]
    for findings in together:
        assert len(findings) <= 1
        for finding in findings:
            place = finding.place
            assert isinstance(place, DomainPlace)
            assert place.decoded[place.start : place.end] == place.text
            assert 0.5 <= finding.strength <= 1


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_any_line_is_a_domain_name_or_is_told_why_not(line):
    read = read_domain(line)

    if isinstance(read, Unreadable):
        assert read.code in {"empty", "too_long", "not_a_name", "empty_label", "address"}
    else:
        assert 1 <= len(read.labels) <= 127
        assert 0 <= read.suffix <= len(read.labels)


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_a_line_of_any_length_is_answered(length):
    for line in ("starlantern" * length, "xn--" + "9" * length, "." * length, "星" * length):
        assert MATCHER.match_domain(line) == []


def test_a_batch_longer_than_one_pass_keeps_its_order():
    lines = [f"{n}.example.com" for n in range(9_000)]
    for n in (0, 4_095, 4_096, 8_999):
        lines[n] = f"starlantern{n}.com"

    assert [n for n, found in enumerate(MATCHER.match_domains(lines)) if found] == [0, 4_095, 4_096, 8_999]


@pytest.mark.parametrize(
    ("given", "labels", "suffix"),
    [
        ("*.Shop.Example.CO.UK.", ("shop", "example", "co", "uk"), 2),
        ("name.github.io", ("name", "github", "io"), 2),
        ("star-lantern.example", ("star-lantern", "example"), 1),
        ("xn--kivn3u.com", ("星灯", "com"), 1),
        ("星灯。com", ("星灯", "com"), 1),
        ("localhost", ("localhost",), 0),
    ],
)
def test_a_name_is_read_as_registries_do(given, labels, suffix):
    read = read_domain(given)

    assert isinstance(read, Domain)
    assert (read.labels, read.suffix) == (labels, suffix)


def test_broken_punycode_is_a_value_and_the_rest_is_read():
    read = read_domain("xn--a-\u00e9.xn--999999999.com")

    assert isinstance(read, Domain)
    assert "xn--999999999" in read.undecoded


@given(st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=6), st.data())
def test_hashes_of_stretches_equal_those_of_a_plain_loop(words, data):
    joined = b"".join(words)
    hasher = hasher_of(np.frombuffer(joined, dtype=np.uint8))
    start = data.draw(st.integers(0, len(joined) - 1))
    end = data.draw(st.integers(start + 1, len(joined)))
    one, other = np.array([start]), np.array([end])

    assert int(hasher.whole(one, other)[0]) == hash_of(joined[start:end])
    _, keys = hasher.leaving_out(one, other)
    stretch = joined[start:end]
    assert [int(k) for k in keys] == [hash_of(stretch[:i] + stretch[i + 1 :]) for i in range(len(stretch))]


@given(
    st.lists(st.binary(min_size=2, max_size=8), min_size=1, max_size=20, unique=True),
    st.binary(min_size=1, max_size=8),
)
def test_a_set_of_hashes_holds_what_was_put_in_and_what_lacks_a_letter(words, stranger):
    full, short = set_of(words), set_of(words, shortened=True)
    keys = np.array([hash_of(word) for word in [*words, stranger]], dtype=np.uint64)

    assert full.holds(keys).tolist() == [True] * len(words) + [stranger in words]
    less = {w[:i] + w[i + 1 :] for w in words for i in range(len(w))} | set(words)
    assert bool(short.holds(keys)[-1]) == (stranger in less)
    index, numbers = full.find(keys)
    assert {
        [*words, stranger][i] == words[n] for i, n in zip(index.tolist(), numbers.tolist(), strict=True)
    } == {True}
