"""The report of a case: what is offered and by whom, beside the work; the evidence, and how to check it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from evidence_store.bundles.papers.words import WORDS
from evidence_store.canonical import Object, parse_moment
from ipguard.alerts.queries import AlertStory
from ipguard.alerts.tables import DecisionRow
from ipguard.matching.reasons import LANGUAGES as REASONED
from ipguard.matching.reasons import render
from ipguard.reports.gathering import Exhibit, Material, Shown
from ipguard.reports.model import (
    Block,
    Commands,
    Facts,
    Lines,
    Pictures,
    Report,
    Section,
    Table,
    Text,
    Warn,
)
from ipguard.reports.words import Speaker, moment, speaker

MAX_DESCRIPTION = 600
"""Characters of a page's text that a report quotes; all of it is in the exhibits."""


def case_report(material: Material, language: str, *, at: datetime, by: str) -> Report:
    """The report of a case in a language.

    Raises:
        WrongUse: reports are not made in it.
    """
    say = speaker(language)
    case = material.story.case
    reference = case_reference(int(str(case.id)))
    sections = (
        _front(material, say),
        _overview(material, say),
        *_listings(material, say),
        *_evidence(material, say),
        _checking(material, say),
    )
    return Report(
        kind="case",
        language=language,
        label=say("case_report"),
        title=Text(case.title),
        subtitle=f"{reference} · {say.known('case_state', case.state)}",
        reference=reference,
        at=at,
        by=by,
        foot=f"{reference} · {case.title[:60]} · {at:%Y-%m-%d %H:%M} UTC",
        sections=sections,
        data=_data(material, reference, at),
    )


def case_reference(case_id: int) -> str:
    """How a case is called on paper: the same as in its bundles."""
    return f"CASE-{case_id:04d}"


def _front(material: Material, say: Speaker) -> Section:
    case, zone = material.story.case, material.time_zone
    works = dict.fromkeys(one.view.work.title for one in material.story.alerts)
    owners = dict.fromkeys(one.view.work.owner for one in material.story.alerts)
    rows: list[tuple[str, tuple[Text, ...]]] = [
        (say("works"), tuple(Text(title) for title in works) or (Text("—"),)),
        (say("owner"), tuple(Text(owner) for owner in owners) or (Text("—"),)),
        (say("opened"), (Text(f"{moment(case.created_at, zone)} · {case.created_by}"),)),
        (say("state"), (Text(say.known("case_state", case.state)),)),
    ]
    if material.organisation:
        rows.insert(0, (WORDS[say.language].organisation, (Text(material.organisation),)))
    if counsel := [part for part in (case.counsel_firm, case.counsel_person) if part]:
        rows.append((say("counsel"), (Text(", ".join(counsel)),)))
    if case.due_on:
        rows.append((say("deadline"), (Text(case.due_on.isoformat()),)))
    if case.value_amount:
        rows.append((say("value"), (Text(f"{case.value_amount} {case.value_currency}"),)))
    rows += [
        (say("bundle"), (Text(row.file_name), Text(row.sha256, exact=True))) for row in material.story.exports
    ]
    papers = WORDS[say.language]
    blocks: list[Block] = [Facts(tuple(rows)), *(Warn(text) for text in _warnings(material, say))]
    blocks += [
        Lines((Text(papers.proven_title, bold=True),)),
        Lines(tuple(map(Text, papers.proven)), points=True),
        Lines((Text(papers.not_proven_title, bold=True),)),
        Lines(tuple(map(Text, papers.not_proven)), points=True),
    ]
    return Section("", tuple(blocks))


def _warnings(material: Material, say: Speaker) -> Iterator[str]:
    papers = WORDS[say.language]
    if any(not stamp.has_legal_value for _, stamp in material.sealed.stamps):
        yield papers.no_value
    if not material.sealed.stamps:
        yield papers.no_stamp
    if not material.story.exports:
        yield say("no_bundle_yet")
    if any(exhibit.gone for exhibit in material.exhibits):
        yield say("some_erased")


def _overview(material: Material, say: Speaker) -> Section:
    numbers = _numbers_of(material)
    rows = tuple(
        (
            Text(str(n)),
            Text(one.view.listing.title, one.view.listing.language),
            Text(one.view.listing.seller_name or "—", one.view.listing.language),
            Text(_price(one)),
            Text(one.view.source.id),
            Text(say.known("decision", one.view.state)),
            Text(", ".join(numbers.get(one.view.id, ())) or "—"),
        )
        for n, one in enumerate(material.story.alerts, 1)
    )
    head = ("", "listing", "seller", "price", "source", "decision_title", "exhibits")
    table = Table(tuple(say(key) if key else "" for key in head), rows, (0, 6, 3, 2, 2, 2, 2))
    return Section(say("listings"), (table,) if rows else (Lines((Text(say("no_listings")),)),))


