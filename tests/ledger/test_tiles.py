"""Tiles as C2SP tlog-tiles lays them: paths, widths, contents."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import LimitError
from oakum.ledger.merkle import Tree, leaf_hash
from oakum.ledger.tiles import LARGEST_ENTRY, Tile, bundle_bytes, entries_in, tile_bytes, tiles_of


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(0, 999, 1), "tile/0/999.p/1"),
        (Tile(0, 1000, 255), "tile/0/x001/000.p/255"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(-1, 273, 112), "tile/entries/273.p/112"),
        (Tile(-1, 1_000_000, 256), "tile/entries/x001/x000/000"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_ledger_of_70_000_entries_has_the_tiles_that_the_specification_counts() -> None:
    found = Counter((tile.level, tile.width == 256, tile.width) for tile in tiles_of(70_000))
    assert found == {
        (-1, True, 256): 273, (-1, False, 112): 1, (0, True, 256): 273, (0, False, 112): 1, (1, True, 256): 1,
        (1, False, 17): 1, (2, False, 1): 1,
    }  # fmt: skip


def test_a_ledger_of_256_entries_has_one_full_tile_and_one_above_it() -> None:
    assert [tile.path for tile in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


def test_each_hash_of_a_tile_is_the_root_of_its_span_of_entries() -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(70_000)]
    tree = Tree(leaves)
    for tile, at in ((Tile(0, 7, 256), 3), (Tile(1, 0, 256), 200), (Tile(1, 1, 17), 16), (Tile(2, 0, 1), 0)):
        span = 256**tile.level
        begin = (tile.begin + at) * span
        expected = Tree(leaves[begin : begin + span]).root()
        assert tile_bytes(tile, tree.node)[32 * at : 32 * at + 32] == expected


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert entries_in(bundle_bytes(entries), len(entries)) == (entries, "")


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=20), st.data())
def test_a_bundle_that_was_cut_gives_the_entries_before_the_cut(entries: list[bytes], data: st.DataObject) -> None:
    whole = bundle_bytes(entries)
    found, problem = entries_in(whole[: data.draw(st.integers(0, len(whole) - 1))], len(entries))
    assert found == entries[: len(found)]
    assert len(found) < len(entries)
    assert "ends before" in problem


def test_a_bundle_that_goes_on_is_told() -> None:
    assert entries_in(bundle_bytes([b"a", b"b"]), 1) == ([b"a"], "the bundle goes on after its 1 entries")


@given(st.binary(max_size=2000), st.integers(0, 256))
def test_any_bytes_are_read_as_a_bundle_without_an_error(data: bytes, width: int) -> None:
    found, problem = entries_in(data, width)
    assert (bundle_bytes(found) == data and len(found) == width) is (problem == "")


def test_an_entry_that_two_bytes_cannot_measure_is_refused() -> None:
    assert len(bundle_bytes([bytes(LARGEST_ENTRY)])) == LARGEST_ENTRY + 2
    with pytest.raises(LimitError):
        bundle_bytes([bytes(LARGEST_ENTRY + 1)])
