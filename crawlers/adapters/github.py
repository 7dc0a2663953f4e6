"""Repositories of a code host with GitHub's REST interface, version 3: search, README, and the forks of what is kept.

Words in the query are searched for; a word like `owner/name` is that repository. Status 451 is an answer: the host
itself has blocked the repository, and says on which ground.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

from crawlers.adapter import Outcome, Page, Policy, Query
from crawlers.auth import Auth, Scheme
from crawlers.exchange import Exchange, Purpose, Request, State
from crawlers.extract.answers import json_answer, not_the_form
from crawlers.extract.product import text_of
from crawlers.listing import Kind, Listing, Seller

API_VERSION = "2022-11-28"
HEADERS = (("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", API_VERSION))
PAGE_SIZE = 100
SHOWN = 1000
"""The most results a search shows."""
MAX_WORDS = 256
"""Characters of a search."""
FORKS = 30
"""Forks looked at a repository, the most starred first."""
DEPTH = 2
"""Forks of forks."""
PAGES_A_RUN = 300
MAX_README = 100_000
"""Characters."""
BLOCKED, GONE = 451, 404
Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GitHub:
    """The REST interface at `base`."""

    base: str
    policy: Policy
    forks: int = FORKS
    name: str = "github"
    version: str = "1"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The interface's host."""
        return (urlsplit(self.base).netloc.lower(),)

    def start(self, query: Query) -> Sequence[Request]:
        """A search, and the repositories that are named."""
        words = query.text.split()
        named = [
            word for word in words if word.count("/") == 1 and ":" not in word and word.strip("/") == word
        ]
        rest = " ".join(word for word in words if word not in named)
        asked = [self._repository(name) for name in named]
        return asked if named and not rest else [*asked, self._search(rest, 1)]

    def read(self, exchange: Exchange) -> Page:
        """Search results, a repository, a README or forks, by what was asked."""
        match exchange.request.label:
            case "repository":
                return self._read_repository(exchange)
            case "readme":
                return self._read_readme(exchange)
            case "forks":
                return self._read_forks(exchange)
            case _:
                return self._read_search(exchange)

    def _read_search(self, exchange: Exchange) -> Page:
        data, refusal = json_answer(exchange, "The code host")
        if refusal is not None:
            return refusal
        rows = data.get("items") if isinstance(data, Mapping) else None
        if exchange.status != 200 or not isinstance(data, Mapping) or not isinstance(rows, list):
            said = f": {text_of(data.get('message'))[:200]}" if isinstance(data, Mapping) else ""
            return not_the_form(exchange, f"The search is not answered with a list{said}")
        if not rows:
            return Page(Outcome.EMPTY, note="No repository is found.")
        found = [self._readme(state) for row in rows if (state := _facts(row))]
        if not found:
            return Page(Outcome.CHANGED, note=f"None of {len(rows)} results has a name and an address.")
        notes = (
            ["The search was not finished in time and may have more."]
            if data.get("incomplete_results")
            else []
        )
        page = int(str(exchange.request.state.get("page", 1)))
        total = data.get("total_count")
        if isinstance(total, int) and total > page * PAGE_SIZE and len(rows) == PAGE_SIZE:
            if page * PAGE_SIZE < SHOWN:
                found.append(self._search(str(exchange.request.state.get("words", "")), page + 1))
            else:
                notes.append(f"It shows {SHOWN:,} of {total:,}.")
        return Page(Outcome.OK, requests=tuple(found), note=" ".join(notes))

    def _read_repository(self, exchange: Exchange) -> Page:
        state = exchange.request.state
        if exchange.status == GONE:
            return Page(Outcome.EMPTY, note="There is no such repository.")
        data, refusal = json_answer(exchange, "The code host")
        if refusal is not None:
            return refusal
        if exchange.status == BLOCKED:
            return Page(Outcome.OK, (_blocked(data, state),))
        facts = _facts(data)
        if exchange.status != 200 or facts is None:
            return not_the_form(exchange, "The repository is told in another form")
        return Page(Outcome.OK, requests=(self._readme(facts),))

    def _read_readme(self, exchange: Exchange) -> Page:
        """The listing: what was told of the repository before, and its README where it has one."""
        state = exchange.request.state
        if not state.get("name"):
            return Page(Outcome.CHANGED, note="It is not known whose README was asked for.")
        readme, note = "", "It has no README."
        if exchange.status != GONE:
            data, refusal = json_answer(exchange, "The code host")
            if refusal is not None:
                return refusal
            if exchange.status == BLOCKED:
                return Page(Outcome.OK, (_blocked(data, state),))
            text = _decoded(data)
            if exchange.status != 200 or text is None:
                return not_the_form(exchange, "The README is told in another form")
            readme, note = text, ""
        listing = _listing(state, readme)
        return Page(Outcome.OK, (listing,), tuple(self._forks_of(state, listing.id)), note)

    def _read_forks(self, exchange: Exchange) -> Page:
        state = exchange.request.state
        if exchange.status in (GONE, BLOCKED):
            return Page(Outcome.EMPTY, note="Its forks are not shown.")
        data, refusal = json_answer(exchange, "The code host")
        if refusal is not None:
            return refusal
        if exchange.status != 200 or not isinstance(data, list):
            return not_the_form(exchange, "Forks are told in another form")
        depth = int(str(state.get("depth", 1)))
        facts = (_facts(row) for row in data[: self.forks])
        found = [self._readme({**one, "parent": state.get("of"), "depth": depth}) for one in facts if one]
        return Page(Outcome.OK if found else Outcome.EMPTY, requests=tuple(found))

    def _search(self, words: str, page: int) -> Request:
        asked = {
            "q": words[:MAX_WORDS],
            "sort": "updated",
            "order": "desc",
            "per_page": PAGE_SIZE,
            "page": page,
        }
        state: State = {"words": words, "page": page}
        url = f"{self.base}/search/repositories?{urlencode(asked)}"
        return Request(url, Purpose.FEED, headers=HEADERS, label="search", state=state)

    def _repository(self, name: str) -> Request:
        url = f"{self.base}/repos/{quote(name)}"
        return Request(url, Purpose.FEED, headers=HEADERS, label="repository", state={"name": name})

    def _readme(self, state: State) -> Request:
        url = f"{self.base}/repos/{quote(str(state['name']))}/readme"
        return Request(url, Purpose.FEED, headers=HEADERS, label="readme", state=state)

    def _forks_of(self, state: State, listing_id: str) -> Iterator[Request]:
        """Its forks, asked for only where the repository itself is worth keeping."""
        depth = int(str(state.get("depth", 0)))
        if self.forks and state.get("forks") and depth < DEPTH:
            asked = urlencode({"sort": "stargazers", "per_page": min(self.forks, PAGE_SIZE)})
            url = f"{self.base}/repos/{quote(str(state['name']))}/forks?{asked}"
            told: State = {"of": state["name"], "depth": depth + 1}
            yield Request(url, Purpose.FEED, headers=HEADERS, label="forks", state=told, only_for=listing_id)


