"""The log as static files: the same root, nothing written twice, nothing believed that does not fit."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store.errors import Malformed
from evidence_store.log import note
from evidence_store.log.checkpoint import parse_checkpoint
from evidence_store.log.tiles import read_root, tile_path, write_tiles
from evidence_store.log.tree import Tree, leaf_hash


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (1, 5, 17, "tile/1/005.p/17"),
        (None, 1234067, 256, "tile/entries/x001/x234/067"),
        (0, 273, 112, "tile/0/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(level, number, width, path):
    assert tile_path(level, number, width) == path


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=4))
def test_tiles_written_step_by_step_give_the_root_of_the_tree(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("tiles")
    tree, entries = Tree(), []
    for step in steps:
        first = len(entries) // 256 * 256
        for _ in range(step):
            entries.append(b"entry %d" % len(entries))
            tree.append(leaf_hash(entries[-1]))
        write_tiles(folder, tree, entries[first:], first)
        assert read_root(folder, tree.size) == tree.root()
        if len(entries) >= 256:  # a tile of the level above is over whole tiles below
            top = (folder / tile_path(1, 0, min(256, len(entries) // 256))).read_bytes()
            assert top[:32] == tree.root(256)


def test_a_store_publishes_only_what_is_new_and_a_forged_tile_is_noticed(store, capture, tmp_path):
    store.keep([capture() for _ in range(3)])
    assert store.publish(tmp_path / "log") == 2
    assert store.publish(tmp_path / "log") == 0
    store.keep([capture()])
    assert store.publish(tmp_path / "log") == 2
    head = parse_checkpoint(note.check((tmp_path / "log" / "checkpoint").read_bytes(), store.vkey))
    assert read_root(tmp_path / "log", head.size) == head.root

    tile = tmp_path / "log" / tile_path(0, 0, 4)
    tile.chmod(0o600)
    tile.write_bytes(hashlib.sha256(b"x").digest() * 4)
    with pytest.raises(Malformed, match="not of its entries"):
        read_root(tmp_path / "log", head.size)
