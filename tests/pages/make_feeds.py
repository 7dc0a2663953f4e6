"""Writes the saved answers of feeds: logs, registries, code hosts, invites, top lists. All of it is invented."""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

from make_pages import HERE, case, html

sys.path.append(str(Path(__file__).parents[1] / "support"))
from ct_log import FakeLog

LOG = "https://log.example/2026h2"
REGISTRY = "https://rdap.registry.example/v1/"
API = "https://api.code.example"
INVITES = "https://chat.example/api/v10"
LIST = "https://top-servers.example/star-lantern"
WAIT = html("<p>wait</p>", head="<title>Just a moment...</title>")


def feed(name: str, url: str, body: object, expected: dict[str, object], **said: object) -> None:
    case(name, url, body, expected, purpose="feed", **said)


def small_log() -> FakeLog:
    log = FakeLog()
    log.add("star-lantern-shop.example", "www.star-lantern-shop.example")
    log.add("*.lamps.example", precert=True)
    log.add("xn--6kq6sk09c.example")
    return log


def domain(name: str) -> dict[str, object]:
    return {"id": name, "title": name, "url": f"https://{name}/", "kind": "domain"}


NAMES = [domain("star-lantern-shop.example"), domain("lamps.example"), domain("xn--6kq6sk09c.example")]


def static_ct() -> None:
    log = small_log()
    point, state = f"{LOG}/checkpoint", {"next": 0, "size": 3, "width": 3, "grown": False}
    feed("static-ct/checkpoint", point, log.checkpoint(),
         {"outcome": "ok", "requests": [f"{LOG}/tile/names/000.p/3"]}, label="checkpoint")  # fmt: skip
    feed("static-ct/checkpoint_from_a_position", point, log.checkpoint(70_000),
         {"outcome": "ok", "requests": [f"{LOG}/tile/data/272"]}, label="checkpoint", state={"next": 69_800, "size": 69_800, "feed": "data"})  # fmt: skip
    feed(
        "static-ct/nothing_new",
        point,
        log.checkpoint(),
        {"outcome": "empty", "requests": []},
        label="checkpoint",
        state={"next": 3, "size": 3},
    )
    feed(
        "static-ct/shrunk",
        point,
        log.checkpoint(),
        {"outcome": "changed", "note": "it has shrunk"},
        label="checkpoint",
        state={"next": 9, "size": 9},
    )
    feed("static-ct/no_checkpoint", point, html("hello"), {"outcome": "changed"}, label="checkpoint")
    feed("static-ct/challenge", point, WAIT, {"outcome": "blocked", "note": "challenge"}, label="checkpoint")
    names = b"".join(one.names_line for one in log.entries)
    said = {"outcome": "ok", "listings": NAMES, "requests": [], "note": "Read up to entry 3."}
    feed("static-ct/names_tile", f"{LOG}/tile/names/000.p/3", names, said, label="names", state=state)
    part = {**state, "next": 1}
    feed(
        "static-ct/names_tile_read_in_part_before",
        f"{LOG}/tile/names/000.p/3",
        names,
        {**said, "listings": NAMES[1:]},
        label="names",
        state=part,
    )
    data = b"".join(one.tile_leaf for one in log.entries)
    feed("static-ct/data_tile", f"{LOG}/tile/data/000.p/3", data, said, label="data", state=state)
    feed(
        "static-ct/tile_too_short",
        f"{LOG}/tile/data/000.p/3",
        log.entries[0].tile_leaf,
        {"outcome": "changed", "note": "1 entries in a tile of 3"},
        label="data",
        state=state,
    )
    feed(
        "static-ct/tile_breaks_off",
        f"{LOG}/tile/data/000.p/3",
        data[:-9],
        {"outcome": "changed", "note": "breaks off"},
        label="data",
        state=state,
    )
    feed("static-ct/no_names_tiles", f"{LOG}/tile/names/000", b"no", {"outcome": "ok", "requests": [f"{LOG}/tile/data/000.p/3"]},
         label="names", state={**state, "width": 256, "grown": True}, status=404)  # fmt: skip
    broken = log.entries[0].names_line + b"{]\n" + log.entries[2].names_line
    feed("static-ct/one_broken_line", f"{LOG}/tile/names/000.p/3", broken,
         {"outcome": "ok", "listings": [NAMES[0], NAMES[2]], "note": "1 of 3 entries could not be read."}, label="names", state=state)  # fmt: skip


