"""Finding watched names in domain names: one quick look over a batch, then every candidate judged by its company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ahocorasick_rs import AhoCorasick

from ipguard.matching.domains.company import Company, Rest, company_of, is_plain_writing
from ipguard.matching.domains.forms import Form, forms_of, letters_of
from ipguard.matching.domains.layers import Reading, read_as
from ipguard.matching.domains.reading import MAX_NAME, Domain, Unreadable, read_domain
from ipguard.matching.domains.scan import FAIR, LONG, SHORT, Found, Scanner
from ipguard.matching.domains.sight import Sight, see
from ipguard.matching.finding import DomainPlace, Finding, Reason
from ipguard.matching.score import THRESHOLD
from ipguard.matching.text.names import WatchedName, pinyin_of

VERSION = "1"

STRENGTH: Mapping[str, float] = MappingProxyType(
    {
        "joined": 0.85, "spacing": 0.75, "lookalike": 0.9, "leet": 0.8, "misspelling": 0.75, "romanised": 0.75,
        "homophone": 0.7, "reordered": 0.5, "split": 0.65, "tld": 0.9,
    }
)  # fmt: skip
"""How sure a layer is when nothing else stands in the label."""
DISGUISED = {"lookalike", "leet", "spacing"}
"""Written so on purpose: no company is asked for."""
FOR_SUPPORT, FOR_WORDS, FOR_UNKNOWN = 0.05, -0.1, -0.25


class DomainMatcher:
    """Looks for many names at once; immutable once made."""

    def __init__(
        self, names: Iterable[WatchedName], official: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> None:
        """Get ready for many names.

        Args:
            names: what is watched for.
            official: work → its official domains; they and what is under them are never found.
        """
        domains = {
            work: [d for one in given if isinstance(d := read_domain(one), Domain)]
            for work, given in official.items()
        }
        every = [domain for given in domains.values() for domain in given]
        self._official = frozenset(d.ascii for d in every) | frozenset(d.decoded for d in every)
        self._forms = forms_of(names, domains)
        self._scanner = Scanner(self._forms)
        self._native = [i for i, form in enumerate(self._forms) if not form.look]
        self._automaton = (
            AhoCorasick([self._forms[i].letters for i in self._native]) if self._native else None
        )

    def match_domain(self, name: str) -> list[Finding]:
        """Findings in one domain name, strongest first; none where it is official, or no domain name at all."""
        return self.match_domains([name])[0]

    def match_domains(self, names: Sequence[str]) -> list[list[Finding]]:
        """Findings for each name, in their order. Every finding is at or above the threshold of an alert."""
        rows = list(names)
        sights: dict[int, Sight] = {}
        for row in _special(rows):
            domain = read_domain(rows[row])
            rows[row] = ""
            if isinstance(domain, Domain):
                sights[row] = see(domain)
                rows[row] = sights[row].scanned
        found = self._scanner.scan(rows)
        results: list[list[Finding]] = [[] for _ in rows]
        for row in found.keys() | sights.keys():
            sight = sights.get(row) or _sight_of(rows[row])
            if sight is not None and sight.letters and not self.is_official(sight.domain):
                results[row] = self._judge(sight, found.get(row, []))
        return results

    def is_official(self, domain: Domain) -> bool:
        """Whether a domain name is an official one, or under one."""
        return any(
            ".".join(labels[first:]) in self._official
            for labels in (domain.ascii.split("."), domain.labels)
            for first in range(len(labels))
        )

    def _judge(self, sight: Sight, found: Iterable[Found]) -> list[Finding]:
        best: dict[str, tuple[float, Reading, Company]] = {}
        for reading in self._readings(sight, found):
            company = company_of(sight, reading.start, reading.end, reading.form.letters)
            strength = strength_of(sight, reading, company)
            work = reading.form.name.work
            if strength >= THRESHOLD and (work not in best or strength > best[work][0]):
                best[work] = (strength, reading, company)
        ranked = sorted(best.values(), key=lambda one: (-one[0], one[1].form.name.work))
        return [_finding(sight, *one) for one in ranked]

    def _readings(self, sight: Sight, found: Iterable[Found]) -> Iterator[Reading]:
        plain: set[str] = set()
        for one in sorted(set(found), key=lambda f: (f.typo, f.start, f.end, f.form)):
            form = self._forms[one.form]
            if one.typo and form.name.text in plain:
                continue  # the name itself stands there; what is a letter away from it says nothing new
            if (reading := read_as(sight, form, one)) is not None:
                if not one.typo:
                    plain.add(form.name.text)
                yield reading
        if self._automaton is not None and not sight.letters.isascii():
            for index, start, end in self._automaton.find_matches_as_indexes(sight.letters, overlapping=True):
                one = Found(self._native[index], start, end, False)
                if (reading := read_as(sight, self._forms[one.form], one)) is not None:
                    yield reading
        if sight.has_han:
            yield from self._homophones(sight)

    def _homophones(self, sight: Sight) -> Iterator[Reading]:
        """Han characters that sound like those of a name, at least half of them the same."""
        read = [pinyin_of(c) or c for c in sight.letters]
        starts: dict[int, int] = {}
        at = 0
        for place, syllable in enumerate(read):
            starts[at] = place
            at += len(syllable)
        starts[at] = len(read)
        for one in self._scanner.scan(["".join(c if c.isascii() else "?" for c in read)]).get(0, []):
            form = self._forms[one.form]
            if one.typo or form.how != "romanised" or one.start not in starts or one.end not in starts:
                continue
            first, last = starts[one.start], starts[one.end]
            written, wanted = sight.letters[first:last], letters_of(form.name.text)
            same = sum(a == b for a, b in zip(written, wanted, strict=False))
            if len(written) == len(wanted) and written != wanted and same * 2 >= len(wanted):
                changed = " ".join(f"{b}→{a}" for a, b in zip(written, wanted, strict=True) if a != b)
                yield Reading(form, first, last, "homophone", changed)


def strength_of(sight: Sight, reading: Reading, company: Company) -> float:
    """How sure a reading is in its company, 0..1; 0 where the letters are only letters of other words."""
    form, layer = reading.form, reading.layer
    if company.straddled or (layer == "tld" and not _is_registered_label(sight, reading)):
        return 0.0
    strength = STRENGTH[layer]
    supported, whole = bool(company.support), company.worst is Rest.NOTHING
    if layer == "misspelling":
        return (
            strength + (FOR_SUPPORT if supported else 0.0) if _typo_stands(sight, reading, company) else 0.0
        )
    if form.weight <= SHORT:
        foreign = not sight.domain.decoded.isascii() and layer == "lookalike"
        stands = company.at_edge and company.worst <= Rest.AFFIXES and (company.close or (foreign and whole))
        return strength - 0.2 if stands else 0.0
    if form.common and layer not in DISGUISED:
        return strength - 0.15 if company.close and company.at_edge and company.worst <= Rest.WORDS else 0.0
    if layer == "reordered":
        return strength + 0.05 if company.trading and company.worst <= Rest.AFFIXES else 0.0
    if form.phrase and company.among_words and layer not in DISGUISED:
        return 0.0
    return strength + _for_rest(form, company, supported)


def _for_rest(form: Form, company: Company, supported: bool) -> float:
    """What is left of the token, added to a strength."""
    match company.worst:
        case Rest.NOTHING:
            return FOR_SUPPORT if supported else 0.0
        case Rest.AFFIXES:
            return FOR_SUPPORT if supported else FOR_WORDS
        case Rest.WORDS if form.compound and not supported:
            return -1.0  # star|lantern|fish is none
        case Rest.WORDS:
            if form.weight > FAIR or (supported and company.at_edge):
                return FOR_WORDS
            return FOR_WORDS if company.at_edge and form.weight > SHORT + 1 else -1.0
        case _:
            if form.weight >= LONG or (form.weight > FAIR and company.at_edge):
                return FOR_UNKNOWN
            return FOR_UNKNOWN if supported and company.at_edge and form.weight > SHORT + 1 else -1.0


def _typo_stands(sight: Sight, reading: Reading, company: Company) -> bool:
    """Misspellings need a long name, or nothing beside them but words that go with names."""
    weight, whole = reading.form.weight, company.worst is Rest.NOTHING
    first, last = sight.token_at(reading.start), sight.token_at(reading.end - 1)
    if weight < LONG and is_plain_writing(sight.letters[first.start : last.end]):
        return False
    if weight <= SHORT + 1:
        return whole and (reading.slip or company.close)
    if weight <= FAIR:
        return whole or (bool(company.support) and company.worst is Rest.AFFIXES)
    return company.worst <= Rest.WORDS


def _is_registered_label(sight: Sight, reading: Reading) -> bool:
    """Whether a reading is all of the label that somebody registered."""
    last = len(sight.domain.free) - 1
    return (
        sight.label_of[reading.start] == last
        and reading.end == len(sight.letters)
        and (reading.start == 0 or sight.label_of[reading.start - 1] != last)
    )


def _finding(sight: Sight, strength: float, reading: Reading, company: Company) -> Finding:
    form, domain = reading.form, sight.domain
    written = sight.written(reading.start, reading.end)
    layer = reading.layer
    if layer == "joined" and company.worst is Rest.NOTHING:
        layer = "exact"
    values = {
        "name": form.name.text, "text": written, "decoded": domain.decoded, "changed": reading.changed or "-",
        "beside": company.support or "-",
    }  # fmt: skip
    start = sight.places[reading.start]
    return Finding(
        matcher="domain",
        version=VERSION,
        work=form.name.work,
        strength=round(min(strength, 1.0), 4),
        reason=Reason(f"domain.{layer}", MappingProxyType(values)),
        place=DomainPlace(
            domain=domain.ascii,
            decoded=domain.decoded,
            start=start,
            end=start + len(written),
            text=written,
            name=form.name.text,
            layer=layer,
            changed=reading.changed,
        ),
    )


def _special(names: Sequence[str]) -> list[int]:
    """Names that must be read one by one before the scan: not plain ASCII, or too long."""
    joined = "\n".join(names)
    plain = joined.isascii() and joined.count("\n") == len(names) - 1
    if plain and "xn--" not in joined.lower() and max(map(len, names), default=0) <= MAX_NAME:
        return []
    return [
        i for i, n in enumerate(names)
        if not n.isascii() or "\n" in n or len(n) > MAX_NAME or "xn--" in n.lower()
    ]  # fmt: skip


def _sight_of(name: str) -> Sight | None:
    domain = read_domain(name)
    return None if isinstance(domain, Unreadable) else see(domain)