def _listings(material: Material, say: Speaker) -> Iterator[Section]:
    numbers = _numbers_of(material)
    for n, one in enumerate(material.story.alerts, 1):
        listing, zone = one.view.listing, material.time_zone
        language = listing.language
        rows: list[tuple[str, tuple[Text, ...]]] = [
            (say("title_as_shown"), (Text(listing.title, language),)),
            (say("address"), (Text(listing.url),)),
            (say("seller"), (Text(listing.seller_name or "—", language),)),
            (say("price"), (Text(_price(one)),)),
            (say("work"), (Text(f"{one.view.work.title} ({one.view.work.owner})"),)),
            (say("first_seen"), (Text(moment(listing.first_seen_at, zone)),)),
            (say("last_seen"), (Text(moment(listing.last_seen_at, zone)),)),
        ]
        if listing.gone_at:
            rows.append((say("gone_since"), (Text(moment(listing.gone_at, zone)),)))
        rows += [
            (
                say("decision_title"),
                tuple(_decided(one.decisions, say, zone)) or (Text(say("nothing_decided")),),
            ),
            (say("exhibits"), (Text(", ".join(numbers.get(one.view.id, ())) or "—"),)),
        ]
        blocks: list[Block] = [Facts(tuple(rows))]
        blocks += _pictures(material.shown.get(one.view.id, Shown()), say)
        spoken = "" if say.language in REASONED else "en"
        why = [Text(render(finding.reason, say.language), spoken) for finding in one.view.findings]
        if why:
            blocks += [Lines((Text(say("why"), bold=True),)), Lines(tuple(why), points=True)]
        if listing.description.strip() not in ("", listing.title):
            quoted = listing.description[:MAX_DESCRIPTION]
            more = "…" if len(listing.description) > MAX_DESCRIPTION else ""
            blocks += [Lines((Text(say("what_it_says"), bold=True), Text(quoted + more, language)))]
        yield Section(say("listing_n", n=n), tuple(blocks), new_page=True)


def _decided(decisions: tuple[DecisionRow, ...], say: Speaker, zone: str) -> Iterator[Text]:
    for one in decisions:
        reason = f" ({say.known('reason', one.reason)})" if one.reason else ""
        said = f"{say.known('decision', one.decision)}{reason} · {one.decided_by} · {moment(one.decided_at, zone)}"
        if one.note:
            said += f" · {one.note}"
        if one.undone_at:
            said += f" · {say('taken_back', by=one.undone_by, at=moment(one.undone_at, zone))}"
        yield Text(said)


def _pictures(shown: Shown, say: Speaker) -> Iterator[Block]:
    digests: list[tuple[str, tuple[Text, ...]]] = []
    if shown.picture_sha256:
        digests.append((say("listing_picture"), (Text(shown.picture_sha256, exact=True),)))
    if shown.reference_sha256:
        digests.append((say("work_picture"), (Text(shown.reference_sha256, exact=True),)))
    if shown.drawn:
        yield Pictures(((shown.drawn, say("drawn_caption")),))
    else:
        plain = [(shown.picture, say("listing_picture")), (shown.reference, say("work_picture"))]
        if there := tuple(one for one in plain if one[0]):
            yield Pictures(there)
        yield Lines((Text(say("nothing_drawn") if there else say("no_picture")),))
    if digests:
        yield Facts(tuple(digests))


def _evidence(material: Material, say: Speaker) -> Iterator[Section]:
    papers = WORDS[say.language]
    index = tuple(
        (
            Text(one.number, bold=True),
            Text(_captured(one, material.time_zone)),
            Text(str(one.fields.get("requested_url", ""))) if not one.gone else Text(one.gone),
            Text(str(one.position) if one.position >= 0 else "—"),
        )
        for one in material.exhibits
    )
    head = (papers.exhibit, papers.captured, papers.address_asked, say("log_entry"))
    blocks: tuple[Block, ...] = (Table(head, index, (0, 3, 6, 0), frozenset({3})),)
    yield Section(papers.index, blocks if index else (Lines((Text(say("no_exhibits")),)),), new_page=True)
    hashes: list[Block] = []
    for one in material.exhibits:
        if one.gone:
            continue
        rows = [(Text("record.json"), Text(""), Text(""), Text(one.record_sha256, exact=True))]
        rows += [
            (Text(file.name), Text(file.role), Text(f"{file.size:,}"), Text(file.sha256, exact=True))
            for file in one.files
        ]
        hashes += [
            Lines((Text(f"{one.number} · {one.id}", bold=True),)),
            Table(
                (papers.name, papers.role, papers.size, papers.digest),
                tuple(rows),
                (4, 2, 0, 0),
                frozenset({2}),
            ),
        ]
    if hashes:
        yield Section(papers.files, tuple(hashes))
    custody = tuple(
        (
            Text(_short(str(event.fields["at"]))),
            Text(one.number),
            Text(say.known("custody", str(event.fields["kind"]))),
            Text(f"{event.fields['who']}: {event.fields['why']}"),
        )
        for event, one in sorted(
            ((event, one) for one in material.exhibits for event in one.events),
            key=lambda pair: pair[0].position,
        )
    )
    note = Lines((Text(say("custody_note")),))
    table = Table((papers.when, papers.exhibit, papers.what, papers.who), custody, (0, 0, 2, 6))
    yield Section(papers.custody, (note, table) if custody else (Lines((Text(say("no_custody")),)),))
    yield Section(papers.stamps, tuple(_time(material, say)))


