"""An index that grew, shrank, was saved or searches one by one gives the answers of one made anew."""

from __future__ import annotations

import hashlib
import json

import faiss
import numpy as np
import pytest

from ipguard.demo import art, products
from ipguard.matching.images import vocabulary
from ipguard.matching.images.altering import alter
from ipguard.matching.images.descriptors import AXES, axes, unpack
from ipguard.matching.images.index import ReferenceIndex, Source, build_index
from ipguard.matching.images.matcher import match_picture

WORKS = ("star-lantern", "moss-courier", "tide-fox")


def source(work: str, data: bytes) -> Source:
    return work, hashlib.sha256(data).hexdigest(), f"{work}.png", data


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    strangers = [source(f"s{n}", products.png(art.stranger(n, size=400))) for n in range(14)]
    return [*(source(w, products.png(art.key_visual(w))) for w in WORKS), *strangers]


@pytest.fixture(scope="module")
def whole(sources) -> ReferenceIndex:
    return build_index(sources)[0]


@pytest.fixture(scope="module")
def copies() -> list[bytes]:
    dice = np.random.default_rng(8)
    pixels = [np.asarray(art.key_visual(work).convert("RGB")) for work in WORKS]
    pixels += [np.asarray(art.stranger(n, size=400).convert("RGB")) for n in (1, 4, 30)]
    families = ("shirt", "mug", "collage", "crop_hard", "mirror", "sticker_sheet")
    return [alter(pixels[n], family, dice).jpeg() for n, family in enumerate(families)]


def verdicts(index: ReferenceIndex, copies: list[bytes]) -> list[object]:
    return [match_picture(index, data, "a" * 64) for data in copies]


def test_an_index_that_grew_answers_as_one_made_anew(sources, whole, copies):
    grown = build_index(sources[:2])[0]
    for start in (2, 9):
        grown = grown.extended(sources[start : start + 7] if start == 2 else sources[start:])

    assert [one.sha256 for one in grown.references] == [one.sha256 for one in whole.references]
    assert verdicts(grown, copies) == verdicts(whole, copies)


def test_growing_leaves_the_smaller_index_as_it_was(sources, copies):
    small = build_index(sources[:3])[0]
    before = verdicts(small, copies)
    small.extended(sources[3:6])

    assert verdicts(small, copies) == before


def test_an_index_without_some_answers_as_if_they_had_never_been(sources, whole, copies):
    gone = {sha256 for _, sha256, _, _ in sources[4:9]}
    left = build_index([one for one in sources if one[1] not in gone])[0]

    assert verdicts(whole.without(gone), copies) == verdicts(left, copies)
    assert whole.without(set()) is whole


def test_a_loaded_index_grows_too(sources, whole, copies, tmp_path):
    build_index(sources[:5])[0].save(tmp_path)

    assert verdicts(ReferenceIndex.load(tmp_path).extended(sources[5:]), copies) == verdicts(whole, copies)


def test_comparing_with_every_descriptor_gives_the_same_work(whole, copies):
    """The brute-force twin: the same index over a search that leaves nothing out. Drawn strangers come in three
    manners, and may look like each other; what a copy shows best is what both must say."""
    everything = faiss.IndexFlatL2(AXES)
    for number in range(len(whole)):
        everything.add(unpack(whole.features(number).packed))
    twin = whole.searched_by(everything)

    for data in copies:
        quick, slow = (match_picture(index, data, "a" * 64).findings for index in (whole, twin))
        assert [one.work for one in quick[:1]] == [one.work for one in slow[:1]]


def test_an_index_of_nothing_finds_nothing(copies, tmp_path):
    nothing = build_index([])[0]
    nothing.save(tmp_path)

    assert len(nothing) == 0
    assert match_picture(nothing, copies[0], "a" * 64).findings == ()
    assert match_picture(ReferenceIndex.load(tmp_path), copies[0], "a" * 64).findings == ()


def test_a_blank_reference_is_in_the_index_and_claims_nothing(sources, copies):
    blank = products.png(art.key_visual("tide-fox").resize((1, 1)).resize((300, 300)))
    index = build_index([source("blank", blank), *sources[:3]])[0]

    assert len(index.features(0)) == 0
    assert all(one.work != "blank" for data in copies for one in match_picture(index, data, "").findings)


def test_another_format_is_refused(whole, tmp_path):
    whole.save(tmp_path)
    meta = json.loads((tmp_path / "index.json").read_text("utf-8"))
    (tmp_path / "index.json").write_text(json.dumps({**meta, "format": 2}), "utf-8")

    with pytest.raises(ValueError, match="format 2"):
        ReferenceIndex.load(tmp_path)


def test_the_vocabulary_is_the_one_that_everything_kept_was_made_with():
    known = axes()
    digest = hashlib.sha256(vocabulary.packed() + known.mean.tobytes() + known.basis.tobytes()).hexdigest()

    assert digest[:16] == "175302f560a761a2"
    np.testing.assert_allclose(known.basis @ known.basis.T, np.eye(AXES), atol=1e-5)
