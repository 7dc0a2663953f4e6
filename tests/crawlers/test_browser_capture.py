"""A page is kept as a real Chromium shows it, and the page cannot lead that browser anywhere it must not go."""

from __future__ import annotations

import email
import io
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime

import pytest
from certificates import made_for
from PIL import Image

from crawlers.errors import AddressRefused, BrowserUnavailable, CrawlError, Refused, Unreachable
from crawlers.fetch.browser import BrowserOptions, BrowserPage, capture_page
from crawlers.fetch.chromium import find_chromium
from crawlers.fetch.gate import GateLimits
from crawlers.fetch.names import Resolved

LOCAL = frozenset({"shop.test"})
chromium = pytest.mark.needs("chromium")
SHOP = """<!doctype html><html lang=en><meta charset=utf-8><title>Lantern stall</title>
<h1>Star Lantern 星灯</h1><p id=made></p><img src=/lamp.png>
<script>document.getElementById("made").textContent = "made " + "by script";
document.title += " in " + Intl.DateTimeFormat().resolvedOptions().timeZone + " " + navigator.language;</script>"""


async def loopback(host: str, port: int) -> Resolved:
    return Resolved((host,) if host[:1].isdigit() else ("127.0.0.1",))


def look(url: str, **options: object):
    values = {"load_seconds": 15.0, "settle_seconds": 1.0, **options}
    return capture_page(
        url, BrowserOptions(**values), now=lambda: datetime.now(UTC), resolve=loopback, local_hosts=LOCAL
    )  # type: ignore[arg-type]


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "orange").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def seen(run, server_factory, reply):
    """What the browser makes of a page with the given markup at /, and the server it stood on."""

    def look_at(
        markup: str, more: dict[str, bytes] | None = None, **options: object
    ) -> tuple[BrowserPage, object]:
        async def go():
            async with server_factory() as server:
                filled = markup.replace("PORT", str(server.port))
                server.says("/", reply(filled.encode(), content_type="text/html; charset=utf-8"))
                for path, data in (more or {}).items():
                    server.says(path, data.replace(b"PORT", str(server.port).encode()))
                return await look(f"{server.at('shop.test')}/", **options), server

        return run(go())

    return look_at


@chromium
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_every_artefact_is_there_and_readable(run, server_factory, reply, tmp_path, secure):
    tls = made_for(tmp_path, "shop.test").server if secure else None

    async def go():
        async with server_factory(tls=tls) as server:
            server.says("/", reply(SHOP.encode(), content_type="text/html; charset=utf-8"))
            server.says("/lamp.png", reply(picture(), content_type="image/png"))
            base = f"http{'s' if secure else ''}://shop.test:{server.port}"
            page = await look(
                f"{base}/",
                locale="de-DE",
                time_zone="Asia/Shanghai",
                introduction="ipguard/1.2 (+https://owner.example)",
            )
            return page, server, base

    page, server, base = run(go())
    assert page.notes == ()
    assert (page.final_url, page.status) == (f"{base}/", 200)
    assert page.title == "Lantern stall in Asia/Shanghai de-DE"
    shot = Image.open(io.BytesIO(page.screenshot))
    assert shot.size == (1280, 900)
    assert (255, 165, 0) in {color for _, color in shot.convert("RGB").getcolors(1 << 20)}
    assert "made by script" in page.dom.decode()
    saved = email.message_from_bytes(page.mhtml)
    assert picture() in [part.get_payload(decode=True) for part in saved.walk() if not part.is_multipart()]
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-", "-"], input=page.pdf, capture_output=True, check=True).stdout
        assert "made by script" in text.decode()
    assert page.pdf.startswith(b"%PDF-")
    assert page.started_at <= page.captured_at
    assert datetime.fromisoformat(page.local_time) == page.captured_at
    assert page.local_time.endswith("+08:00")
    assert "ipguard/1.2 (+https://owner.example)" in page.user_agent
    assert page.browser.startswith("Chrome/")
    assert any(flag.startswith("--proxy-server=") for flag in page.flags)
    assert all(b"ipguard/1.2" in head for head in server.received)

    by_path = {one.url.removeprefix(base): one for one in page.traffic}
    assert not by_path["/"].own_traffic
    assert not by_path["/lamp.png"].own_traffic
    assert by_path["/lamp.png"].response.endswith(picture())
    assert (by_path["/"].address, by_path["/"].port) == ("127.0.0.1", server.port)
    if secure:
        assert page.certificate_error == "ERR_CERT_AUTHORITY_INVALID"
        assert all(one.retold for one in page.traffic)
        assert b"x-ipguard-retold" in by_path["/"].response
    else:
        assert page.certificate_error == ""
        assert [one.response for one in page.traffic] == server.sent
        assert [one.request for one in page.traffic] == server.received
        assert by_path["/favicon.ico"].own_traffic, "the browser wanted that, not the page"


