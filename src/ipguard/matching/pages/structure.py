"""What a page is built of: where its links lead, what its forms ask, addresses, rates, wallets, labels. No words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from ipguard.matching.finding import PageSign
from ipguard.matching.pages.cues import words
from ipguard.matching.pages.page import MAX_LINKS, Form, Link, Page, PageKind

FILES = re.compile(
    r"\.(?:apks?|xapk|ipa|zip|rar|7z|exe|jar|dmg|msi|tar\.gz|torrent|epub|mobi|cbz|cbr|iso|dll)(?:$|[?#])",
    re.IGNORECASE,
)
BARE = re.compile(
    r"(?:https?://|magnet:\?)[^\s<>\"'()\[\]{}，。；！？、）】》]{3,500}|\b(?:[a-z0-9-]{1,40}\.){1,4}(?:gg|me|com|net|org|nz|io|top|ru|cc|to|example)/[\w\-+./?=&%]{2,200}",
    re.IGNORECASE,
)
RATE = re.compile(
    r"(?<![\w.])(?:[x×х]\s?\d{2,6}|[x×х]\s?[3-9]|\d{1,6}\s?[x×х])(?!\w)|(?<![\d.])(?:[5-9]|\d{2,6})\s?[倍배]",
    re.IGNORECASE,
)
RATED = re.compile(
    r"exp|xp|drop|gold|rate|loot|yang|zeny|gems?|опыт|дроп|рейт|经验|經驗|爆率|掉落|倍|ドロップ|경험|드랍|드롭|เรท|rớt|oran|taux|tasa|taxa|reset|сервер|server|фришк|адена|экспа|experi",
    re.IGNORECASE,
)
RATE_REACH = 25
ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5})?(?![\w.])|(?<![\w.@/])(?:[a-z0-9-]{1,60}\.){1,4}[a-z]{2,12}:\d{3,5}(?!\w)",
    re.IGNORECASE,
)
ADDRESS_WORDS = re.compile(
    r"\bip\b|host|server|port|address|dispatch|地址|服务器|伺服器|主机|サーバ|接続|서버|주소|сервер|адрес|máy chủ|sunucu|เซิร์ฟ",
    re.IGNORECASE,
)
LOCAL = re.compile(
    r"127\.0\.0\.1|localhost|0\.0\.0\.0|\bhosts\b|mitm(?:proxy|dump|web)|fiddler|\bproxy\b|代理|\bdns\b|redirect|重定向",
    re.IGNORECASE,
)
HOSTS_LINE = re.compile(
    r"(?:127\.0\.0\.1|0\.0\.0\.0|(?:\d{1,3}\.){3}\d{1,3})[ \t]+(?:[a-z0-9-]{1,60}\.){1,5}[a-z]{2,12}\b",
    re.IGNORECASE,
)
QQ_GROUP = re.compile(
    r"(?:q\s?q|扣扣|企鹅|企鵝|加群|群号|群號|q群|[交官福玩]\w{0,3}群|(?<![\w])群)[^\d\n]{0,8}(\d[\d ]{5,12}\d)",
    re.IGNORECASE,
)
HANDLE = re.compile(
    r"(?:telegram|\btg\b|电报|電報|纸飞机|телеграм\w*|\bтг\b|line id|zalo|\bv[x信]|wechat|카톡|카카오톡|텔레그램|ไลน์|discord(?: tag)?)"
    r"\s{0,2}[:：@是]\s{0,2}@?[A-Za-z0-9_.\-#]{4,32}"
    r"|(?:微信|薇信|威信|客服)(?:咨询|客服|号|联系)?\s?[:：是]?\s?[A-Za-z][\w-]{5,20}",
    re.IGNORECASE,
)
WALLET = re.compile(
    r"\b(?:bc1[a-z0-9]{25,62}|[13][a-km-zA-HJ-NP-Z1-9]{26,34}|0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33})\b"
)
PRICE = re.compile(
    r"(?:US\$|R\$|[$€£¥￥₽₩₫฿₺])\s?\d[\d.,]{0,15}|(?<![\d.,])\d[\d.,]{0,15}\s?(?:元|块|塊|円|руб|₽|€|만\s?원|원|บาท|usdt|usd|eur|\btl\b|rb\b|vnđ|vnd|rmb)",
    re.IGNORECASE,
)
PERIOD = re.compile(
    r"(?:(?<![^\W\d_])(?:day|daily|week|weekly|month|monthly|lifetime|key|dia|semana|mes|mês|mensal|semanal|diaria|jour|semaine|mois|mensuel|vie|tag|tages\w*|woche|wochen\w*|monat\w*|день|неделя|неделю|месяц|сутки|ngày|tuần|tháng|hari|minggu|bulan|gün|günlük|haftalık|aylık|hafta)(?![^\W\d_])|日卡|天卡|周卡|月卡|永久|月费|包月|1日|一日|1ヶ月|月額|일|주일|개월|월정액|วัน|เดือน|สัปดาห์)"
    r"[^\n.。!]{0,8}?(?:[$€£¥￥₽₩₫฿₺]|R\$|Rp)?\s?\d[\d.,]{0,9}\s?(?:[$€£¥₽₩₫฿₺]|元|円|만\s?원|원|руб|р(?!\w)|k(?!\w)|rb|ribu|tl|บาท|usd|eur)",
    re.IGNORECASE,
)
"""A price for a time: how cheats are let."""
CHAPTER = re.compile(
    r"(?:chapter|chap|ch|episode|ep|capitulo|capítulo|episodio|глава|серия|bölüm|chapitre|kapitel|folge|chương|tập|ตอนที่|第)[\s._/-]{0,2}\d{1,4}|\d{1,4}\s?(?:화|話|话|章|集|回)",
    re.IGNORECASE,
)
CHAPTER_RANGE = re.compile(
    r"(?:chapters?|ch\.?|episodes?|ep\.?|vol\.?|volumes?|chap|第|capitulos?|capítulos?|главы|серии|tập|chương|ตอนที่|bölüm)\s?\d{1,4}\s?[-–~～至到]\s?\d{1,4}|\d{1,4}\s?[章话話集回]?\s?[-–~～至到]\s?第?\d{2,4}\s?(?:화|話|话|章|集|回|권|卷|巻|ตอน)",
    re.IGNORECASE,
)
CHAPTERS_MADE = 8
"""Links to chapters or episodes that make a catalogue."""
REGISTER = re.compile(
    r"regist|sign.?up|create.?account|confirm|repeat|注册|註冊|登録|가입|registr|cadastr|регистр|inscri|daftar|đăng ký|สมัคร|kayıt|kayit",
    re.IGNORECASE,
)
SERVER_FIELD = re.compile(
    r"server|realm|shard|port\b|host\b|区服|服务器|伺服器|サーバ|서버|сервер|sunucu", re.IGNORECASE
)
VERSIONED = re.compile(r"\bv?\d{1,3}\.\d{1,3}(?:\.\d{1,5})?\b")
SERVED = re.compile(
    r"(?:福利|变态|變態|公益|自建|自架|满[vV星级]|滿[vV星級]|无限|無限|内购|仿官|魔改|高爆|GM|BT|SF|单机|單機|离线)[服区區端版]"
    r"(?![装饰务裝飾務])"
)
GIVEN = re.compile(
    r"(?:上线|上線|登[录陆錄]|开局|開局|注册|註冊|进服|開服|开服)[就即可]?(?:送|满|滿|领|領)"
    r"|(?:送|领|領)(?:\d+[万千百wk]?|[一二三四五六七八九十百千万]+|满|滿|无限|無限)[^\s，。,.!！]{0,3}(?:钻|鑽|元宝|元寶|抽|石|金币|金幣|充|角色|级|級|V)"
)
CALLED = re.compile(
    r"[\s\-_:|·【】\[\]]{0,3}(?:PS(?![\w]|\s(?:Store|Plus|Vita|Now|Portal|版))|P-?Server|SF(?!\w)|私(?!服?[装饰裝飾])|サバ|鯖|섭(?!취)|服(?![装饰务裝飾務]))"
)
"""Right after the name: what a private server of it is called."""
REPOSITORY_NAMED = re.compile(
    r"(?:[-_.]|^)(?:ps|gs|emu|emulator|privateserver|gameserver|serveremu|server)s?(?:$|[-_.])", re.IGNORECASE
)
CONFIRMED = ("status:451", "dmca:", "known-parent:", "shared-invite:", "shared-wallet:", "shared-analytics:")
WORDY = ("served", "given_away", "name_and_server")
"""Found by pattern, and words all the same: they can be denied or asked about."""
MAX_SIGNS = 20
"""Of one sort."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign and what it weighs; `at` is its place in the page's text, -1 where it has none."""

    sign: PageSign
    weight: float
    offer: str = ""
    at: int = -1
    structural: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link leads."""

    host: str
    path: str

    def within(self, listed: Iterable[str]) -> bool:
        """Whether it is one of the hosts (or below one), and below the path where one is listed."""
        for entry in listed:
            host, _, path = entry.partition("/")
            at_host = self.host == host or self.host.endswith("." + host)
            if at_host and (not path or self.path.lstrip("/").startswith(path)):
                return True
        return False


@lru_cache(maxsize=4096)
def place_of(url: str) -> Place:
    """Host (lower case, without www.) and path of an address; empty where it has none."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        return Place((parts.hostname or "").lower().removeprefix("www."), parts.path)
    except ValueError:
        return Place("", "")