def make(base_url: str, policy: Policy, options: Mapping[str, object]) -> GitHub:
    """The adapter for the REST interface at `base_url`; option `forks`: how many a repository, 0 for none."""
    forks = options.get("forks", FORKS)
    count = min(int(str(forks)), PAGE_SIZE) if str(forks).isdigit() else FORKS
    own = replace(
        policy,
        access="B",
        basis="api-terms",
        reads_status=frozenset({BLOCKED}),
        auth=Auth(Scheme.BEARER, optional=True),  # without one: ten searches a minute
        pages_a_run=max(policy.pages_a_run, PAGES_A_RUN),
    )
    return GitHub(base_url.rstrip("/"), own, count)


def _facts(row: object) -> State | None:
    """What is carried along from a repository object; None where it has no name or address."""
    if not isinstance(row, Mapping):
        return None
    name, url = text_of(row.get("full_name")), text_of(row.get("html_url"))
    if name.count("/") != 1 or not url.startswith(("https://", "http://")):
        return None
    owner, topics, parent = row.get("owner"), row.get("topics"), row.get("parent")
    forks = row.get("forks_count")
    return {
        "name": name[:200],
        "url": url[:500],
        "about": text_of(row.get("description"))[:1000],
        "owner": text_of(owner.get("login"))[:100] if isinstance(owner, Mapping) else name.split("/")[0],
        "topics": "\n".join(text_of(topic)[:60] for topic in topics[:30]) if isinstance(topics, list) else "",
        "language": text_of(row.get("language"))[:40],
        "home": text_of(row.get("homepage"))[:500],
        "created": text_of(row.get("created_at"))[:30],
        "forks": forks if isinstance(forks, int) and not isinstance(forks, bool) else 0,
        "parent": text_of(parent.get("full_name"))[:200] if isinstance(parent, Mapping) else "",
    }


def _listing(state: State, readme: str) -> Listing:
    name = str(state["name"])
    owner = str(state.get("owner") or name.split("/")[0])
    parent = str(state.get("parent") or "")
    url = str(state.get("url") or f"https://github.com/{name}")
    topics = [topic for topic in str(state.get("topics") or "").split("\n") if topic]
    told = [str(state.get("about") or ""), str(state.get("home") or ""), readme]
    return Listing(
        id=name.lower(),
        url=url,
        title=name,
        description="\n\n".join(part for part in told if part),
        seller=Seller(id=owner, name=owner, url=url.rpartition("/")[0]),
        category=str(state.get("language") or ""),
        tags=(*(f"topic:{topic}" for topic in topics), *([f"forked-from:{parent}"] if parent else [])),
        posted_at=_moment(str(state.get("created") or "")),
        kind=Kind.REPOSITORY,
    )


def _blocked(data: object, state: State) -> Listing:
    """The listing of a repository that the host has blocked, with the ground it gives: `status:451`, `dmca:NOTICE`."""
    block = data.get("block") if isinstance(data, Mapping) else None
    ground = block if isinstance(block, Mapping) else {}
    reason, notice = text_of(ground.get("reason"))[:60], text_of(ground.get("html_url"))[:500]
    message = text_of(data.get("message"))[:500] if isinstance(data, Mapping) else ""
    listing = _listing(state, "")
    told = [part for part in (listing.description, message, notice) if part]
    labels = (f"status:{BLOCKED}", *([f"{reason}:{notice or state.get('name')}"] if reason else []))
    return replace(
        listing, description="\n\n".join(told), tags=(*listing.tags, *labels), availability="discontinued"
    )


def _decoded(data: object) -> str | None:
    """The text of a README answer: `content` in Base64, with line breaks."""
    content = data.get("content") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(content, str) or data.get("encoding") != "base64":
        return None
    try:
        return base64.b64decode(content).decode("utf-8", "replace")[:MAX_README]
    except (binascii.Error, ValueError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