def rfc6962() -> None:
    log = small_log()
    sth, entries = f"{LOG}/ct/v1/get-sth", f"{LOG}/ct/v1/get-entries?start=0&end=2"
    state = {"next": 0, "size": 3, "batch": 256}
    rows = {"entries": [one.row for one in log.entries]}
    feed(
        "rfc6962/tree_head",
        sth,
        {"tree_size": 3, "timestamp": 1},
        {"outcome": "ok", "requests": [entries]},
        label="sth",
    )
    feed(
        "rfc6962/nothing_new",
        sth,
        {"tree_size": 3},
        {"outcome": "empty", "requests": []},
        label="sth",
        state={"next": 3, "size": 3},
    )
    feed(
        "rfc6962/no_tree_head",
        sth,
        {"error": "x"},
        {"outcome": "changed", "note": "no tree_size"},
        label="sth",
    )
    feed("rfc6962/challenge", sth, WAIT, {"outcome": "blocked", "note": "challenge"}, label="sth")
    feed(
        "rfc6962/entries",
        entries,
        rows,
        {"outcome": "ok", "listings": NAMES, "requests": []},
        label="entries",
        state=state,
    )
    feed("rfc6962/fewer_than_asked", entries, {"entries": rows["entries"][:1]},
         {"outcome": "ok", "listings": NAMES[:1], "requests": [f"{LOG}/ct/v1/get-entries?start=1&end=2"], "note": "2 more are there"},
         label="entries", state=state)  # fmt: skip
    feed(
        "rfc6962/none_at_all",
        entries,
        {"entries": []},
        {"outcome": "changed", "note": "0 entries"},
        label="entries",
        state=state,
    )
    feed(
        "rfc6962/more_than_asked",
        entries,
        rows,
        {"outcome": "changed", "note": "3 entries where 2"},
        label="entries",
        state={"next": 0, "size": 2, "batch": 256},
    )
    strange = {"entries": [rows["entries"][0], {"leaf_input": "????", "extra_data": ""}, rows["entries"][2]]}
    feed("rfc6962/one_unreadable", entries, strange,
         {"outcome": "ok", "listings": [NAMES[0], NAMES[2]], "note": "1 of 3 entries could not be read."}, label="entries", state=state)  # fmt: skip


