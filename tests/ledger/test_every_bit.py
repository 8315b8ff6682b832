"""Every single bit of an export of 200 entries, flipped: always found, and the place named.

``make test`` flips all bits of the checkpoint and of the archive's seams, and some of the rest; ``make ledger-bits``
(``OAKUM_EVERY_BIT=1``) flips every one of the archive.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.ledger.ledgers import HAND, files, written

from oakum.ledger.archive import BLOCK, ArchiveSource, packed
from oakum.ledger.sources import CHECKPOINT
from oakum.ledger.tiles import entries_in
from oakum.ledger.verification import verify

COUNT = 200
FILES = files(written(COUNT))
ARCHIVE = b"".join(packed(FILES.items()))
BUNDLE, TILE = "tile/entries/000.p/200", "tile/0/000.p/200"
CHUNK = 20_000


def places() -> dict[str, range]:
    """Where each file's block begins and ends in the archive, header and empty space with it; then the end."""
    found: dict[str, range] = {}
    at = 0
    for path, data in FILES.items():
        size = BLOCK + len(data) + (-len(data) % BLOCK)
        found[path] = range(at, at + size)
        at += size
    found["the end of the archive"] = range(at, len(ARCHIVE))
    return found


PLACES = places()


def entry_of(byte: int) -> int:
    """The number of the entry to which a byte of the archive belongs, with its length; -1 for none."""
    at = PLACES[BUNDLE].start + BLOCK
    for number, each in enumerate(entries_in(FILES[BUNDLE], COUNT)[0]):
        if at <= byte < at + 2 + len(each):
            return number
        at += 2 + len(each)
    return -1


def expected(byte: int) -> tuple[str, str]:
    """The place that has to be named for a bit of this byte."""
    path = next(path for path, span in PLACES.items() if byte in span)
    if path == CHECKPOINT:
        return "checkpoint", CHECKPOINT
    number = entry_of(byte) if path == BUNDLE else -1
    return ("index", str(number)) if number >= 0 else ("tile", path)


def wrong_answers(bits: range | list[int]) -> list[str]:
    """What the verifier says of the archive with one of these bits flipped, wherever that is not the place."""
    wrong: list[str] = []
    data = bytearray(ARCHIVE)
    for bit in bits:
        byte, mask = bit // 8, 1 << bit % 8
        data[byte] ^= mask
        faults = verify(ArchiveSource(bytes(data)), [HAND.public]).faults
        data[byte] ^= mask
        if not faults or (faults[0].where, faults[0].name) != expected(byte):
            wrong.append(f"bit {bit % 8} of byte {byte}: {faults[:1]}, not {expected(byte)}")
    return wrong


def bits_of(span: range) -> range:
    return range(span.start * 8, span.stop * 8)


def test_every_bit_of_the_checkpoint_is_missed_by_nobody() -> None:
    span = PLACES[CHECKPOINT]
    text = range(span.start + BLOCK, span.start + BLOCK + len(FILES[CHECKPOINT]))
    assert wrong_answers(bits_of(text)) == []


def test_bits_of_everything_else_are_missed_by_nobody() -> None:
    chance = random.Random(6962)
    for path, span in PLACES.items():
        assert wrong_answers(chance.sample(bits_of(span), 150)) == [], path


def test_an_entry_s_length_is_the_entry_s() -> None:
    at = PLACES[BUNDLE].start + BLOCK
    lengths: list[int] = []
    for each in entries_in(FILES[BUNDLE], COUNT)[0]:
        lengths += range(8 * at, 8 * at + 16)
        at += 2 + len(each)
    assert wrong_answers(random.Random(1).sample(lengths, 100)) == []


@pytest.mark.skipif(not os.environ.get("OAKUM_EVERY_BIT"), reason="make ledger-bits flips every bit")
def test_every_bit_is_missed_by_nobody() -> None:
    whole = range(8 * len(ARCHIVE))
    chunks = [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        wrong = [each for found in pool.map(wrong_answers, chunks) for each in found]
    print(f"{len(whole):,} bits flipped, {len(wrong)} not found or named wrongly")
    assert wrong == []