def structural_signs(page: Page, official: Sequence[str]) -> list[Sign]:
    """Everything that speaks without words. `official` are the hosts of the work's owner."""
    found = [*_labels(page), *_kind(page), *_texts(page), *_redirects(page, official)]
    for form in page.forms:
        found += _form(form)
    links = [*((link, "link") for link in page.links), *((link, "text") for link in _bare(page.text))]
    for link, field in links[: 2 * MAX_LINKS]:
        found += _link(link, field, page, official)
    chapters = [
        link for link, _ in links if CHAPTER.search(link.text) or CHAPTER.search(unquote(link.url[-80:]))
    ]
    if len(chapters) >= CHAPTERS_MADE:
        found.append(_made("mechanics", "chapter_links", "link", chapters[0].text or chapters[0].url, 1.0))
    return _few(found)


def _link(link: Link, field: str, page: Page, official: Sequence[str]) -> Iterator[Sign]:
    place = place_of(link.url)
    if place.within(official) or place.within(words("against", "hosts", "stores")):
        return
    sort = ""
    weight, offer = 1.0, ""
    if (
        FILES.search(link.url)
        or place.within(words("against", "hosts", "files"))
        or link.url.startswith("magnet:")
    ):
        group, sort = "distribution", "file_link"
    elif place.within(words("against", "hosts", "invites")):
        group, sort = "community", "invite_link"
    elif place.within(words("against", "hosts", "payments")):
        group, sort = "money", "payment_link"
    elif place.within(words("against", "hosts", "votes")) and page.kind is not PageKind.TOP_LIST:
        group, sort, weight, offer = "mechanics", "vote_link", 0.6, "private_server"
    elif re.search(r"/releases?(?:/|$)", place.path):
        group, sort, weight = "distribution", "release_link", 0.6
    if sort:
        yield _made(group, sort, field, link.url, weight, offer, link.at)


