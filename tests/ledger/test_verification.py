"""What the verifier finds, and whether it names the right place: the entry, the tile or the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.ledgers import HAND, ORIGIN, Files, Hand, files, note, written

from oakum.errors import LimitError
from oakum.ledger.archive import ArchiveSource, looks_like_an_archive, packed
from oakum.ledger.checkpoints import Checkpoint, signed
from oakum.ledger.merkle import Tree, leaf_hash
from oakum.ledger.sources import CHECKPOINT
from oakum.ledger.tiles import bundle_bytes, entries_in
from oakum.ledger.verification import MOST_ENTRIES, MOST_FAULTS, Verdict, verify

ENTRIES = written(600)
GOOD = files(ENTRIES)
BUNDLE, TILE, LAST, ABOVE = "tile/entries/001", "tile/0/001", "tile/entries/002.p/88", "tile/1/000.p/2"
KEYS = [HAND.public]


def found(changed: dict[str, bytes | None], kept: dict[str, bytes] | None = None, hand: Hand = HAND) -> Verdict:
    """The verdict over the good ledger with some files changed, or taken away."""
    now = {path: data for path, data in {**GOOD, **changed}.items() if data is not None}
    return verify(Files(now), [hand.public], kept=kept)


def first(verdict: Verdict) -> tuple[str, str]:
    assert verdict.faults
    return verdict.faults[0].where, verdict.faults[0].name


def rebundled(path: str, width: int, at: int, entry: bytes) -> bytes:
    entries = entries_in(GOOD[path], width)[0]
    entries[at] = entry
    return bundle_bytes(entries)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_ledger_that_was_not_touched_is_right(size: int) -> None:
    verdict = verify(Files(files(ENTRIES[:size])), KEYS)
    assert verdict.faults == ()
    assert verdict.entries == size
    assert verdict.checkpoint is not None
    assert (verdict.checkpoint.origin, verdict.checkpoint.size) == (ORIGIN, size)


@pytest.mark.parametrize(
    ("path", "data", "place"),
    [
        (BUNDLE, rebundled(BUNDLE, 256, 7, written(1)[0]), ("index", "263")),
        (BUNDLE, bundle_bytes([*entries_in(GOOD[BUNDLE], 256)[0][1:], b""]), ("index", "256")),
        (BUNDLE, GOOD[BUNDLE][:5000], ("index", str(256 + len(entries_in(GOOD[BUNDLE][:5000], 256)[0])))),
        (BUNDLE, GOOD[BUNDLE] + b"\0\0", ("tile", BUNDLE)),
        (BUNDLE, b"", ("index", "256")),
        (BUNDLE, None, ("tile", BUNDLE)),
        (LAST, None, ("tile", LAST)),
        (TILE, flipped(GOOD[TILE], 100), ("tile", TILE)),
        (TILE, GOOD[TILE][:-1], ("tile", TILE)),
        (TILE, GOOD[TILE] + bytes(32), ("tile", TILE)),
        (TILE, bytes(9000), ("tile", TILE)),
        (TILE, None, ("tile", TILE)),
        (ABOVE, flipped(GOOD[ABOVE], 40), ("tile", ABOVE)),
        (ABOVE, None, ("tile", ABOVE)),
        ("tile/0/003", bytes(32), ("tile", "tile/0/003")),
        ("tile/entries/002.p/89", GOOD[LAST], ("tile", "tile/entries/002.p/89")),
        ("tile/0/001.p/256", GOOD[TILE], ("tile", "tile/0/001.p/256")),
        ("tile/0/001.p/01", GOOD[TILE][:32], ("tile", "tile/0/001.p/01")),
        (CHECKPOINT, flipped(GOOD[CHECKPOINT], 3), ("checkpoint", CHECKPOINT)),
        (CHECKPOINT, b"", ("checkpoint", CHECKPOINT)),
        (CHECKPOINT, note(ENTRIES, Hand(ORIGIN, "thief")), ("checkpoint", CHECKPOINT)),
        (CHECKPOINT, note(ENTRIES, origin="example.com/other"), ("checkpoint", CHECKPOINT)),
    ],
)
def test_the_place_of_a_change_is_named(path: str, data: bytes | None, place: tuple[str, str]) -> None:
    assert first(found({path: data})) == place


def test_an_entry_and_its_tile_changed_together_are_found_by_the_tile_above() -> None:
    entry = written(1)[0]
    start = 7 * 32
    tile = GOOD[TILE][:start] + leaf_hash(entry) + GOOD[TILE][start + 32 :]
    verdict = found({BUNDLE: rebundled(BUNDLE, 256, 7, entry), TILE: tile})
    assert first(verdict) == ("index", "256")
    assert "or one of the 255 after it" in verdict.faults[0].why


def test_all_changed_together_is_another_ledger_than_was_signed() -> None:
    other = files([*ENTRIES[:263], written(1)[0], *ENTRIES[264:]])
    verdict = found({**other, CHECKPOINT: GOOD[CHECKPOINT]})
    assert first(verdict) == ("checkpoint", CHECKPOINT)


def test_entries_in_another_order_are_found() -> None:
    entries = list(ENTRIES)
    entries[10], entries[11] = entries[11], entries[10]
    assert first(found({"tile/entries/000": files(entries)["tile/entries/000"]})) == ("index", "10")


def test_what_was_signed_but_is_no_entry_is_named() -> None:
    entries = [*ENTRIES[:3], b'{"kind":"note"}', ENTRIES[3]]
    verdict = verify(Files(files(entries)), KEYS)
    assert first(verdict) == ("index", "3")
    assert verdict.faults[0].why.startswith("no entry")


# Checkpoints that were kept


@pytest.mark.parametrize("size", [0, 1, 255, 256, 599, 600])
def test_a_kept_checkpoint_of_the_same_ledger_is_right(size: int) -> None:
    assert found({}, {"kept": note(ENTRIES[:size])}).faults == ()


@pytest.mark.parametrize(
    "kept",
    [
        note([*ENTRIES[:99], b"x"]),
        note([*ENTRIES, b"x"]),
        note([*ENTRIES[:-1], b"x"]),
        note(ENTRIES[:100], Hand(ORIGIN, "thief")),
        note(ENTRIES[:100])[:-5],
        b"",
        b"\xff" * 100,
    ],
)
def test_a_kept_checkpoint_of_another_story_is_named(kept: bytes) -> None:
    verdict = found({}, {"right": note(ENTRIES[:50]), "january": kept})
    assert [(each.where, each.name) for each in verdict.faults] == [("checkpoint", "january")]
    assert verdict.faults[0].remedy


def test_a_copy_that_was_changed_accuses_nobody_of_signing_two_stories() -> None:
    verdict = found({BUNDLE: rebundled(BUNDLE, 256, 7, written(1)[0])}, {"kept": note(ENTRIES[:300])})
    assert [(each.where, each.name) for each in verdict.faults] == [("index", "263")]


def test_a_ledger_that_was_rewritten_and_signed_anew_contradicts_the_kept_checkpoint() -> None:
    rewritten = verify(Files(files([*ENTRIES[:263], *ENTRIES[264:]])), KEYS, kept={"kept": note(ENTRIES[:300])})
    assert [(each.where, each.name) for each in rewritten.faults] == [("checkpoint", "kept")]


def test_a_ledger_that_was_cut_contradicts_the_kept_checkpoint() -> None:
    cut = verify(Files(files(ENTRIES[:300])), KEYS, kept={"kept": note(ENTRIES)})
    assert "cut" in cut.faults[0].remedy


# What an earlier export has left, and other bystanders


def test_narrower_tiles_of_an_earlier_export_may_stand_there() -> None:
    earlier = {path: data for path, data in files(ENTRIES[:520]).items() if path != CHECKPOINT}
    assert any(path not in GOOD for path in earlier)
    assert found(dict(earlier)).faults == ()


@pytest.mark.parametrize("path", ["tile/entries/002.p/8", "tile/0/002.p/8"])
def test_narrower_tiles_that_tell_something_else_are_named(path: str) -> None:
    earlier = files(ENTRIES[:520])[path]
    assert first(found({path: flipped(earlier, 40)})) == ("tile", path)
    assert first(found({path: earlier[:-1]})) == ("tile", path)


def test_faults_end_somewhere() -> None:
    verdict = found({path: None for path in GOOD if path != CHECKPOINT} | {f"tile/x{n}": b"" for n in range(99)})
    assert len(verdict.faults) == MOST_FAULTS


def test_a_size_beyond_reason_is_not_looked_for() -> None:
    head = signed(Checkpoint(ORIGIN, MOST_ENTRIES + 1, bytes(32)), HAND)
    assert first(verify(Files({CHECKPOINT: head}), KEYS)) == ("checkpoint", CHECKPOINT)


def test_a_size_that_is_a_lie_ends_soon() -> None:
    head = signed(Checkpoint(ORIGIN, 1_000_000, bytes(32)), HAND)
    assert verify(Files({**GOOD, CHECKPOINT: head}), KEYS).faults


def test_no_checkpoint_at_all_is_no_answer() -> None:
    with pytest.raises(FileNotFoundError):
        verify(Files({}), KEYS)


# The archive


def archive(changed: Iterable[tuple[str, bytes]] = GOOD.items()) -> bytes:
    return b"".join(packed(changed))


ARCHIVE = archive()


def of_archive(data: bytes) -> Verdict:
    return verify(ArchiveSource(data), KEYS)


def test_an_archive_is_the_same_ledger_and_always_the_same_file() -> None:
    assert of_archive(ARCHIVE).faults == ()
    assert archive() == ARCHIVE
    assert looks_like_an_archive(ARCHIVE)
    assert not looks_like_an_archive(b"SQLite format 3\0" + bytes(600))


@pytest.mark.parametrize(
    "bad",
    [
        ARCHIVE[:-1],
        ARCHIVE[:-1024],
        ARCHIVE + b"\0",
        ARCHIVE + b"x",
        ARCHIVE[:-1024] + archive([("more", b"x")]),
        archive(list(GOOD.items())[:-1]),
        archive(reversed(list(GOOD.items()))),
        archive([*GOOD.items(), ("tile/0/009", b"")]),
        ARCHIVE[:20_000],
        ARCHIVE[:700],
        ARCHIVE[:512],
    ],
)
def test_an_archive_that_was_changed_at_its_seams_is_found(bad: bytes) -> None:
    assert of_archive(bad).faults


def test_a_cut_archive_says_where_it_ends() -> None:
    verdict = of_archive(ARCHIVE[:20_000])
    assert first(verdict) == ("tile", "tile/entries/000")
    assert verdict.faults[0].why == "the archive ends here"


@pytest.mark.parametrize("path", list(GOOD))
@pytest.mark.parametrize("at", [0, 50, 100, 108, 124, 136, 148, 156, 257, 300, 400, 511])
def test_a_changed_header_is_named_by_the_file_that_it_belongs_to(path: str, at: int) -> None:
    begin = 0
    for each, data in GOOD.items():
        if each == path:
            break
        begin += 512 + len(data) + (-len(data) % 512)
    where, name = first(of_archive(flipped(ARCHIVE, begin + at)))
    assert name == path, where


def test_what_stands_in_the_empty_space_after_a_file_is_found() -> None:
    end = 512 + len(GOOD[CHECKPOINT])
    assert first(of_archive(flipped(ARCHIVE, end))) == ("checkpoint", CHECKPOINT)


def test_an_archive_is_read_within_the_limit() -> None:
    with pytest.raises(LimitError):
        ArchiveSource(ARCHIVE).read(CHECKPOINT, 10)


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_any_bytes_for_an_archive_give_faults_or_no_checkpoint(data: bytes, at: int) -> None:
    for bad in (data, ARCHIVE[:at] + data, ARCHIVE[:at] + data + ARCHIVE[at + len(data) :]):
        if bad != ARCHIVE:
            try:
                assert of_archive(bad).faults
            except FileNotFoundError:
                assert len(bad) < 512


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.binary(max_size=9000), min_size=1))
def test_any_bytes_for_files_give_faults(changed: dict[str, bytes]) -> None:
    assert found(dict(changed)).faults


def test_the_tree_of_a_ledger_is_that_of_its_entries() -> None:
    assert Tree(map(leaf_hash, ENTRIES)).root() == verify(Files(GOOD), KEYS).checkpoint.root  # type: ignore[union-attr]  # it is right