def rdap() -> None:
    url = f"{REGISTRY}domain/star-lantern-shop.example"

    def person(role: str, name: str, *address: str) -> dict[str, object]:
        card = [
            ["version", {}, "text", "4.0"],
            ["fn", {}, "text", name],
            ["email", {}, "text", "someone@mail.example"],
        ]
        card += [["adr", {}, "text", ["", "", *address]]] if address else []
        return {"objectClassName": "entity", "roles": [role], "vcardArray": ["vcard", card]}

    answer = {
        "objectClassName": "domain", "ldhName": "STAR-LANTERN-SHOP.EXAMPLE", "status": ["client transfer prohibited", "active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2026-11-20T08:00:00Z"},
            {"eventAction": "expiration", "eventDate": "2027-11-20T08:00:00Z"},
            {"eventAction": "last changed", "eventDate": "2026-11-21T09:30:00+01:00"},
        ],
        "entities": [
            person("registrar", "Harbour Names Ltd"),
            person("registrant", "A Private Person", "Some Street 1", "Some Town", "", "12345", "NZ"),
        ],
        "nameservers": [{"objectClassName": "nameserver", "ldhName": "NS2.HOST.EXAMPLE."}, {"ldhName": "ns1.host.example"}],
    }  # fmt: skip
    told = {
        "id": "star-lantern-shop.example", "url": "https://star-lantern-shop.example/", "kind": "domain",
        "seller": {"id": "", "name": "Harbour Names Ltd", "url": "", "country": ""}, "description": "ns1.host.example\nns2.host.example",
        "tags": ["client transfer prohibited", "active"], "posted_at": "2026-11-20T08:00:00+00:00", "updated_at": "2026-11-21T08:30:00+00:00",
    }  # fmt: skip
    feed("rdap/registered", url, answer, {"outcome": "ok", "listings": [told]}, label="domain")
    bare = {"objectClassName": "domain", "ldhName": "star-lantern-shop.example"}
    feed(
        "rdap/says_little",
        url,
        bare,
        {
            "outcome": "ok",
            "listings": [
                {"seller": {"id": "", "name": "", "url": "", "country": ""}, "posted_at": None, "tags": []}
            ],
        },
        label="domain",
    )
    odd = {
        **bare,
        "events": "x",
        "entities": [7, {"roles": ["registrar"], "vcardArray": ["vcard"]}],
        "nameservers": [[]],
        "status": [5],
    }
    feed(
        "rdap/odd_parts",
        url,
        odd,
        {"outcome": "ok", "listings": [{"tags": [], "description": ""}]},
        label="domain",
    )
    feed(
        "rdap/not_registered",
        url,
        {"errorCode": 404},
        {"outcome": "empty", "note": "no such name"},
        label="domain",
        status=404,
    )
    feed(
        "rdap/an_entity",
        url,
        {"objectClassName": "entity", "handle": "X"},
        {"outcome": "changed", "note": "no domain"},
        label="domain",
    )
    feed("rdap/challenge", url, WAIT, {"outcome": "blocked", "note": "challenge"}, label="domain")


def repository(name: str, **changes: object) -> dict[str, object]:
    owner = name.split("/")[0]
    return {
        "id": 1, "full_name": name, "html_url": f"https://code.example/{name}", "description": "Star Lantern server", "fork": False,
        "stargazers_count": 12, "forks_count": 0, "topics": ["emulator"], "language": "Java", "created_at": "2026-03-01T00:00:00Z",
        "owner": {"login": owner, "id": 9, "type": "User"}, "homepage": "https://star-lantern-ps.example", "default_branch": "main",
        **changes,
    }  # fmt: skip


