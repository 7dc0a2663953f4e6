"""Feeds, the whole way by the commands: a certificate log, a registry, name servers, a code host, invites, a top list,
all of them real servers on loopback; from what they say to an alert, its evidence and a bundle that verifies."""

from __future__ import annotations

import base64
import json
import shutil
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ct_log import FakeLog, Told, as_json, serving
from dns_zone import zone
from typer.testing import CliRunner

from ipguard.cli.main import build
from ipguard.errors import IpguardError
from ipguard.sources.keys import variable

TOKEN = "ghx_averysecretvalue"
WATCHLIST = """
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
pictures = []
official_sellers = ["star-lantern.example", "market.example/StarLanternStore"]
names = [{ text = "Star Lantern", lang = "en" }, { text = "星灯", lang = "zh" }]
"""
HIT = "star-lantern-shop.example"
REGISTERED = {
    "objectClassName": "domain",
    "ldhName": HIT,
    "status": ["active"],
    "events": [{"eventAction": "registration", "eventDate": "2026-11-20T08:00:00Z"}],
    "entities": [
        {"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Harbour Names Ltd"]]]},
        {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", "Private Person"]]]},
    ],
    "nameservers": [{"ldhName": "ns1.host.example"}],
}
RECORDS = {HIT: ["60 IN A 203.0.113.5", "60 IN NS ns1.host.example.", "60 IN MX 10 mail.host.example."]}


def ipguard(*arguments: object, cwd: Path, expect: int = 0) -> list[dict[str, object]]:
    """Run a command in this process; JSON Lines it wrote, if it was asked for them."""
    words = [str(one) for one in (*arguments, "-w", cwd / "ws")]
    done = CliRunner().invoke(build(), words)
    wrong = done.exception if isinstance(done.exception, IpguardError) else None
    assert (wrong.exit_code if wrong else done.exit_code) == expect, (done.output, done.exception)
    if "--json" in arguments:
        return [json.loads(line) for line in done.stdout.splitlines()]
    return [{"said": done.stdout}]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("prepared")
    (place / "watch.toml").write_text(WATCHLIST, "utf-8")
    assert CliRunner().invoke(build(), ["init", str(place / "ws")]).exit_code == 0
    ipguard("watch", "add", place / "watch.toml", cwd=place)
    return place


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "p")
    return tmp_path / "p"


def informed_by(place: Path, registry: str, dns_port: int) -> None:
    """Settings that lead to our own registry and name server."""
    services = {"version": "1.0", "services": [[["example"], [registry]]]}
    (place / "ws" / "rdap.json").write_text(json.dumps(services), "utf-8")
    file = place / "ws" / "ipguard.toml"
    asked = f'name_servers = ["127.0.0.1:{dns_port}"]\nrdap_services = "rdap.json"\n'
    text = file.read_text("utf-8")
    assert text.count("[crawling]\n") == 1
    file.write_text(text.replace("[crawling]\n", f"[crawling]\n{asked}"), "utf-8")


def exhibit_file(bundle: str, name: str) -> bytes:
    """The one file of this name in a bundle."""
    with zipfile.ZipFile(bundle) as packed:
        (found,) = [entry for entry in packed.namelist() if entry.endswith(f"/{name}")]
        return packed.read(found)


