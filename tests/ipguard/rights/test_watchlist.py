"""A watchlist file is read whole or refused whole, and every mistake says where it is and what to do."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine

from ipguard.database.engine import reading, transaction
from ipguard.errors import WrongUse
from ipguard.matching.finding import Reason
from ipguard.rights.store import PictureLook, import_watchlist, load_pictures, load_works, read_pictures
from ipguard.rights.watchlist import load_watchlist
from ipguard.rights.work import NameKind, RightKind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

GOOD = """
[[work]]
id = "star-lantern"
title = "Star Lantern"
owner = "Example Animation Co."
pictures = ["art/*.png"]
official_sellers = ["shop.star-lantern.example"]

[[work.names]]
text = "星灯"
lang = "zh"
kind = "title"

[[work.names]]
text = "Mira"
lang = "en"
kind = "character"
needs_context = true

[[work.rights]]
kind = "trademark"
territory = "US"
number = "SAMPLE-0001"
valid_to = 2034-05-01

[[work.official_prices]]
product = "figure"
amount = "39.00"
currency = "USD"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "art").mkdir(exist_ok=True)
    Image.new("RGB", (64, 48), "navy").save(folder / "art" / "key.png")
    path = folder / "watch.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(WrongUse) as caught:
        load_watchlist(written(folder, text))
    return str(caught.value)


def look(data: bytes) -> PictureLook:
    small = Reason("picture.small", {"width": 64, "height": 48})
    return (
        PictureLook(64, 48, "image/png", (small,))
        if data.startswith(b"\x89PNG")
        else PictureLook(0, 0, "", (), "no")
    )


def test_everything_a_person_wrote_is_there(tmp_path):
    (work,) = load_watchlist(written(tmp_path, GOOD)).works

    assert [name.text for name in work.names] == ["星灯", "Mira"]
    assert work.names[1].kind is NameKind.CHARACTER
    assert work.names[1].needs_context
    assert work.rights[0].kind is RightKind.TRADEMARK
    assert work.rights[0].valid_to == date(2034, 5, 1)
    assert work.official_prices[0].amount == Decimal("39.00")
    assert work.pictures == (tmp_path / "art" / "key.png",)


def test_a_file_saved_by_a_windows_editor_reads_the_same(tmp_path):
    path = written(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load_watchlist(path).works[0].id == "star-lantern"


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ('lang = "zh"', 'lang = "chinese mandarin"', "names 1, lang: “chinese mandarin” is not a BCP 47 tag"),
        ('text = "星灯"', 'text = "★"', "has no letter or digit"),
        ('text = "星灯"', 'text = "星"', "one character and would match everywhere"),
        (
            'text = "Mira"',
            'text = "星灯"',
            "names 2, text: “星灯” stands there twice, first as names 1. Remove one",
        ),
        (
            'text = "Mira"',
            'text = "ＭＩＲＡ"\nlang = "en"\n[[work.names]]\ntext = "mira"',
            "names 3, text: “mira” stands",
        ),
        ('text = "Mira"', 'text = ""', "names 2, text: empty. Write text ="),
        ('text = "Mira"', 'text = "  "', "names 2, text: empty"),
        ('text = "Mira"', 'text = "★M!"', "one character and would match everywhere"),
        (
            "needs_context = true",
            "need_context = true",
            "need_context: not a known field. Known fields: any_of",
        ),
        ("needs_context = true", "none_of = [3]", "none_of: not a list of texts"),
        ('kind = "title"', 'kind = "name"', "kind: “name” is not a known kind. One of: title, alias"),
        ("needs_context = true", 'needs_context = "yes"', "needs_context: not true or false"),
        ("2034-05-01", '"2034-05-01"', "valid_to: not a date"),
        ('territory = "US"', 'territory = "usa"', "“usa” is not a country code"),
        ('amount = "39.00"', 'amount = "cheap"', "'cheap' is not a price"),
        ('id = "star-lantern"', 'id = "Star Lantern!"', "“Star Lantern!” cannot be an id"),
        ('owner = "Example Animation Co."', "", "work 1 (star-lantern), owner: missing"),
        ('"art/*.png"', '"../art/*.png"', "leads outside the watchlist's folder"),
        ('"art/*.png"', '"none/*.png"', "“none/*.png” finds no picture"),
        ('owner = "', 'owners = "', "owners: not a known field. Known fields:"),
    ],
)
def test_a_mistake_names_file_entry_field_and_remedy(tmp_path, wrong, right, words):
    message = refusal(tmp_path, GOOD.replace(wrong, right, 1))

    assert "watch.toml" in message
    assert words in message
    assert "nothing was imported" in message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            '"https://star-lantern.example/"',
            "is no domain name: There are characters in it that no domain name has",
        ),
        ('"co.uk"', "“co.uk” is an ending that everybody registers names under"),
        ('"example"', "“example” is an ending"),
        ('"192.0.2.1"', "It is an IP address"),
        ('"star-lantern.example", "STAR-LANTERN.EXAMPLE."', "“star-lantern.example” stands there twice"),
    ],
)
def test_an_official_domain_is_a_domain_name_that_was_registered(tmp_path, given, words):
    message = refusal(tmp_path, GOOD.replace("pictures =", f"official_domains = [{given}]\npictures ="))

    assert "watch.toml, work 1 (star-lantern), official_domains: " in message
    assert words in message