def _time(material: Material, say: Speaker) -> Iterator[Block]:
    papers, sealed = WORDS[say.language], material.sealed
    if not sealed.size:
        yield Lines((Text(papers.no_stamp),))
        return
    yield Facts(
        (
            (say("log"), (Text(sealed.origin), Text(say("entries", n=sealed.size)))),
            (say("root"), (Text(sealed.root, exact=True),)),
            (say("checkpoint_digest"), (Text(sealed.checkpoint_sha256, exact=True),)),
            (papers.log_key, (Text(sealed.vkey, exact=True),)),
        )
    )
    rows = tuple(
        (
            Text(name),
            Text(stamp.at.strftime("%Y-%m-%d %H:%M:%S UTC")),
            Text(stamp.signer),
            Text(say("legal_value") if stamp.has_legal_value else say("no_legal_value")),
        )
        for name, stamp in sealed.stamps
    )
    if rows:
        yield Table((papers.authority, papers.when, say("signer"), say("worth")), rows, (2, 3, 4, 3))
    else:
        yield Lines((Text(papers.no_stamp),))


def _checking(material: Material, say: Speaker) -> Section:
    bundle = material.story.exports[-1] if material.story.exports else None
    name = bundle.file_name if bundle else "BUNDLE.zip"
    folder = case_reference(int(str(material.story.case.id)))
    authority = material.sealed.stamps[0][0] if material.sealed.stamps else "NAME"
    stamps = f"data/log/stamps/{authority}"
    blocks: list[Block] = [Lines((Text(say("check_intro")),))]
    steps = (
        ("check_1", (f"sha256sum {name}", *((f"{bundle.sha256}",) if bundle else ()))),
        ("check_2", (f"unzip {name}", f"cd {folder}", "sha256sum --check --quiet manifest-sha256.txt")),
        (
            "check_3",
            (
                f"openssl ts -verify -data data/log/checkpoint -in {stamps}/checkpoint.tsr \\",
                f"  -CAfile {stamps}/roots.pem",
            ),
        ),
        ("check_4", ("python3 -m pip install cryptography", f"python3 data/verify.pyz ../{name}")),
    )
    for number, (key, lines) in enumerate(steps, 1):
        blocks += [Lines((Text(f"{number}. {say(key)}"),)), Commands(lines)]
    blocks.append(Lines((Text(say("check_end")),)))
    return Section(say("check_title"), tuple(blocks))


def _numbers_of(material: Material) -> Mapping[int, list[str]]:
    """Alert → labels of its exhibits."""
    found: dict[int, list[str]] = {}
    for one in material.exhibits:
        if one.alert is not None:
            found.setdefault(one.alert, []).append(one.number)
    return found


def _price(one: AlertStory) -> str:
    listing = one.view.listing
    return f"{listing.price_amount} {listing.currency or ''}".strip() if listing.price_amount else "—"


def _captured(one: Exhibit, zone: str) -> str:
    time = one.fields.get("time")
    started = time.get("started_at") if isinstance(time, dict) else None
    return moment(parse_moment(started), zone) if started else "—"


def _short(at: str) -> str:
    """A moment of the log without its fraction."""
    return f"{at[:10]} {at[11:19]}"


def _data(material: Material, reference: str, at: datetime) -> bytes:
    """What a program needs to check the paper: the case, its bundles and every digest, characters untouched."""
    value: Object = {
        "format": "ipguard-report/1",
        "kind": "case",
        "reference": reference,
        "title": material.story.case.title,
        "at": at.isoformat(),
        "bundles": [{"file": row.file_name, "sha256": row.sha256} for row in material.story.exports],
        "checkpoint": {
            "origin": material.sealed.origin,
            "size": material.sealed.size,
            "root": material.sealed.root,
            "sha256": material.sealed.checkpoint_sha256,
        },
        "vkey": material.sealed.vkey,
        "exhibits": [
            {
                "number": one.number,
                "id": one.id,
                "record_sha256": one.record_sha256,
                "files": [{"name": file.name, "sha256": file.sha256} for file in one.files],
            }
            for one in material.exhibits
        ],
        "listings": [
            {
                "alert": one.view.id,
                "title": one.view.listing.title,
                "url": one.view.listing.url,
                "seller": one.view.listing.seller_name,
                "decision": one.view.state,
            }
            for one in material.story.alerts
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