@pytest.mark.parametrize("form", ["names", "data", "rfc6962"])
def test_a_name_in_a_certificate_log_becomes_an_alert_with_its_evidence(form: str, place: Path) -> None:
    log = FakeLog(names_tiles=form == "names", at_most=64)
    for number in range(300):
        log.add(f"lamp{number}.example", f"www.lamp{number}.example", precert=number % 2 == 0)
    log.add(HIT, f"www.{HIT}", f"mail.{HIT}")
    log.add("shop.star-lantern.example")

    def tell(path: str) -> Told:
        return (404, {}, b"") if form == "rfc6962" and path == "/checkpoint" else log.tell(path)

    def registry(path: str) -> Told:
        return as_json(REGISTERED) if path == f"/domain/{HIT}" else as_json({"errorCode": 404}, 404)

    with serving(tell) as service, serving(registry) as rdap, zone(RECORDS) as names:
        informed_by(place, rdap.base, names.port)
        (source,) = ipguard(
            "source", "add", f"ct:{service.base}", "--name", "log", "--local", "--gap", 0, "--json", cwd=place
        )
        assert source["adapter"] == ("rfc6962" if form == "rfc6962" else "static-ct")
        (report,) = ipguard("sweep", "--json", cwd=place)
        assert (report["state"], report["read"], report["listings"], report["new_alerts"]) == (
            "finished",
            303,
            1,
            1,
        )
        assert "303 read" in report["note"]
        assert "1 kept. Read up to entry 302." in report["note"]

        # only the hit was asked about, and once
        assert rdap.asked == [f"/domain/{HIT}"]
        assert names.names() == {HIT}

        (alert,) = ipguard("alerts", "--json", cwd=place)
        assert (alert["kind"], alert["title"], alert["price"]) == ("domain", HIT, None)
        assert {finding["matcher"] for finding in alert["findings"]} == {"domain"}
        (shown,) = ipguard("alerts", "show", alert["alert"], cwd=place)
        for fact in ("Harbour Names Ltd", "203.0.113.5", "10 mail.host.example", "2026-11-20"):
            assert fact in str(shown["said"])

        # what the log said is in the exhibit, and what the registry said of a person is nowhere
        ipguard("case", "new", "Star Lantern", cwd=place)
        ipguard("case", "add", 1, alert["alert"], cwd=place)
        (bundle,) = ipguard("case", "export", 1, "--json", cwd=place)
        told = json.loads(exhibit_file(str(bundle["bundle"]), "lookups.json"))
        assert [one["kind"] for one in told] == ["registration", "names"]
        assert told[0]["facts"]["registrar"] == "Harbour Names Ltd"
        assert {record["type"] for record in told[1]["facts"]["records"]} == {"A", "NS", "MX"}
        assert len(told[1]["facts"]["messages"]) == 4
        with zipfile.ZipFile(str(bundle["bundle"])) as packed:
            assert all(b"Private Person" not in packed.read(name) for name in packed.namelist())
        assert CliRunner().invoke(build(), ["verify", str(bundle["bundle"])]).exit_code == 0

        # the next look goes on where this one ended
        service.asked.clear()
        log.add("later.example")
        log.add("star-lantern-sale.example")
        (report,) = ipguard("sweep", "--all", "--json", cwd=place)
        assert (report["read"], report["listings"], report["new_alerts"], report["gone"]) == (2, 1, 1, 0)
        assert len(service.asked) == 2
        (report,) = ipguard("sweep", "--all", "--json", cwd=place)
        assert (report["state"], report["read"]) == ("finished", 0)
        assert "No new entries." in report["note"]
        assert rdap.asked == [f"/domain/{HIT}", "/domain/star-lantern-sale.example"]


README = """# Star Lantern private server
Server emulator for Star Lantern. Download the launcher, edit your hosts file, trust the CA certificate.
Join our Discord: https://discord.gg/lanternps — GM commands /give, all characters unlocked, x100 rates.
"""


def code_host(path: str) -> Told:
    """A host with one private server, a fork of it, a blocked repository and a wallpaper collection."""

    def repository(name: str, about: str, forks: int = 0) -> dict[str, object]:
        owner = name.split("/")[0]
        return {
            "full_name": name, "html_url": f"https://code.example/{name}", "description": about, "forks_count": forks,
            "owner": {"login": owner}, "topics": [], "language": "Java", "created_at": "2026-03-01T00:00:00Z",
        }  # fmt: skip

    readme = {"encoding": "base64", "content": base64.encodebytes(README.encode()).decode()}
    plain = {"encoding": "base64", "content": base64.encodebytes(b"Wallpapers of hills and lamps.").decode()}
    block = {
        "message": "Repository access blocked",
        "block": {"reason": "dmca", "html_url": "https://code.example/dmca/1.md"},
    }
    told: dict[str, Told] = {
        "/repos/wick/lantern-ps/readme": as_json(readme),
        "/repos/tide/lantern-ps/readme": as_json(readme),
        "/repos/fox/wallpapers/readme": as_json(plain),
        "/repos/gone/star-lantern-ps/readme": as_json(block, 451),
    }

    if path.startswith("/search/repositories"):
        rows = [
            repository("wick/lantern-ps", "Star Lantern server", 1),
            repository("fox/wallpapers", "Pictures", 9),
            repository("gone/star-lantern-ps", "Star Lantern private server"),
        ]
        return as_json({"total_count": 3, "incomplete_results": False, "items": rows})
    if "/forks" in path:
        return as_json([repository("tide/lantern-ps", "Star Lantern server")])
    return told.get(path, as_json({"message": "Not Found"}, 404))


