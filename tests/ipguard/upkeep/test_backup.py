"""A backup holds the whole workspace, or is refused; a setting is changed with its file's comments, or not at all."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store.digest import sha256
from evidence_store.exhibit import Artefact, Capture, Operator, WireExchange
from ipguard.backup import MANIFEST, back_up, restore
from ipguard.config import change, every_setting, setting
from ipguard.errors import WrongUse
from ipguard.evidence import open_store
from ipguard.settings import FILE_NAME, Workspace, open_workspace, read_settings
from ipguard.workspace import State, examine, make_workspace

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def now() -> datetime:
    return NOON


def quiet(_done: int, _total: int) -> None:
    return None


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = make_workspace(tmp_path_factory.mktemp("kept") / "ws", now=now)
    with open_store(place, now) as store:
        store.keep([capture("one"), capture("two")])
        store.checkpoint()
    (place.pictures / "ab").mkdir()
    (place.pictures / "ab" / "picture").write_bytes(b"bytes of a picture")
    (place.folder / "serve.lock").touch()
    return place


def capture(name: str) -> Capture:
    url = f"https://shop.example/{name}"
    said = b"HTTP/1.1 200 OK\r\n\r\n"
    exchange = WireExchange(url, b"GET / HTTP/1.1\r\n\r\n", said, NOON, NOON, "203.0.113.7", 443)
    file = Artefact("note.txt", "note", "text/plain", name.encode())
    return Capture(url, "test", "test", Operator("ana", "os-account"), (exchange,), (file,))


@pytest.fixture(scope="module")
def saved(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("saved") / "backup.tar"
    with closing(sqlite3.connect(workspace.folder / "ipguard.db")) as writer:  # somebody is at work meanwhile
        writer.execute("BEGIN IMMEDIATE")
        done = back_up(workspace, target, now=NOON, progress=quiet)
    assert done.files > 5
    assert "delete old backups" in done.notes[-1]
    return target


def test_a_workspace_comes_back_as_it_was_with_every_proof(workspace: Workspace, saved: Path, tmp_path: Path):
    back = open_workspace(restore(saved, tmp_path / "back", progress=quiet).path)

    assert not [check for check in examine(back, now=now) if check.state is State.BAD]
    with open_store(workspace, now) as old, open_store(back, now) as new:
        assert [one.exhibit_id for one in new.exhibits()] == [one.exhibit_id for one in old.exhibits()]
        assert new.check() == []
        assert new.size == old.size
    assert (back.pictures / "ab" / "picture").read_bytes() == b"bytes of a picture"
    assert not (back.folder / "serve.lock").exists()
    assert oct((back.evidence / "log.key").stat().st_mode)[-3:] == "600"
    assert oct(saved.stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("part", ["evidence", "ipguard.db", FILE_NAME])
def test_a_byte_that_changed_anywhere_refuses_the_whole(saved: Path, tmp_path: Path, part: str):
    with tarfile.open(saved) as archive:
        member = next(m for m in archive if m.name.startswith(part) and m.size)
    data = bytearray(saved.read_bytes())
    data[member.offset_data + member.size // 2] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)

    with pytest.raises(WrongUse, match="does not hold what it says"):
        restore(tmp_path / "bad.tar", tmp_path / "back", progress=quiet)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("keep", [0.3, 0.95])
def test_a_backup_cut_short_is_refused(saved: Path, tmp_path: Path, keep: float):
    data = saved.read_bytes()
    (tmp_path / "short.tar").write_bytes(data[: int(len(data) * keep)])

    with pytest.raises(WrongUse):
        restore(tmp_path / "short.tar", tmp_path / "back", progress=quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["short.tar"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, name: str):
    manifest = json.dumps({"form": "ipguard-backup/1", "files": {name: sha256(b"x")}}).encode()
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for member, data in ((name, b"x"), (MANIFEST, manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

    with pytest.raises(WrongUse, match="which no backup does"):
        restore(tmp_path / "evil.tar", tmp_path / "back", progress=quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar"]


def test_what_is_there_is_never_written_over(workspace: Workspace, saved: Path, tmp_path: Path):
    with pytest.raises(WrongUse, match="exists already"):
        back_up(workspace, saved, now=NOON, progress=quiet)
    with pytest.raises(WrongUse, match="not empty"):
        restore(saved, workspace.folder, progress=quiet)
    with pytest.raises(WrongUse, match="inside the workspace"):
        back_up(workspace, workspace.folder / "b.tar", now=NOON, progress=quiet)


@pytest.fixture
def settings_file(workspace: Workspace, tmp_path: Path) -> Path:
    return Path(shutil.copy(workspace.folder / FILE_NAME, tmp_path / FILE_NAME))


def test_a_setting_is_changed_and_every_comment_stays(settings_file: Path):
    before = settings_file.read_text()

    assert change(settings_file, "console.port", "9000") == 9000
    assert change(settings_file, "crawling.contact_mail", "ip@example.com") == "ip@example.com"
    assert change(settings_file, "matching.ocr", "true") is True
    after = settings_file.read_text()
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
    read = read_settings(settings_file)
    assert (setting(read, "console.port"), setting(read, "matching.ocr")) == (9000, True)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("console.port", "many", "cannot be many"),
        ("console.prot", "9000", "no setting console.prot"),
        ("evidence.time_zone", "Mars/North", "cannot be Mars/North"),
        ("nothing", "1", "no setting nothing"),
    ],
)
def test_a_setting_that_does_not_fit_changes_nothing(settings_file: Path, key: str, value: str, words: str):
    before = settings_file.read_bytes()

    with pytest.raises(WrongUse, match=words):
        change(settings_file, key, value)
    assert settings_file.read_bytes() == before


def test_the_password_of_a_database_is_never_shown(settings_file: Path):
    change(settings_file, "database_url", "postgresql://u:geheim@db/x")

    assert "geheim" not in str(list(every_setting(read_settings(settings_file))))
