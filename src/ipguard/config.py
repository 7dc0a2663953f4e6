"""Reading and changing single settings; the file keeps its comments and its order."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import tomlkit
from pydantic import BaseModel, ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from evidence_store.disk import writing
from ipguard.errors import WrongUse
from ipguard.settings import Settings

SECRET = "database_url"  # noqa: S105 — a setting's name: its value may hold a password


def every_setting(settings: Settings) -> Iterator[tuple[str, object]]:
    """(key, value) of everything that counts, as JSON values; secrets left out."""
    yield from _flat("", settings)


def setting(settings: Settings, key: str) -> object:
    """The value of one setting.

    Raises:
        WrongUse: there is none of that name; the nearest is named.
    """
    known = dict(every_setting(settings))
    if key not in known:
        raise _unknown(key, list(known))
    return known[key]


def change(file: Path, key: str, text: str) -> object:
    """Write one setting, if the file as a whole still says something that can be; returns the value.

    Raises:
        WrongUse: there is no such setting, or the value does not fit; the file is as it was.
    """
    document = tomlkit.parse(file.read_text("utf-8"))
    *sections, name = key.split(".")
    value = _value(text)
    place: Table | tomlkit.TOMLDocument = document
    for section in sections:
        inner = place.setdefault(section, tomlkit.table())
        if not isinstance(inner, Table):
            raise WrongUse(
                f"{section} is no section of settings", hint="Lists are changed in the file itself."
            )
        place = inner
    place[name] = value
    changed = tomlkit.dumps(document)
    try:
        Settings.model_validate(tomllib.loads(changed))
    except ValidationError as error:
        problem = error.errors()[0]
        if problem["type"] == "extra_forbidden":
            raise _unknown(key, [known for known, _ in every_setting(Settings())]) from error
        raise WrongUse(f"{key} cannot be {text}: {problem['msg']}", hint="Nothing was changed.") from error
    with writing(file) as out:
        out.write(changed.encode())
    return value


def _value(text: str) -> object:
    """What was typed, as TOML where it is TOML, else as the text it is."""
    try:
        return tomlkit.value(text).unwrap()
    except TOMLKitError:
        return text


def _flat(before: str, section: BaseModel) -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _flat(f"{before}{name}.", value)
        elif name != SECRET:
            yield f"{before}{name}", section.model_dump(mode="json", include={name})[name]


def _unknown(key: str, known: list[str]) -> WrongUse:
    near = get_close_matches(key, known, 1)
    return WrongUse(
        f"There is no setting {key}",
        hint=f"Did you mean {near[0]}?" if near else "`ipguard config show` lists all.",
    )