def _bare(text: str) -> Iterator[Link]:
    for count, found in enumerate(BARE.finditer(text)):
        if count >= MAX_LINKS:
            return
        yield Link(found[0], "", found.start())


def _form(form: Form) -> Iterator[Sign]:
    said = " ".join(form.fields)
    if "password" in said.lower() and (REGISTER.search(said) or REGISTER.search(form.action)):
        served = SERVER_FIELD.search(said) is not None
        yield _made("mechanics", "register_form", "form", said[:300], 1.0 if served else 0.6)


def _labels(page: Page) -> Iterator[Sign]:
    for label in page.labels:
        if label.startswith(CONFIRMED):
            yield _made("label", label.partition(":")[0], "label", label, 1.0, "confirmed")


def _kind(page: Page) -> Iterator[Sign]:
    if page.kind is PageKind.INVITE:
        yield _made("community", "invite_page", "url", page.url, 1.0)
    if page.kind is PageKind.REPOSITORY:
        yield _made("distribution", "repository", "url", page.url, 1.0)
    if page.kind is PageKind.TOP_LIST:
        yield _made("mechanics", "top_list", "url", page.url, 0.6, "private_server")
    last = page.title.rpartition("/")[2]
    if page.kind is PageKind.REPOSITORY and (named := REPOSITORY_NAMED.search(last)):
        yield _made("technical", "repository_name", "label", named[0], 0.4, "server_emulator")
    if re.search(r"\bapk\b", page.title, re.IGNORECASE) and (version := VERSIONED.search(page.title)):
        yield Sign(PageSign("distribution", "version_in_title", "title", *version.span(), version[0]), 0.4)


