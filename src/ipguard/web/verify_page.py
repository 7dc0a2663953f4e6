"""Verify: anybody, without signing in, hands in a bundle or a PDF report and is told what holds. Nothing is kept."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import Response

from evidence_store.bundles.portable import portable_verifier
from evidence_store.verify.verifier import CHECKS
from ipguard.checking import Looked, look_into
from ipguard.database.engine import reading
from ipguard.reports.making import report_made
from ipguard.web.desk import desk_of

router = APIRouter()
AT_ONCE = 2
"""Checks at a time: each may take a core."""
A_MINUTE = 10
"""Files that one address may hand in."""
MOST_ADDRESSES = 10_000
PLAIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "V-1": (
            "The file is a plain zip without tricks.",
            "The file is no zip of ours, or was tampered with.",
        ),
        "V-2": (
            "Every file is there, none was added, none has changed.",
            "A file is missing, was added, or has changed.",
        ),
        "V-3": (
            "The keeper of the log signed exactly these files.",
            "The signature does not fit these files.",
        ),
        "V-4": ("The log's state was signed with its key.", "The log's signed state does not hold."),
        "V-5": ("The list of exhibits fits what is there.", "The list of exhibits does not fit."),
        "V-6": ("The record of an exhibit is sound.", "The record of an exhibit is damaged."),
        "V-7": (
            "The log entry was made for this record and no other.",
            "The log entry was made for something else.",
        ),
        "V-8": ("The exhibit stands in the log.", "The exhibit does not stand in the log."),
        "V-9": ("The exhibit's files are the ones its record names.", "An exhibit's file is another one."),
        "V-10": (
            "What the server sent is kept byte for byte.",
            "What the server sent is not kept as recorded.",
        ),
        "V-11": (
            "Everything that was done to the exhibits is in the log.",
            "What was done to the exhibits does not fit the log.",
        ),
        "V-12": ("An authority vouches for the time.", "A time stamp does not hold."),
        "V-13": ("Changes of the log's key were announced.", "A change of the log's key does not hold."),
        "V-14": ("Somebody else has seen this log.", "A witness's word does not hold."),
        "V-15": ("The time stamp was renewed in time.", "A renewal of a time stamp does not hold."),
        "V-16": ("The replay file holds the same pages.", "The replay file holds other pages."),
    }
)
"""Check → what it means when it passes, and when it fails."""
NOT_CHECKED = "Not checked here: it needs something that was not handed in, or that failed above."


class Turns:
    """Who may hand in how much: some files a minute from one address, some checks at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def admit(self, address: str, at: float) -> bool:
        """Whether one more file from an address is taken now; `at` in seconds of any clock that only grows."""
        with self._lock:
            times = self._seen.setdefault(address, deque())
            self._seen.move_to_end(address)
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            while times and times[0] <= at - 60:
                times.popleft()
            if len(times) >= A_MINUTE:
                return False
            times.append(at)
            return True

    def check(self, file: Path) -> Looked | None:
        """Look into a file; None where too many are being looked into."""
        if not self._room.acquire(blocking=False):
            return None
        try:
            return look_into(file)
        finally:
            self._room.release()


@router.get("/verify")
def verify_form(request: Request) -> Response:
    """Where a bundle or a report is handed in."""
    return _page(request, None, "", None)


@router.post("/verify")
def verify(request: Request, bundle: UploadFile = File()) -> Response:
    """What holds and what does not, in plain words."""
    turns: Turns = request.app.state.turns
    address = request.client.host if request.client else ""
    if not turns.admit(address, time.monotonic()):
        return _busy(request, "Too many files in a minute from your address. Wait a little.")
    with tempfile.NamedTemporaryFile(prefix="ipguard-verify-") as copy:
        while piece := bundle.file.read(1 << 20):
            copy.write(piece)
        copy.flush()
        looked = turns.check(Path(copy.name))
    if looked is None:
        return _busy(request, "Others are being checked at this moment. Try again in a minute.")
    desk = desk_of(request)
    known = None
    if looked.kind == "report":
        with reading(desk.engine) as session:
            known = report_made(session, looked.sha256)
    return _page(request, looked, bundle.filename or "", known)


@router.get("/verify.pyz")
def verifier(request: Request) -> Response:
    """The verifier as one file that runs anywhere Python does."""
    desk_of(request)
    return Response(
        portable_verifier(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="verify.pyz"'},
    )


def _page(request: Request, looked: Looked | None, name: str, known: object) -> Response:
    groups: dict[str, list[object]] = {}
    for finding in looked.findings if looked else ():
        groups.setdefault(finding.check, []).append(finding)
    bad = [file for file in looked.files if not file.good] if looked else []
    return desk_of(request).page(
        request,
        "verify.html",
        {
            "looked": looked, "name": name[:200], "known": known, "groups": groups, "plain": PLAIN, "checks": CHECKS,
            "bad_files": bad, "version": version("ipguard"), "not_checked": NOT_CHECKED,
        },
    )  # fmt: skip


def _busy(request: Request, words: str) -> Response:
    response = desk_of(request).page(request, "error.html", {"words": words, "hint": ""}, 429)
    response.headers["Retry-After"] = "60"
    return response