@chromium
def test_a_certificate_nobody_believes_can_be_refused(run, server_factory, tmp_path):
    async def go():
        async with server_factory(tls=made_for(tmp_path, "shop.test").server) as server:
            with pytest.raises(Unreachable, match="ERR_CERT_AUTHORITY_INVALID"):
                await look(f"https://shop.test:{server.port}/", accept_bad_certificates=False)
            assert server.asked == []

    run(go())


@chromium
def test_a_redirect_is_followed_and_both_steps_are_kept(run, server_factory, reply):
    async def go():
        async with server_factory() as server:
            server.says("/old", reply(b"", "301 Moved", location="/new"))
            server.says("/new", reply(b"<title>here</title>", content_type="text/html"))
            page = await look(f"{server.at('shop.test')}/old")
            assert page.final_url == f"{server.at('shop.test')}/new"
            assert page.requested_url.endswith("/old")
            assert [one.response[:12] for one in page.traffic[:2]] == [b"HTTP/1.1 301", b"HTTP/1.1 200"]

    run(go())


@chromium
@pytest.mark.parametrize("host", ["inside.test", "127.0.0.1", "169.254.169.254", "[::1]"])
def test_a_page_at_an_address_that_is_not_public_is_not_looked_at(run, server_factory, host):
    async def go():
        async with server_factory() as server:
            with pytest.raises(AddressRefused, match="not a public address"):
                await look(f"http://{host}:{server.port}/")
            assert server.received == []

    run(go())


@chromium
def test_a_page_cannot_lead_the_browser_to_an_address_that_is_not_public(seen, reply):
    trap = """<img src="http://inside.test:PORT/img"><iframe src="http://127.0.0.1:PORT/frame"></iframe>
    <link rel=stylesheet href="http://localhost:PORT/css"><img src="/away"><link rel=preconnect href="http://inside.test:PORT">
    <script>
    fetch("http://2130706433:PORT/fetch", {mode: "no-cors"}).catch(() => 0);
    new WebSocket("ws://inside.test:PORT/socket");
    new WebSocket("ws://[::1]:PORT/socket");
    new Worker(URL.createObjectURL(new Blob(["fetch('http://inside.test:PORT/worker'); new WebSocket('ws://127.0.0.1:PORT/w')"])));
    navigator.sendBeacon("http://inside.test:PORT/beacon", "x");
    </script>"""
    page, server = seen(
        trap, {"/away": reply(b"", "302 Found", location="http://inside.test:PORT/redirected")}
    )
    hosts = {
        line.split(b":")[1].strip()
        for head in server.received
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"host:")
    }
    assert set(server.asked) <= {"/", "/away", "/favicon.ico"}
    assert hosts == {b"shop.test"}
    refused = "\n".join(page.refused)
    assert f"inside.test:{server.port}" in refused
    assert f"127.0.0.1:{server.port}" in refused
    assert all("not a public address" in one for one in page.refused)