def github() -> None:
    search = f"{API}/search/repositories?q=star+lantern&sort=updated&order=desc&per_page=100&page=1"
    readme, name = f"{API}/repos/wick/lantern-ps/readme", "wick/lantern-ps"
    asked = {"label": "search", "state": {"words": "star lantern", "page": 1}}
    feed("github/results", search, {"total_count": 2, "incomplete_results": False, "items": [repository(name), repository("a/b")]},
         {"outcome": "ok", "requests": [readme, f"{API}/repos/a/b/readme"], "listings": []}, **asked)  # fmt: skip
    many = [repository(f"o/r{n}") for n in range(100)]
    second = f"{API}/search/repositories?q=star+lantern&sort=updated&order=desc&per_page=100&page=2"
    feed("github/more_pages", search, {"total_count": 1500, "incomplete_results": True, "items": many},
         {"outcome": "ok", "requests": [*(f"{API}/repos/o/r{n}/readme" for n in range(100)), second], "note": "was not finished"}, **asked)  # fmt: skip
    feed("github/last_page_shown", search, {"total_count": 1500, "incomplete_results": False, "items": many},
         {"outcome": "ok", "note": "It shows 1,000 of 1,500."}, label="search", state={"words": "star lantern", "page": 10})  # fmt: skip
    feed("github/none", search, {"total_count": 0, "items": []}, {"outcome": "empty"}, **asked)
    feed(
        "github/refused_words",
        search,
        {"message": "Validation Failed"},
        {"outcome": "changed", "note": "Validation Failed"},
        status=422,
        **asked,
    )
    feed("github/challenge", search, WAIT, {"outcome": "blocked", "note": "challenge"}, **asked)
    feed(
        "github/unnamed_results",
        search,
        {"items": [{"id": 1}, 5]},
        {"outcome": "changed", "note": "None of 2"},
        **asked,
    )
    one = f"{API}/repos/{name}"
    feed(
        "github/repository",
        one,
        repository(name),
        {"outcome": "ok", "requests": [readme]},
        label="repository",
        state={"name": name},
    )
    feed(
        "github/gone",
        one,
        {"message": "Not Found"},
        {"outcome": "empty"},
        label="repository",
        state={"name": name},
        status=404,
    )
    block = {
        "message": "Repository access blocked",
        "block": {
            "reason": "dmca",
            "created_at": "2026-01-02T00:00:00Z",
            "html_url": "https://code.example/dmca/2026-01-02-lantern.md",
        },
    }
    label = {"id": name, "title": name, "kind": "repository", "tags": ["status:451", "dmca:https://code.example/dmca/2026-01-02-lantern.md"], "availability": "discontinued",
             "description": "Repository access blocked\n\nhttps://code.example/dmca/2026-01-02-lantern.md"}  # fmt: skip
    feed(
        "github/blocked_for_copyright",
        one,
        block,
        {"outcome": "ok", "listings": [label]},
        label="repository",
        state={"name": name},
        status=451,
    )
    facts = {"name": name, "url": f"https://code.example/{name}", "about": "Star Lantern server", "owner": "wick", "topics": "emulator",
             "language": "Java", "home": "", "created": "2026-03-01T00:00:00Z", "forks": 3, "parent": ""}  # fmt: skip
    text = base64.encodebytes("# Star Lantern private server\n启动器 + Discord".encode()).decode()
    told = {
        "id": name, "title": name, "url": f"https://code.example/{name}", "kind": "repository", "category": "Java", "tags": ["topic:emulator"],
        "description": "Star Lantern server\n\n# Star Lantern private server\n启动器 + Discord", "price": None,
        "seller": {"id": "wick", "name": "wick", "url": "https://code.example/wick", "country": ""}, "posted_at": "2026-03-01T00:00:00+00:00",
    }  # fmt: skip
    feed("github/readme", readme, {"content": text, "encoding": "base64"},
         {"outcome": "ok", "listings": [told], "requests": [f"{API}/repos/{name}/forks?sort=stargazers&per_page=30"]}, label="readme", state=facts)  # fmt: skip
    feed("github/no_readme", readme, {"message": "Not Found"}, {"outcome": "ok", "listings": [{"description": "Star Lantern server"}], "note": "no README"},
         label="readme", state=facts, status=404)  # fmt: skip
    feed(
        "github/readme_blocked",
        readme,
        block,
        {
            "outcome": "ok",
            "requests": [],
            "listings": [
                {
                    "tags": [
                        "topic:emulator",
                        "status:451",
                        "dmca:https://code.example/dmca/2026-01-02-lantern.md",
                    ]
                }
            ],
        },
        label="readme",
        state=facts,
        status=451,
    )
    fork = {**facts, "name": "tide/lantern-ps", "parent": name, "depth": 2}
    feed("github/fork_readme", f"{API}/repos/tide/lantern-ps/readme", {"content": text, "encoding": "base64"},
         {"outcome": "ok", "requests": [], "listings": [{"tags": ["topic:emulator", f"forked-from:{name}"]}]}, label="readme", state=fork)  # fmt: skip
    feed("github/forks", f"{API}/repos/{name}/forks?sort=stargazers&per_page=30", [repository("tide/lantern-ps"), {"id": 2}],
         {"outcome": "ok", "requests": [f"{API}/repos/tide/lantern-ps/readme"]}, label="forks", state={"of": name, "depth": 1})  # fmt: skip


