"""A listing is judged by what it is: a domain by its name, a repository by its signs, an offer by all that it shows."""

from __future__ import annotations

from dataclasses import replace

from crawlers.listing import Kind, Listing
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.judge import PictureSeen, Watch, judge, worth_keeping
from ipguard.matching.pages.matcher import PageMatcher
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import names_of
from ipguard.rights.work import Name, Work

LOG = "https://log.example"
WORKS = (Work("star", "Star Lantern", "Owner", (Name("Star Lantern", "en"), Name("星灯", "zh"))),)
SERVER = "Private server for Star Lantern: download the launcher, x100 rates, GM commands. Join https://discord.gg/ps1"


class Blind:
    def match(self, data: bytes) -> PictureSeen:
        return PictureSeen()


def watch() -> Watch:
    names, own = names_of(WORKS), {"star": ("star-lantern.example",)}
    return Watch("w", TextMatcher(names), Blind(), DomainMatcher(names, own), PageMatcher(names, own))


WATCH = watch()


def domain(name: str) -> Listing:
    return Listing(name, f"https://{name}/", name, kind=Kind.DOMAIN)


def repository(name: str, readme: str, *labels: str) -> Listing:
    return Listing(
        name, f"https://code.example/{name}", name, description=readme, tags=labels, kind=Kind.REPOSITORY
    )


def test_a_domain_is_judged_by_its_name_alone() -> None:
    (verdict,) = judge(WATCH, domain("star-lantern-shop.example"), [], LOG)
    assert verdict.match
    assert {finding.matcher for finding in verdict.findings} == {"domain"}
    assert judge(WATCH, replace(domain("lamps.example"), description="Star Lantern"), [], LOG) == []
    assert judge(WATCH, domain("shop.star-lantern.example"), [], LOG) == []


def test_a_repository_that_only_names_a_work_is_no_private_server() -> None:
    (verdict,) = judge(WATCH, repository("wick/ps", SERVER), [], LOG)
    assert verdict.match
    assert {finding.matcher for finding in verdict.findings} == {"page"}
    assert not any(
        v.match for v in judge(WATCH, repository("fan/list", "My favourite shows: Star Lantern."), [], LOG)
    )


def test_a_repository_that_its_host_has_blocked_is_confirmed() -> None:
    blocked = repository(
        "gone/star-lantern-ps", "Repository access blocked", "status:451", "dmca:https://code.example/1.md"
    )
    (verdict,) = judge(WATCH, blocked, [], LOG)
    assert verdict.match


def test_the_same_words_in_an_offer_are_an_offer() -> None:
    offer = Listing("1", "https://shop.example/1", "Star Lantern tee")
    (verdict,) = judge(WATCH, offer, [], "https://shop.example")
    assert verdict.match
    assert "text" in {finding.matcher for finding in verdict.findings}


def test_the_same_listing_has_the_same_verdict_twice() -> None:
    for listing in (domain("star-lantern-shop.example"), repository("wick/ps", SERVER)):
        assert judge(watch(), listing, [], LOG) == judge(watch(), listing, [], LOG)


def test_of_domains_and_repositories_only_hits_are_kept_and_all_of_the_rest() -> None:
    hit, other = domain("star-lantern-shop.example"), domain("lamps.example")
    mail = domain("mail.star-lantern-shop.example")
    server, fan = repository("wick/ps", SERVER), repository("fan/hills", "Wallpapers")
    mug, invite = (
        Listing("1", "https://shop.example/1", "Mug"),
        Listing("x", "https://chat.example/x", "Tea", kind=Kind.INVITE),
    )
    read = [hit, other, mail, server, fan, mug, invite]
    assert worth_keeping(WATCH, read) == [hit, server, mug, invite]
    assert worth_keeping(WATCH, [mail]) == [mail]
    assert worth_keeping(WATCH, []) == []