@chromium
def test_calls_from_browser_to_browser_do_not_pass_by_the_gate(seen):
    with socket.socket(type=socket.SOCK_DGRAM) as heard, socket.create_server(("127.0.0.1", 0)) as reached:
        heard.bind(("127.0.0.1", 0))
        heard.setblocking(False)
        reached.setblocking(False)
        stun, turn = (f"127.0.0.1:{one.getsockname()[1]}" for one in (heard, reached))
        page, _ = seen(
            f"""<script>
            const at = {{username: "x", credential: "x"}};
            const peer = new RTCPeerConnection({{iceServers: [{{urls: "stun:{stun}"}}, {{urls: "turn:{stun}", ...at}},
              {{urls: "turn:{turn}?transport=tcp", ...at}}, {{urls: "turns:{turn}?transport=tcp", ...at}}]}});
            peer.createDataChannel("x");
            peer.createOffer().then(offer => peer.setLocalDescription(offer)).then(() => document.title = "tried");
            </script>""",
            settle_seconds=3.0,
        )
        assert page.title == "tried"
        with pytest.raises(BlockingIOError):
            heard.recv(1)
        with pytest.raises(BlockingIOError):
            reached.accept()


@chromium
def test_a_page_that_moves_on_to_a_private_address_stays_where_it_was(seen):
    page, server = seen("<title>bait</title><script>location = 'http://127.0.0.1:PORT/admin'</script>")
    assert "/admin" not in server.asked
    assert any("not a public address" in one for one in page.refused)


@chromium
def test_what_the_browser_wants_for_itself_is_never_among_the_exchanges_of_the_page(seen):
    page, server = seen("<title>calm</title>")
    assert [one.url.rpartition("/")[2] for one in page.traffic if not one.own_traffic] == [""]
    assert {one.port for one in page.traffic} == {server.port}


@chromium
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "chrome://version",
        "about:blank",
        "data:text/html,x",
        "view-source:http://shop.test/",
        "nonsense",
    ],
)
def test_only_addresses_of_the_web_are_looked_at(run, url):
    with pytest.raises(AddressRefused):
        run(look(url))