def discord() -> None:
    url, asked = (
        f"{INVITES}/invites/lantern?with_counts=true",
        {"label": "invite", "state": {"code": "lantern"}},
    )
    guild = {
        "id": "77001",
        "name": "Star Lantern PS",
        "description": "Private server, free gems",
        "icon": None,
        "features": ["COMMUNITY"],
    }
    answer = {
        "type": 0, "code": "lantern", "guild": guild, "channel": {"id": "5", "name": "download", "type": 0},
        "inviter": {"id": "1", "username": "someone"}, "approximate_member_count": 4210, "approximate_presence_count": 300, "expires_at": None,
    }  # fmt: skip
    told = {
        "id": "lantern", "title": "Star Lantern PS", "description": "Private server, free gems", "kind": "invite",
        "url": "https://discord.gg/lantern", "tags": ["#download"], "seller": {"id": "77001", "name": "Star Lantern PS", "url": "", "country": ""},
    }  # fmt: skip
    feed(
        "discord/a_community",
        url,
        answer,
        {"outcome": "ok", "listings": [told], "note": "4,210 members"},
        **asked,
    )
    feed(
        "discord/unknown",
        url,
        {"message": "Unknown Invite", "code": 10006},
        {"outcome": "empty", "note": "expired"},
        status=404,
        **asked,
    )
    feed(
        "discord/a_group",
        url,
        {"type": 1, "code": "lantern", "guild": None},
        {"outcome": "empty", "note": "no community"},
        **asked,
    )
    feed("discord/no_name", url, {"code": "lantern", "guild": {"id": "1"}}, {"outcome": "changed"}, **asked)
    feed("discord/challenge", url, WAIT, {"outcome": "blocked", "note": "challenge"}, **asked)


def top_list() -> None:
    asked = {"label": "list"}

    def row(name: str, href: str, votes: str = "") -> str:
        return f'<tr class="server"><td><a class="name" href="{href}">{name}</a><p class="about">x100 rates</p></td><td class="votes">{votes}</td></tr>'

    page = html(
        f"<table>{row('Lantern Reborn', '/server/7', '1,204 votes')}{row('Old Lantern', 'https://old-lantern.example/')}</table><a rel='next' href='?page=2'>2</a>"
    )
    inside = {"id": "server/7", "title": "Lantern Reborn", "url": "https://top-servers.example/server/7", "kind": "server", "description": "x100 rates",
              "missing": [], "seller": {"id": "", "name": "", "url": "", "country": ""}}  # fmt: skip
    outside = {
        "id": "https://old-lantern.example/",
        "title": "Old Lantern",
        "missing": ["votes"],
        "seller": {"id": "", "name": "old-lantern.example", "url": "", "country": ""},
    }
    case(
        "top-list/entries",
        LIST,
        page,
        {"outcome": "ok", "listings": [inside, outside], "requests": [f"{LIST}?page=2"]},
        **asked,
    )
    case("top-list/one_without_a_name", LIST, html(f"<table>{row('Lantern Reborn', '/server/7')}{row('', '/server/8')}</table>"),
         {"outcome": "ok", "listings": [{"title": "Lantern Reborn"}], "note": "1 entries could not be read", "requests": []}, **asked)  # fmt: skip
    case(
        "top-list/says_it_has_none",
        LIST,
        html("<p class='none'>No servers yet</p>"),
        {"outcome": "empty"},
        **asked,
    )
    case(
        "top-list/rebuilt",
        LIST,
        html("<div class='card'>Lantern Reborn</div>"),
        {"outcome": "changed", "note": "rebuilt"},
        **asked,
    )
    case("top-list/challenge", LIST, WAIT, {"outcome": "blocked", "note": "challenge"}, **asked)
    case("top-list/gone", LIST, html("gone"), {"outcome": "empty", "note": "gone"}, status=404, **asked)


if __name__ == "__main__":
    for make in (static_ct, rfc6962, rdap, github, discord, top_list):
        shutil.rmtree(HERE / make.__name__.replace("_", "-"), ignore_errors=True)
        make()