def test_words_of_a_name_and_official_domains_come_back_from_the_database(engine: Engine, tmp_path):
    text = GOOD.replace(
        "pictures =", 'official_domains = ["Star-Lantern.Example", "xn--kivn3u.example"]\npictures ='
    )
    text = text.replace("needs_context = true", 'required = ["lamp"]\nany_of = ["a", "b"]\nnone_of = ["sky"]')
    watchlist = load_watchlist(written(tmp_path, text))
    with transaction(engine) as session:
        import_watchlist(session, watchlist, (), now=NOON)

    with reading(engine) as session:
        (work,) = load_works(session)
    assert work.official_domains == ("star-lantern.example", "xn--kivn3u.example")
    assert (work.names[1].required, work.names[1].any_of, work.names[1].none_of) == (
        ("lamp",),
        ("a", "b"),
        ("sky",),
    )
    assert work.names == watchlist.works[0].names


def test_all_mistakes_are_told_at_once(tmp_path):
    text = GOOD.replace('lang = "zh"', 'lang = "?"').replace('number = "SAMPLE-0001"', "number = 1")

    assert "2 mistakes" in refusal(tmp_path, text)


@pytest.mark.parametrize("text", ["[[work]", "work = 3", "", "[[work]]\nnames = 3", "[work]\nid = 'x'"])
def test_what_is_no_watchlist_is_refused_in_words(tmp_path, text):
    assert "watch.toml" in refusal(tmp_path, text)


def test_a_file_in_another_encoding_says_so(tmp_path):
    path = written(tmp_path, "")
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(WrongUse, match="not UTF-8"):
        load_watchlist(path)


def test_a_work_goes_into_the_database_and_comes_back(engine: Engine, tmp_path):
    watchlist = load_watchlist(written(tmp_path, GOOD))
    kept: list[bytes] = []
    pictures = read_pictures(watchlist, look, lambda data: kept.append(data) or "kept")
    with transaction(engine) as session:
        done = import_watchlist(session, watchlist, pictures, now=NOON)

    with reading(engine) as session:
        (work,) = load_works(session)
        (picture,) = load_pictures(session)
    assert done.added == ("star-lantern",)
    assert work.names == watchlist.works[0].names
    assert work.rights == watchlist.works[0].rights
    assert work.official_prices == watchlist.works[0].official_prices
    assert picture.file_name == "key.png"
    assert picture.warnings == [{"code": "picture.small", "values": {"width": 64, "height": 48}}]
    assert len(kept) == 1


def test_importing_again_replaces_and_does_not_double(engine: Engine, tmp_path):
    for text in (GOOD, GOOD.replace("星灯", "星燈")):
        watchlist = load_watchlist(written(tmp_path, text))
        with transaction(engine) as session:
            done = import_watchlist(
                session, watchlist, read_pictures(watchlist, look, lambda _: ""), now=NOON
            )

    with reading(engine) as session:
        (work,) = load_works(session)
    assert done.replaced == ("star-lantern",)
    assert [name.text for name in work.names] == ["星燈", "Mira"]


def test_one_unusable_picture_keeps_everything_out(tmp_path):
    path = written(tmp_path, GOOD)
    (tmp_path / "art" / "page.png").write_text("<html>not a picture</html>")
    kept: list[bytes] = []

    with pytest.raises(WrongUse, match=r"star-lantern, pictures: page\.png"):
        read_pictures(load_watchlist(path), look, lambda data: kept.append(data) or "")
    assert kept == []
