"""Making a workspace, and checking one: what `ipguard init` and `ipguard doctor` do."""

from __future__ import annotations

import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from evidence_store.errors import EvidenceError
from evidence_store.keys import KEY_FILE, is_encrypted
from evidence_store.store import EvidenceStore, create_store
from evidence_store.vault import VAULT_FILE, is_protected
from ipguard.database.engine import make_engine
from ipguard.database.migrate import current, newest, upgrade
from ipguard.errors import IpguardError, WrongUse
from ipguard.settings import FILE_NAME, Workspace, open_workspace, read_settings

LOW_SPACE_BYTES = 1_000_000_000

SETTINGS = """\
# Settings of this ipguard workspace. Everything has a default; what stands here wins.

[crawling]
# Shops see this in every request: a page that says who you are and how to object, and a mail address.
contact_url = ""
contact_mail = ""
min_gap_seconds = 1.0

[evidence]
# Name of the evidence log, part of every checkpoint. Do not change it once evidence is kept.
origin = "{origin}"
legal_basis = "Legitimate interest: establishment and defence of legal claims"

# Time-stamping authorities (RFC 3161). `local` runs one on this machine: good for trying things out,
# without legal value. For real cases name at least two, one of them qualified (eIDAS art. 42):
#   [[evidence.authorities]]
#   name = "example-tsa"
#   url = "https://tsa.example/tsr"
#   roots = "trust/example-tsa.pem"
[[evidence.authorities]]
name = "local"
url = "local"

[console]
host = "127.0.0.1"
port = 8765
language = "en"
"""


class State(StrEnum):
    """How a check went."""

    GOOD = "good"
    NOTE = "note"
    """Works, and somebody should know."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the doctor looked at."""

    what: str
    state: State
    words: str
    hint: str = ""


def make_workspace(folder: Path, *, now: Callable[[], datetime]) -> Workspace:
    """Make a workspace: settings, database, picture store, evidence store with its log key.

    Raises:
        WrongUse: there is one already, or the folder holds other things.
    """
    if (folder / FILE_NAME).exists():
        raise WrongUse(f"{folder} is a workspace already", hint="Nothing to do. `ipguard doctor` checks it.")
    if folder.exists() and any(folder.iterdir()):
        raise WrongUse(f"{folder} is not empty", hint="Name a new or empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o750)
    origin = f"ipguard.invalid/log/{secrets.token_hex(4)}"
    settings = SETTINGS.format(origin=origin)
    part = folder / f"{FILE_NAME}.part"
    part.write_text(settings, "utf-8")
    workspace = Workspace(folder.resolve(), read_settings(part))
    for place in (workspace.pictures, workspace.exports):
        place.mkdir()
    create_store(workspace.evidence, origin=origin, passphrase=workspace.evidence_passphrase, now=now)
    engine = make_engine(workspace.database_url)
    upgrade(engine)
    engine.dispose()
    part.rename(folder / FILE_NAME)  # last: a workspace without settings is none, and can be made again
    return open_workspace(folder)


def examine(workspace: Workspace, *, now: Callable[[], datetime]) -> Iterator[Check]:
    """Check a workspace and this machine, one thing after the other."""
    yield _database(workspace)
    yield _evidence(workspace, now)
    yield _key(workspace)
    yield _authorities(workspace)
    yield _contact(workspace)
    yield _space(workspace)
    yield _browser()


def _database(workspace: Workspace) -> Check:
    try:
        engine = make_engine(workspace.database_url)
        at = current(engine)
        engine.dispose()
    except IpguardError as error:
        return Check("database", State.BAD, str(error), error.hint)
    if at != newest():
        return Check(
            "database", State.BAD, f"tables of version {at}, needed {newest()}", "Run: ipguard migrate"
        )
    return Check("database", State.GOOD, f"{engine.dialect.name}, tables of version {at}")


def _evidence(workspace: Workspace, now: Callable[[], datetime]) -> Check:
    try:
        with EvidenceStore.open(
            workspace.evidence, passphrase=workspace.evidence_passphrase, now=now
        ) as store:
            size = store.size
    except EvidenceError as error:
        return Check("evidence", State.BAD, str(error), error.hint)
    return Check("evidence", State.GOOD, f"the log holds {size} entries, and every one was hashed again")


def _key(workspace: Workspace) -> Check:
    protected = is_encrypted(workspace.evidence / KEY_FILE) and is_protected(workspace.evidence / VAULT_FILE)
    if not protected:
        return Check(
            "log key",
            State.NOTE,
            "not encrypted: whoever reads the workspace can sign in its name and read every exhibit",
            "Run: ipguard evidence protect",
        )
    return Check("log key", State.GOOD, "encrypted with your passphrase")


def _authorities(workspace: Workspace) -> Check:
    real = [a.name for a in workspace.settings.evidence.authorities if a.url != "local"]
    if not real:
        return Check(
            "time stamps",
            State.NOTE,
            "only the local authority, which has no legal value",
            f"Name one in {FILE_NAME}, section [[evidence.authorities]].",
        )
    return Check("time stamps", State.GOOD, ", ".join(real))


def _contact(workspace: Workspace) -> Check:
    crawling = workspace.settings.crawling
    if not crawling.contact_url and not crawling.contact_mail:
        return Check(
            "contact",
            State.NOTE,
            "shops cannot see who crawls them",
            f"Fill in contact_url and contact_mail in {FILE_NAME}.",
        )
    return Check("contact", State.GOOD, crawling.contact_url or crawling.contact_mail)


def _space(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.folder).free
    words = f"{free / 1e9:.1f} GB free"
    if free < LOW_SPACE_BYTES:
        return Check("disk", State.BAD, words, "Free some space before the next sweep.")
    loose = stat.S_IMODE(workspace.folder.stat().st_mode) & 0o007
    if loose:
        return Check("disk", State.NOTE, f"{words}; everybody on this machine can look in", "chmod o-rwx it.")
    return Check("disk", State.GOOD, words)


def _browser() -> Check:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
        "",
    )
    if not found:
        return Check("browser", State.NOTE, "no Chromium: pages are kept as HTTP only, which is enough")
    return Check("browser", State.GOOD, found)
