"""The watchlist as it is now, ready to be matched: one for a process, shared by its jobs, renewed when it changes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine

from ipguard.capture import Pictures
from ipguard.database.engine import reading
from ipguard.matching import prices, score, sellers
from ipguard.matching.domains import matcher as domain_matcher
from ipguard.matching.domains.matcher import DomainMatcher
from ipguard.matching.finding import Finding
from ipguard.matching.images import fingerprint
from ipguard.matching.images import matcher as picture_matcher
from ipguard.matching.images.embedding import Embedder, ReferenceVectors
from ipguard.matching.images.eye import NOTHING_ELSE, Asked, Eye
from ipguard.matching.images.shelf import OpenIndex, Shelf, Wanted
from ipguard.matching.judge import Watch
from ipguard.matching.pages import matcher as page_matcher
from ipguard.matching.pages.matcher import PageMatcher, official_hosts
from ipguard.matching.seen import Pair, Seen
from ipguard.matching.text import matcher as text_matcher
from ipguard.matching.text.matcher import TextMatcher
from ipguard.matching.text.names import names_of
from ipguard.rights.store import edition_now, load_pictures, load_works
from ipguard.rights.work import Work
from ipguard.sellers.lists import NOBODY, Listed, listed_sellers

Progress = Callable[[int, int], None]


class WatchedPictures:
    """The reference pictures of one edition of the watchlist; looks by means of the process's eye."""

    def __init__(self, eye: Eye, index: OpenIndex, references: Mapping[Pair, int], version: str) -> None:
        self._eye, self._index = eye, index
        self.references = references
        self.version, self.fingerprints = version, fingerprint.VERSION

    def look(self, data: bytes, sha256: str) -> Seen:
        """What a picture shows, or why it cannot be read; and its fingerprint."""
        return self._eye.look(self._index.folder, data, sha256)

    def compare(
        self, kept: Mapping[str, bytes], only: Collection[Pair] | None = None
    ) -> Mapping[str, tuple[Finding, ...]]:
        """The same for pictures seen before, by their fingerprints."""
        return self._eye.compare(self._index.folder, kept, only) if kept else {}


class Lookout:
    """What is watched for. Close it when done: it has a process for pictures."""

    def __init__(
        self,
        database: Engine,
        pictures: Pictures,
        folder: Path,
        *,
        asked: Asked = NOTHING_ELSE,
        progress: Progress = lambda _done, _of: None,
    ) -> None:
        self._database, self._pictures, self._shelf, self._progress = (
            database,
            pictures,
            Shelf(folder),
            progress,
        )
        self._eye, self._asked = Eye(asked), asked
        self._version = f"{picture_version()} {asked.version}".strip()
        self._turn = threading.Lock()
        self._standing: tuple[int, Watch] | None = None

    def watch(self) -> Watch:
        """The watchlist as it is now; as it just was, while another thread is making the index of a newer one."""
        standing = self._standing
        with reading(self._database) as session:
            edition = edition_now(session)
        if standing is not None and standing[0] == edition:
            return standing[1]
        if not self._turn.acquire(blocking=standing is None):
            return standing[1] if standing is not None else self.watch()
        try:
            if self._standing is None or self._standing[0] != edition:
                self._standing = self._renewed()
            return self._standing[1]
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the picture process."""
        self._eye.close()

    def _renewed(self) -> tuple[int, Watch]:
        with reading(self._database) as session:
            edition = edition_now(session)  # first: what comes in between is then looked at once more
            works, rows = load_works(session), load_pictures(session)
            listed = listed_sellers(session, [work.id for work in works])
        wanted = [Wanted(row.work_id, row.sha256, row.file_name) for row in rows]
        index = self._shelf.open(wanted, self._pictures.get, self._progress)
        if self._asked.model is not None:
            vectors = ReferenceVectors(Path(self._asked.vectors), Embedder(self._asked.model))
            vectors.bring_up_to_date([one.sha256 for one in wanted], self._pictures.get)
        references = {(row.work_id, row.sha256): row.edition for row in rows}
        names, hosts = names_of(works), official_hosts(works)
        own = {work.id: (*work.official_domains, *hosts[work.id]) for work in works}
        watch = Watch(
            watch_version(works, self._version, listed),
            TextMatcher(names),
            WatchedPictures(self._eye, index, references, self._version),
            DomainMatcher(names, own),
            PageMatcher(names, own),
            sellers={work.id: (*work.official_sellers, *listed.allowed.get(work.id, ())) for work in works},
            denied=listed.denied,
            prices={work.id: work.official_prices for work in works},
        )
        return edition, watch


def watch_version(works: Sequence[Work], pictures: str, listed: Listed = NOBODY) -> str:
    """Changes with every matcher, the lists of sellers, and all that is watched for but the reference pictures.

    What those find is kept by picture; where it changes, the listings that show the picture are judged again.
    """
    modules = (text_matcher, domain_matcher, page_matcher, prices, sellers, score)
    rules = [pictures, *(module.VERSION for module in modules)]
    said = json.dumps(
        [rules, [repr(work) for work in works], *([repr(listed)] if listed != NOBODY else [])],
        ensure_ascii=True,
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def picture_version() -> str:
    """Of matcher and fingerprints: what another one looked at is looked at again."""
    return f"{picture_matcher.VERSION}/{fingerprint.VERSION}"
