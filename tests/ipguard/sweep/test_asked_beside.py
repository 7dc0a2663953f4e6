"""With OCR and a model in the settings, a sweep reads text in pictures and hears the model; both are on record."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from stall import open_stall

from evidence_store.exhibit import Operator
from ipguard.alerts.queries import Filter, list_alerts
from ipguard.database.engine import make_engine, reading, transaction
from ipguard.demo import art, products
from ipguard.evidence import open_store
from ipguard.matching.finding import PicturePlace, TextPlace
from ipguard.service import sweep_now
from ipguard.settings import open_workspace
from ipguard.sources.store import NewSource, add_source
from ipguard.wiring import add_watchlist, asked_beside
from ipguard.workspace import make_workspace


def now() -> datetime:
    return datetime.now(UTC)


def sign(text: str) -> bytes:
    image = Image.new("RGB", (420, 200), (214, 226, 238))
    ImageDraw.Draw(image).text((30, 70), text, fill="black", font=ImageFont.load_default(44))
    return products.png(image)


def two_tone(left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    """Too flat for hashes and without a corner to hold on to: only the model can know it again."""
    image = Image.new("RGB", (400, 400), left)
    image.paste(right, (200, 0, 400, 400))
    return image


@pytest.fixture
def workspace(tmp_path: Path):
    pytest.importorskip("rapidocr", reason="needs the extra `ocr`")
    pytest.importorskip("onnx", reason="needs onnx, which makes the model")
    import small_model

    folder = tmp_path / "ws"
    make_workspace(folder, now=now)
    (folder / "means.onnx").write_bytes(small_model.means())
    with (folder / "ipguard.toml").open("a") as file:
        file.write(f'\n[matching]\nocr = true\n[matching.embeddings]\nmodel = "means.onnx"\nsize = {small_model.SIZE}\nthreshold = 0.85\n')  # fmt: skip
    two_tone((30, 60, 200), (240, 200, 40)).save(tmp_path / "flag.png")
    art.key_visual("tide-fox", size=320).save(tmp_path / "fox.png")
    (tmp_path / "w.toml").write_text(
        '[[work]]\nid = "star-lantern"\ntitle = "Star Lantern"\nowner = "Example Co."\npictures = ["fox.png"]\n'
        'names = [{ text = "Star Lantern", lang = "en" }]\n'
        '[[work]]\nid = "two-tone"\ntitle = "Two Tone"\nowner = "Example Co."\npictures = ["flag.png"]\n'
    )
    opened = open_workspace(folder)
    add_watchlist(opened, tmp_path / "w.toml", now=now)
    return opened


def test_a_name_in_a_picture_and_what_a_model_finds_raise_alerts_with_their_pictures(workspace):
    database = make_engine(workspace.database_url)
    shown = {
        "sign": sign("STAR LANTERN"),
        "cloth": products.jpeg(two_tone((40, 70, 190), (250, 210, 60)).rotate(20).crop((90, 90, 310, 310))),
        "plain": sign("moon"),
    }
    with open_stall() as stall:
        stall.goods = {name: [data] for name, data in shown.items()}
        with transaction(database) as session:
            add_source(
                session, NewSource(stall.base, "shopify", "stall", local=True, min_gap_seconds=0.0), now=now()
            )
        sweep_now(workspace, database, ["stall"], everything=False, operator=Operator("ana", "os-account"), now=now, progress=lambda *_: None)  # fmt: skip
    with reading(database) as session:
        alerts = {
            view.listing.title: view for view in list_alerts(session, Filter(None), now=now(), limit=10)
        }
    assert asked_beside(workspace).version.startswith("rapidocr ")
    assert " embedding means " in asked_beside(workspace).version
    digest = {name: hashlib.sha256(data).hexdigest() for name, data in shown.items()}

    assert set(alerts) == {"sign", "cloth"}
    (read,) = [f for f in alerts["sign"].findings if isinstance(f.place, TextPlace)]
    assert (read.work, read.place.field, read.place.picture) == (
        "star-lantern",
        "picture_text",
        digest["sign"],
    )
    (alike,) = [f for f in alerts["cloth"].findings if isinstance(f.place, PicturePlace)]
    assert (alike.work, alike.place.method, alike.reason.values["model"]) == (
        "two-tone",
        "embedding",
        "means",
    )
    with open_store(workspace, now) as store:
        names = {file.name for one in store.exhibits() for file in one.files}
    assert any(digest["sign"][:16] in name for name in names), names
    database.dispose()
