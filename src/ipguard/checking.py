"""Checking what a stranger hands in, in a child process that may use little memory and little time.

`python -m ipguard.checking FILE` prints what it found as one line of JSON. It keeps nothing and asks nobody.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evidence_store.errors import Malformed
from evidence_store.verify.checks_files import LINE
from evidence_store.verify.container import open_bundle
from evidence_store.verify.verifier import verify_bundle

MEMORY_BYTES = 1_500_000_000
"""Of address space: libraries take a third of it before anything is read."""
CPU_SECONDS = 60
WALL_SECONDS = 90.0
OUTPUT_BYTES = 20_000_000
MAX_ATTACHED_BYTES = 20_000_000
MAX_FILES = 20_000
ATTACHED = "report.json"


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file of a bundle and whether its bytes are those that its manifest lists."""

    path: str
    bytes: int
    good: bool


@dataclass(frozen=True, slots=True)
class FindingSeen:
    """One finding of the verifier."""

    check: str
    state: str
    """passed, failed, or not checked."""
    sentence: str
    """In English, as the verifier says it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in a file that was handed in."""

    kind: str
    """bundle, report, or unknown."""
    good: bool
    sha256: str
    findings: tuple[FindingSeen, ...] = ()
    files: tuple[FileSeen, ...] = ()
    reference: str = ""
    """Of a report, as it says itself."""
    bundles: tuple[tuple[str, str], ...] = ()
    """Bundles that a report names: file name and digest."""
    problem: str = ""
    """Why it could not be looked at, in English."""


def look_into(file: Path) -> Looked:
    """Look into a file in a bounded child; one that ends badly is told as a problem of the file."""
    command = [sys.executable, "-m", "ipguard.checking", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WALL_SECONDS, check=False)
        told = json.loads(done.stdout[:OUTPUT_BYTES])
        return _looked(told)
    except subprocess.TimeoutExpired:
        problem = "It took too long to check here. Check it on your own machine with verify.pyz."
    except (ValueError, KeyError, TypeError):
        problem = (
            "It asks for more than is given to a check here. Check it on your own machine with verify.pyz."
        )
    return Looked("unknown", good=False, sha256="", problem=problem)


def look(file: Path) -> Looked:
    """Look into a file, in this process."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        start = stream.read(1024)
    if b"%PDF-" in start:
        return _report(file, digest)
    if not start.startswith(b"PK\x03\x04"):
        return Looked(
            "unknown", good=False, sha256=digest, problem="This is neither a bundle (zip) nor a PDF."
        )
    verdict = verify_bundle(file)
    findings = tuple(FindingSeen(f.check, f.state.value, f.sentence) for f in verdict.findings)
    return Looked("bundle", verdict.good, digest, findings, _files(file))


def _files(path: Path) -> tuple[FileSeen, ...]:
    """Every file against the bundle's own manifests; none where it is no bundle at all."""
    found = []
    try:
        with open_bundle(path) as bundle:
            bundle.hash_all(lambda _done, _total: None)
            listed: dict[str, str] = {}
            for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
                text = bundle.read(name).decode("ascii", "replace")
                listed |= {match[2]: match[1] for match in map(LINE.fullmatch, text.split("\n")) if match}
            for one in sorted(set(bundle.paths) | set(listed))[:MAX_FILES]:
                if one not in listed and not one.startswith("data/"):
                    continue  # the last links of the chain: the signature's own check speaks for them
                try:
                    good = one in bundle.paths and bundle.digest(one) == listed.get(one)
                    size = bundle.size(one) if one in bundle.paths else 0
                except Malformed:
                    good, size = False, 0
                found.append(FileSeen(one, size, good))
    except Malformed:
        return tuple(found)
    return tuple(found)


def _report(file: Path, digest: str) -> Looked:
    """What a PDF says about itself: the data attached to it."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        attached = PdfReader(file).attachments.get(ATTACHED, [])
        data = attached[0] if attached else b""
        told = json.loads(data) if 0 < len(data) <= MAX_ATTACHED_BYTES else {}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
        told = {}
    if not isinstance(told, dict) or told.get("format") != "ipguard-report/1":
        problem = "This PDF carries no data of a report. Hand in the bundle that it came from."
        return Looked("unknown", good=False, sha256=digest, problem=problem)
    rows = told.get("bundles", [])
    bundles = [
        (str(row.get("file"))[:200], str(row.get("sha256"))[:64])
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]
    return Looked(
        "report", False, digest, reference=str(told.get("reference", ""))[:60], bundles=tuple(bundles[:100])
    )


def _looked(told: Mapping[str, object]) -> Looked:
    def rows(name: str) -> Sequence[Mapping[str, object]]:
        value = told[name]
        return value if isinstance(value, list) else []

    bundles = told["bundles"]
    return Looked(
        str(told["kind"]),
        told["good"] is True,
        str(told["sha256"]),
        tuple(FindingSeen(str(r["check"]), str(r["state"]), str(r["sentence"])) for r in rows("findings")),
        tuple(FileSeen(str(r["path"]), int(str(r["bytes"])), r["good"] is True) for r in rows("files")),
        str(told["reference"]),
        tuple((str(pair[0]), str(pair[1])) for pair in bundles) if isinstance(bundles, list) else (),
        str(told["problem"]),
    )


def main(arguments: Sequence[str]) -> int:
    """Bind this process, look, and print what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.write(json.dumps(asdict(look(Path(arguments[0])))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
