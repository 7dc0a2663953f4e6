"""`python -m evidence_store.verify BUNDLE`: exit code 0 when nothing failed, 5 when something did, 2 for wrong use."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evidence_store.errors import EvidenceError
from evidence_store.log.cosignature import parse_witness
from evidence_store.log.note import parse_vkey
from evidence_store.verify.checks_log import Renewal
from evidence_store.verify.verdict import Finding, State, Verdict
from evidence_store.verify.verifier import CHECKS, verify_bundle

MARKS = {State.PASSED: "ok ", State.FAILED: "BAD", State.NOT_CHECKED: " - "}
LIMITS = (
    "Not proven by any of this: that the server told the truth, that the offer was still there later,\n"
    "or who stands behind the log's key."
)


def report(verdict: Verdict) -> str:
    """The verdict for people."""
    lines = [_line(finding) for finding in verdict.findings]
    end = "GOOD: nothing failed." if verdict.good else "REFUSED: do not rely on this bundle."
    return "\n".join([*lines, "", LIMITS, "", end])


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one bundle and print what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m evidence_store.verify", description="Check a bundle, offline."
    )
    parser.add_argument("bundle", type=Path, help="the zip")
    parser.add_argument(
        "--witness", action="append", default=[], help="key of a witness that must have cosigned"
    )
    parser.add_argument(
        "--renewal",
        type=Path,
        action="append",
        default=[],
        help="evidence record (.er) that takes over the bundle's stamp; needs --roots",
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    parser.add_argument("--vkey", help="the log's key, as received from elsewhere")
    parser.add_argument(
        "--roots", type=Path, help="PEM roots of the time-stamping authorities, from elsewhere"
    )
    given = parser.parse_args(arguments)
    try:
        vkey = parse_vkey(given.vkey) if given.vkey else None
        witnesses = [parse_witness(text) for text in given.witness]
        roots = given.roots.read_bytes() if given.roots else None
        renewals = [Renewal(path.read_bytes(), roots or b"") for path in given.renewal]
    except (EvidenceError, OSError) as error:
        parser.error(str(error))
    if not given.bundle.is_file():
        parser.error(f"there is no file {given.bundle}")
    verdict = verify_bundle(given.bundle, vkey=vkey, roots=roots, witnesses=witnesses, renewals=renewals)
    if given.json:
        print(json.dumps(as_json(verdict), ensure_ascii=False))  # noqa: T201 — a command's result
    else:
        print(report(verdict))  # noqa: T201 — a command's result
    return 0 if verdict.good else 5


def as_json(verdict: Verdict) -> dict[str, object]:
    """The verdict for programs."""
    rows = [{"check": f.check, "state": f.state.value, "sentence": f.sentence} for f in verdict.findings]
    return {"good": verdict.good, "findings": rows}


def _line(finding: Finding) -> str:
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in finding.sentence)
    return f"{MARKS[finding.state]}  {finding.check:<5} {CHECKS[finding.check]:<11} {printable}"


if __name__ == "__main__":
    sys.exit(main())
