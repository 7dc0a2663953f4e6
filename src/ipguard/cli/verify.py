"""`ipguard verify`: check a bundle, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipguard.cli.options import JsonOption
from ipguard.cli.output import emit, progress
from ipguard.errors import WrongUse

NOT_VERIFIED = 5


def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle (zip).")],
    vkey: Annotated[str, typer.Option(help="The log's key, as received from elsewhere.")] = "",
    roots: Annotated[
        Path | None, typer.Option(help="PEM roots of time-stamping authorities, from elsewhere.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="Key of a witness that must have cosigned; may be given again.")
    ] = None,
    renewal: Annotated[
        list[Path] | None, typer.Option(help="Evidence record (.er) beside the bundle; needs --roots.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a bundle, offline: every finding, what is not proven, and what was not checked.

    Exit code 5 when it does not verify.
    """
    from evidence_store.errors import Malformed
    from evidence_store.log.cosignature import parse_witness
    from evidence_store.log.note import parse_vkey
    from evidence_store.verify.__main__ import as_json as facts
    from evidence_store.verify.__main__ import report
    from evidence_store.verify.checks_log import Renewal
    from evidence_store.verify.verifier import verify_bundle

    try:
        key = parse_vkey(vkey) if vkey else None
        witnesses = [parse_witness(text) for text in witness or ()]
        given = roots.read_bytes() if roots else None
        renewals = [Renewal(path.read_bytes(), given or b"") for path in renewal or ()]
    except (Malformed, OSError) as error:
        raise WrongUse(str(error)) from error
    if not bundle.is_file():
        raise WrongUse(f"There is no file {bundle}", hint="Bundles lie in the workspace's exports folder.")
    with progress("Checking") as advance:
        verdict = verify_bundle(
            bundle, vkey=key, roots=given, witnesses=witnesses, renewals=renewals, progress=advance
        )
    if as_json:
        emit(facts(verdict))
    else:
        print(report(verdict))
    raise typer.Exit(0 if verdict.good else NOT_VERIFIED)