def _texts(page: Page) -> Iterator[Sign]:
    for field, text in (("title", page.title), ("text", page.text)):
        for group, sort, pattern, weight in (
            ("community", "group_number", QQ_GROUP, 1.0),
            ("community", "handle", HANDLE, 1.0),
            ("money", "wallet", WALLET, 1.0),
            ("money", "price", PRICE, 0.4),
            ("money", "price_for_time", PERIOD, 1.0),
            ("mechanics", "chapter_range", CHAPTER_RANGE, 0.6),
        ):
            for found in _first(pattern, text):
                yield _marked(group, sort, field, found, weight)
        for group, sort, pattern, weight in (
            ("mechanics", "served", SERVED, 1.0),
            ("mechanics", "given_away", GIVEN, 0.3),
        ):
            for found in _first(pattern, text):
                yield _marked(group, sort, field, found, weight, "private_server")
        for found in _first(RATE, text, 200):
            if RATED.search(text, max(0, found.start() - RATE_REACH), found.end() + RATE_REACH):
                yield _marked("mechanics", "rate", field, found, 0.6, "private_server")
        for found in _first(ADDRESS, text, 200):
            near = ADDRESS_WORDS.search(text, max(0, found.start() - RATE_REACH), found.start())
            if (near or ":" in found[0]) and not LOCAL.match(found[0]):
                yield _marked("mechanics", "server_address", field, found, 0.6)
        for found in _first(HOSTS_LINE, text):
            yield _marked("technical", "hosts_line", field, found, 0.8, "private_server")


def _redirects(page: Page, official: Sequence[str]) -> Iterator[Sign]:
    """An official host next to a local address or a proxy: the client is sent elsewhere."""
    hosts = [re.escape(host) for host in official if "." in host]
    if not hosts:
        return
    named = re.compile(
        r"(?<![\w-])(?:\*?[\w-]{0,63}\.){0,4}(?:" + "|".join(hosts) + r")(?![\w-])", re.IGNORECASE
    )
    for found in _first(named, page.text, 200):
        if LOCAL.search(page.text, max(0, found.start() - 200), found.end() + 200):
            yield _marked("technical", "official_redirected", "text", found, 1.0, "private_server")


def called(page: Page, names: Iterable[PageSign]) -> list[Sign]:
    """A watched name with what a private server is called right behind it: "… PS", "…鯖"."""
    fields = {"title": page.title, "text": page.text}
    found = []
    for name in names:
        after = CALLED.match(fields.get(name.field, ""), name.end)
        if after and name.field in fields:
            found.append(_marked("mechanics", "name_and_server", name.field, after, 0.6, "private_server"))
    return _few(found)


def _first(pattern: re.Pattern[str], text: str, most: int = MAX_SIGNS) -> Iterator[re.Match[str]]:
    for count, found in enumerate(pattern.finditer(text)):
        if count >= most:
            return
        yield found


def _marked(group: str, sort: str, field: str, found: re.Match[str], weight: float, offer: str = "") -> Sign:
    at = found.start() if field == "text" else -1
    sign = PageSign(group, sort, field, found.start(), found.end(), found[0])
    return Sign(sign, weight, offer, at, structural=sort not in WORDY)


def _made(group: str, sort: str, field: str, text: str, weight: float, offer: str = "", at: int = -1) -> Sign:
    first = at if field == "text" and at >= 0 else 0
    return Sign(PageSign(group, sort, field, first, first + len(text), text), weight, offer, at)


def _few(signs: Iterable[Sign]) -> list[Sign]:
    often: dict[str, int] = {}
    kept = []
    for sign in signs:
        often[sign.sign.cue] = often.get(sign.sign.cue, 0) + 1
        if often[sign.sign.cue] <= MAX_SIGNS:
            kept.append(sign)
    return kept