def test_private_servers_on_a_code_host_are_found_with_their_forks(place: Path, monkeypatch) -> None:
    with serving(code_host) as host:
        monkeypatch.setenv(variable(urlsplit(host.base).netloc, "token"), TOKEN)
        (source,) = ipguard(
            "source", "add", host.base, "--adapter", "github", "--query", "star lantern", "--name", "code", "--local", "--gap", 0,
            "--json", cwd=place,
        )  # fmt: skip
        assert source["query"] == "star lantern"
        (report,) = ipguard("sweep", "--json", cwd=place)
        assert (report["state"], report["read"], report["listings"]) == ("finished", 4, 3)
        found = {str(alert["title"]): alert for alert in ipguard("alerts", "--json", cwd=place)}
        assert set(found) == {"wick/lantern-ps", "tide/lantern-ps", "gone/star-lantern-ps"}
        assert {str(alert["kind"]) for alert in found.values()} == {"repository"}

        # forks were asked for only of what was kept, with the token, which stands in no record
        assert [path.split("/")[2] for path in host.asked_for("/forks")] == ["wick"]
        assert {one.get("authorization") for one in host.heard} <= {
            f"Bearer {TOKEN}",
            None,
        }  # robots.txt has none
        assert [one.get("authorization") for one in host.heard].count(f"Bearer {TOKEN}") > 5
        ipguard("case", "new", "Star Lantern", cwd=place)
        for alert in found.values():
            ipguard("case", "add", 1, alert["alert"], cwd=place)
        (bundle,) = ipguard("case", "export", 1, "--json", cwd=place)
        with zipfile.ZipFile(str(bundle["bundle"])) as packed:
            assert all(TOKEN.encode() not in packed.read(name) for name in packed.namelist())
    kept = [file.read_bytes() for file in (place / "ws").rglob("*") if file.is_file()]
    assert all(TOKEN.encode() not in data for data in kept)


def test_an_invite_and_a_top_list_are_looked_at(place: Path) -> None:
    guild = {
        "id": "7",
        "name": "Star Lantern PS",
        "description": "Private server: free gems, x100 rates, download our launcher. 充值返利",
    }
    entry = (
        '<tr class="server"><td><a class="name" href="/server/7">Star Lantern Reborn private server x100</a>'
        '<p class="about">Free gems, all characters. Download the client, register an account, donate shop. discord.gg/lanternps</p>'
        '</td><td class="votes">1,204</td></tr>'
        '<tr class="server"><td><a class="name" href="/server/8">Teapot Online</a></td><td class="votes">7</td></tr>'
    )

    def tell(path: str) -> Told:
        if path.startswith("/invites/lanternps"):
            return as_json({"code": "lanternps", "guild": guild, "approximate_member_count": 4210})
        if path == "/list":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, f"<table>{entry}</table>".encode()
        return as_json({"message": "Unknown Invite"}, 404)

    with serving(tell) as host:
        common = ["--local", "--gap", 0, "--json"]
        ipguard(
            "source",
            "add",
            host.base,
            "--adapter",
            "discord",
            "--query",
            "lanternps gone",
            "--name",
            "invites",
            *common,
            cwd=place,
        )
        selectors = [
            f"--option={one}" for one in ("entry=tr.server", "title=.name", "text=.about", "votes=.votes")
        ]
        ipguard(
            "source", "add", f"toplist:{host.base}/list", *selectors, "--name", "ranks", *common, cwd=place
        )
        reports = {str(report["source"]): report for report in ipguard("sweep", "--json", cwd=place)}
        assert {name: (one["state"], one["listings"]) for name, one in reports.items()} == {
            "invites": ("finished", 1),
            "ranks": ("finished", 2),
        }
        found = {str(alert["title"]): str(alert["kind"]) for alert in ipguard("alerts", "--json", cwd=place)}
        assert found == {"Star Lantern PS": "invite", "Star Lantern Reborn private server x100": "server"}


def test_what_a_source_lacks_is_said_when_it_is_added(place: Path) -> None:
    lacking = [
        ("github:", []),
        ("toplist:https://top.example/", []),
        ("toplist:https://top.example/", ["--option", "entry=tr[[", "--option", "title=a"]),
        ("discord:", []),
        ("ct:ftp://log.example", []),
    ]
    for place_to_look, more in lacking:
        ipguard("source", "add", place_to_look, *more, cwd=place, expect=2)
    assert ipguard("source", "list", "--json", cwd=place) == []
    (row,) = ipguard("source", "add", "github:star lantern server", "--json", cwd=place)
    assert (row["id"], row["base_url"], row["adapter"]) == (
        "github-star-lantern-server",
        "https://api.github.com",
        "github",
    )
