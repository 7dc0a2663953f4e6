"""The case as CASE/UCO JSON-LD (CASE 1.4, UCO 1.4): who captured what, when, with what, and what was done with it.

For tools of digital forensics. Identifiers are made from the exhibits' own: same bundle, same graph.
"""

from __future__ import annotations

import json
import uuid

from evidence_store.bundles.story import Event, Item, Story
from evidence_store.canonical import Object
from evidence_store.exhibit import JsonValue
from evidence_store.record import File

NAMESPACE = uuid.UUID("b7a4d1de-31a5-5f0a-9a0e-0f6f9a7a5c11")
"""Namespace of the graph's identifiers (RFC 9562 §5.5); arbitrary, fixed for ever."""
CONTEXT: Object = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "http://ipguard.invalid/kb/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def case_jsonld(story: Story) -> bytes:
    """The graph as JSON-LD."""
    graph: list[JsonValue] = [_investigation(story)]
    persons = sorted({_operator(item) for item in story.items} | {_who(event) for event in story.events})
    graph += [_person(name) for name in persons]
    tools = {_tool_id(item): _tool(item) for item in story.items}
    graph += [tools[key] for key in sorted(tools)]
    for item in story.items:
        graph += _exhibit(item)
    graph += [_custody(n, event) for n, event in enumerate(story.events, 1)]
    document: Object = {"@context": CONTEXT, "@graph": graph}
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _investigation(story: Story) -> Object:
    return {
        "@id": _id("Investigation", story.order.reference),
        "@type": "case-investigation:Investigation",
        "uco-core:name": story.order.reference,
        "uco-core:description": story.order.title,
        "uco-core:object": [{"@id": _id("ProvenanceRecord", item.kept.exhibit_id)} for item in story.items],
    }


def _person(name: str) -> Object:
    return {"@id": _id("Identity", name), "@type": "uco-identity:Identity", "uco-core:name": name}


def _tool(item: Item) -> Object:
    tool = _part(item, "tool")
    return {
        "@id": _tool_id(item),
        "@type": "uco-tool:Tool",
        "uco-core:name": str(tool.get("name")),
        "uco-tool:version": str(tool.get("version")),
    }


def _exhibit(item: Item) -> list[JsonValue]:
    """Provenance record, the capture as an action, and every file of an exhibit."""
    exhibit = item.kept.exhibit_id
    files = item.kept.files
    time = _part(item, "time")
    results: list[JsonValue] = [{"@id": _file_id(item, file)} for file in files]
    record_id = _id("ProvenanceRecord", exhibit)
    page: Object = {
        "@id": _id("URL", exhibit),
        "@type": "uco-observable:URL",
        "uco-core:hasFacet": [
            {
                "@id": _id("URLFacet", exhibit),
                "@type": "uco-observable:URLFacet",
                "uco-observable:fullValue": item.requested_url,
            }
        ],
    }
    action: Object = {
        "@id": _id("InvestigativeAction", exhibit),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "captured",
        "uco-core:description": str(item.record.get("purpose")),
        "uco-action:startTime": _time(str(time.get("started_at"))),
        "uco-action:endTime": _time(str(time.get("ended_at"))),
        "uco-action:performer": {"@id": _id("Identity", _operator(item))},
        "uco-action:instrument": [{"@id": _tool_id(item)}],
        "uco-action:object": [{"@id": page["@id"]}],
        "uco-action:result": [{"@id": record_id}, *results],
    }
    record: Object = {
        "@id": record_id,
        "@type": "case-investigation:ProvenanceRecord",
        "case-investigation:exhibitNumber": item.number,
        "uco-core:description": f"Exhibit {item.number}, record {item.record_sha256}",
        "uco-core:objectCreatedTime": _time(str(time.get("kept_at"))),
        "uco-core:object": results,
    }
    return [page, action, record, *(_file(item, file) for file in files)]


def _file(item: Item, file: File) -> Object:
    seed = f"{item.kept.exhibit_id}/{file.name}"
    digest: Object = {
        "@id": _id("Hash", seed),
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": "SHA256",
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
    }
    content: Object = {
        "@id": _id("ContentDataFacet", seed),
        "@type": "uco-observable:ContentDataFacet",
        "uco-observable:mimeType": file.media_type,
        "uco-observable:sizeInBytes": file.size,
        "uco-observable:hash": [digest],
    }
    named: Object = {
        "@id": _id("FileFacet", seed),
        "@type": "uco-observable:FileFacet",
        "uco-observable:fileName": file.name,
        "uco-observable:filePath": item.path(file),
    }
    return {
        "@id": _file_id(item, file),
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [content, named],
    }


def _custody(number: int, one: Event) -> Object:
    said = one.event.fields
    return {
        "@id": _id("InvestigativeAction", f"{said['exhibit']}/{one.event.position}"),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": str(said["kind"]),
        "uco-core:description": f"Custody event {number:04d} on {one.number}: {said['why']}",
        "uco-action:startTime": _time(str(said["at"])),
        "uco-action:performer": {"@id": _id("Identity", _who(one))},
        "uco-action:object": [{"@id": _id("ProvenanceRecord", str(said["exhibit"]))}],
    }


def _part(item: Item, name: str) -> Object:
    value = item.record.get(name)
    return value if isinstance(value, dict) else {}


def _operator(item: Item) -> str:
    return str(_part(item, "operator").get("id"))


def _who(one: Event) -> str:
    return str(one.event.fields["who"])


def _tool_id(item: Item) -> str:
    tool = _part(item, "tool")
    return _id("Tool", f"{tool.get('name')} {tool.get('version')}")


def _file_id(item: Item, file: File) -> str:
    return _id("File", f"{item.kept.exhibit_id}/{file.name}")


def _id(kind: str, seed: str) -> str:
    return f"kb:{kind}-{uuid.uuid5(NAMESPACE, f'{kind}/{seed}')}"


def _time(text: str) -> Object:
    return {"@type": "xsd:dateTime", "@value": text}
