"""Check on the replay file (V-16, FORMAT 10.9): a WACZ that holds the exhibits' WARC files and nothing of its own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence

from evidence_store.digest import sha256, sha256_of
from evidence_store.errors import Malformed
from evidence_store.verify.checks_exhibits import Listed
from evidence_store.verify.container import Bundle, told_in_words

WACZ = "data/replay/exhibits.wacz"
BROWSER_WARC = "files/browser.warc"
DESCRIPTION, DESCRIPTION_DIGEST = "datapackage.json", "datapackage-digest.json"
PLAIN = {"indexes/index.cdx", "pages/pages.jsonl", DESCRIPTION, DESCRIPTION_DIGEST}
MAX_DESCRIPTION_BYTES = 32_000_000


def check_replay(bundle: Bundle, listed: Sequence[Listed]) -> int:
    """V-16: every WARC file in the WACZ is an exhibit's own, all are there, and its own list of digests is right.

    Returns the number of WARC files.

    Raises:
        Malformed: it is not so.
    """
    expected = {f"archive/{item.number}.warc": f"{item.folder}/exchange.warc" for item in listed}
    expected |= {f"archive/{item.number}-browser.warc": f"{item.folder}/{BROWSER_WARC}" for item in listed}
    present = set(bundle.paths)
    wanted = {inside: outside for inside, outside in expected.items() if outside in present}
    with bundle.opened(WACZ) as stream, told_in_words(WACZ), zipfile.ZipFile(stream) as wacz:
        members = {info.filename: info for info in wacz.infolist()}
        if len(members) != len(wacz.infolist()) or set(members) != PLAIN | set(wanted):
            raise Malformed("the replay file holds other files than the exhibits' WARC files")
        if any(
            info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size
            for info in members.values()
        ):
            raise Malformed("the replay file holds compressed files")
        digests = {}
        for name in members:
            with wacz.open(name) as member:
                digests[name] = sha256_of(member)[0]  # type: ignore[arg-type] # reads like a file
        for inside, outside in wanted.items():
            if digests[inside] != bundle.digest(outside):
                raise Malformed(f"{inside} of the replay file is not the exhibit's {outside}")
        sizes = {name: info.file_size for name, info in members.items()}
        _check_description(wacz, digests, sizes)
    return len(wanted)


def _check_description(wacz: zipfile.ZipFile, digests: dict[str, str], sizes: dict[str, int]) -> None:
    """datapackage.json lists every file with its digest, datapackage-digest.json names its own (WACZ 1.2.0 §4)."""
    data = _read(wacz, DESCRIPTION, sizes)
    try:
        described = json.loads(data)
        rows = {str(row["path"]): (str(row["hash"]), int(row["bytes"])) for row in described["resources"]}
        own = json.loads(_read(wacz, DESCRIPTION_DIGEST, sizes))["hash"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed("the replay file's list of digests has another form") from error
    expected = {
        name: (f"sha256:{digest}", sizes[name])
        for name, digest in digests.items()
        if name not in (DESCRIPTION, DESCRIPTION_DIGEST)
    }
    if rows != expected or own != f"sha256:{sha256(data)}":
        raise Malformed("the replay file's list of digests is not of its files")


def _read(wacz: zipfile.ZipFile, name: str, sizes: dict[str, int]) -> bytes:
    if sizes[name] > MAX_DESCRIPTION_BYTES:
        raise Malformed(f"{name} of the replay file is too large")
    return wacz.read(name)