@chromium
def test_a_page_sees_no_file_of_this_machine(seen, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    page, _ = seen(
        f'<iframe src="file://{secret}"></iframe><iframe src="chrome://version"></iframe><script>location="file://{secret}"</script>'
    )
    assert page.final_url.startswith("http://shop.test")
    assert b"secret words" not in page.dom + page.mhtml
    assert page.screenshot


@chromium
def test_dialogs_downloads_windows_and_wishes_are_harmless(seen, reply):
    loud = """<title>loud</title><script>
    alert("Buy!"); confirm("Sure?"); prompt("Name?"); onbeforeunload = () => "Stay";
    open("/window"); navigator.geolocation.getCurrentPosition(() => fetch("/located"));
    Notification.requestPermission(); navigator.serviceWorker?.register("/worker.js");
    const a = document.createElement("a"); a.href = "/file.exe"; a.download = "file.exe"; document.body.append(a); a.click();
    setTimeout(() => print(), 1);
    </script>"""
    page, server = seen(
        loud,
        {
            "/file.exe": reply(
                b"MZ", content_type="application/octet-stream", content_disposition="attachment"
            )
        },
    )
    assert page.title == "loud"
    assert page.screenshot
    assert any("dialog (alert) was dismissed" in note for note in page.notes)
    assert "/window" not in server.asked
    assert "/located" not in server.asked
    assert "/worker.js" not in server.asked


@chromium
def test_an_address_that_is_a_download_is_no_page(run, server_factory, reply):
    async def go():
        async with server_factory() as server:
            server.says(
                "/", reply(b"MZ", content_type="application/octet-stream", content_disposition="attachment")
            )
            with pytest.raises(Unreachable):
                await look(f"{server.at('shop.test')}/")

    run(go())


@chromium
def test_a_page_that_never_finishes_loading_is_kept_as_it_stood(run, server_factory, reply):
    async def go():
        async with server_factory() as server:
            server.says("/", reply(b"<title>slow</title><p>words<img src=/never>", content_type="text/html"))
            server.says("/never", reply(b"x", content_length="1000", content_type="image/png"))
            server.hang_after.add("/never")
            return await look(
                f"{server.at('shop.test')}/", load_seconds=1.0, settle_seconds=0.3, step_seconds=5.0
            )

    began = time.monotonic()
    page = run(go())
    assert time.monotonic() - began < 20
    assert (page.title, page.status) == ("slow", 200)
    assert any("not finished loading after 1 s" in note for note in page.notes)
    assert page.screenshot
    assert page.pdf
    assert page.mhtml


@chromium
def test_a_shop_that_does_not_answer_is_not_waited_for(run, server_factory, reply):
    async def go():
        async with server_factory() as server:
            server.says("/", b"")
            server.hang_after.add("/")
            with pytest.raises(Unreachable):
                await look(f"{server.at('shop.test')}/", load_seconds=0.5)

    run(go())


@chromium
def test_a_page_that_keeps_the_processor_busy_for_ever_ends_at_the_cap(seen):
    began = time.monotonic()
    with pytest.raises(Unreachable, match="within 6 s"):
        seen(
            "<title>busy</title><p>x<script>while (true);</script>",
            load_seconds=1.0,
            step_seconds=60.0,
            settle_seconds=60.0,
            total_seconds=6.0,
        )
    assert time.monotonic() - began < 20


@chromium
def test_a_page_without_end_is_cut_and_that_is_said(seen):
    page, _ = seen("<body style='height: 300000px; background: teal'>", max_height=3000)
    assert Image.open(io.BytesIO(page.screenshot)).size == (1280, 3000)
    assert any("was cut at 3000" in note for note in page.notes)
    assert page.page_size[1] >= 300_000


@chromium
def test_pictures_that_wait_to_be_seen_are_loaded(seen, reply):
    page, server = seen(
        "<body><div style='height: 9000px'></div><img src=/lamp.png loading=lazy width=40 height=40>",
        {"/lamp.png": reply(picture(), content_type="image/png")},
    )
    assert "/lamp.png" in server.asked
    assert any(one.url.endswith("/lamp.png") for one in page.traffic)


@chromium
def test_more_than_the_cap_does_not_come_in(seen, reply):
    page, _ = seen(
        "<script>fetch('/big').then(answer => answer.arrayBuffer())</script>",
        {"/big": reply(b"x" * 9_000_000)},
        gate=GateLimits(max_bytes=1_000_000),
    )
    assert any("More than 1000000 bytes" in note for note in page.notes)


@chromium
def test_errors_of_the_page_are_kept_in_its_words(seen):
    page, _ = seen("<script>console.error('first'); throw new Error('second')</script>")
    assert any("first" in line for line in page.console)
    assert any("second" in line for line in page.console)


@chromium
def test_nothing_is_remembered_from_one_page_to_the_next(run, server_factory, reply):
    async def go():
        async with server_factory() as server:
            markup = b"<script>document.title = localStorage.getItem('x') || 'new'; localStorage.setItem('x', 'old')</script>"
            server.says("/", reply(markup, content_type="text/html", set_cookie="session=1"))
            for _ in range(2):
                page = await look(f"{server.at('shop.test')}/")
                assert page.title == "new"
            roots = [head for head in server.received if head.startswith(b"GET / ")]
            assert len(roots) == 2
            assert not any(b"session=1" in head for head in roots)

    run(go())


def test_without_a_chromium_that_is_said_and_what_to_do(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        BrowserUnavailable, match="Browser capture is not available: there is no Chromium"
    ) as caught:
        run(look("http://shop.test/"))
    assert "Install Chromium" in caught.value.hint
    assert isinstance(caught.value, CrawlError)
    with pytest.raises(BrowserUnavailable, match="no-such-browser is no program"):
        find_chromium("no-such-browser")


def test_a_program_that_is_no_chromium_is_told(run):
    with pytest.raises(BrowserUnavailable, match="does not start"):
        run(look("http://shop.test/", executable=shutil.which("true")))


def test_a_time_zone_that_does_not_exist_is_told(run):
    with pytest.raises(Refused, match="no time zone"):
        run(look("http://shop.test/", time_zone="Mars/Olympus"))
