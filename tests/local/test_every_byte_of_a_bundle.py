"""Every byte of a bundle, changed in one bit: always found, and the member, record or entry named.

``make test`` flips a random bit of each byte; ``make ledger-bits`` (``OAKUM_EVERY_BIT=1``) flips every one.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_right
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import pytest
from tests.local.estate import Estate
from tests.local.proofs import Proofs

from oakum.changes.proof import opened, verify
from oakum.changes.proof.container import END, ENTRIES, JOURNAL, SUMS
from oakum.errors import InputError
from oakum.ledger.archive import BLOCK
from oakum.ledger.keys import PublicKey
from oakum.local.approvals import check
from oakum.local.zones import time_zones

#: Signatures are checked by a program of its own, once for each file.
checked = cache(check)


class Places:
    """Which member and which line of it each byte of a bundle belongs to."""

    def __init__(self, data: bytes) -> None:
        self._starts, self._names, self._lines = [], [], {}
        at = 0
        for name, content in {SUMS: data[BLOCK : BLOCK + int(data[124:135], 8)], **opened(data).members}.items():
            self._starts.append(at)
            self._names.append(name)
            begins = [at + BLOCK]
            begins += [at + BLOCK + place + 1 for place, byte in enumerate(content) if byte == 10]
            self._lines[name] = begins
            at += BLOCK + len(content) + (-len(content) % BLOCK)
        self._starts.append(at)
        self._names.append(END)

    def of(self, byte: int) -> tuple[str, int]:
        """The member, and the number of the line in its content from 1; 0 in its header or the space after it."""
        place = bisect_right(self._starts, byte) - 1
        name = self._names[place]
        begins = self._lines.get(name, [])
        line = bisect_right(begins, byte)
        return name, line if line < len(begins) else 0


def told(data: bytes, key: PublicKey) -> str:
    """The first thing that the verifier says of a bundle; empty where it finds nothing."""
    try:
        proof = verify(opened(data), check=checked, zones=time_zones, keys=[key])
    except InputError as error:
        return str(error)
    return str(proof.faults[0]) if proof.faults else ""


def wrong_answers(whole: bytes, key: PublicKey, bits: list[int]) -> list[str]:
    """What is said of a bundle with one of these bits flipped, wherever that does not name the place."""
    wrong, places, data = [], Places(whole), bytearray(whole)
    for bit in bits:
        byte, mask = bit // 8, 1 << bit % 8
        data[byte] ^= mask
        found = told(bytes(data), key)
        data[byte] ^= mask
        member, line = places.of(byte)
        part = {JOURNAL: f"{JOURNAL}, record {line}:", ENTRIES: f"{ENTRIES}, entry {line}:"}.get(member)
        if not found.startswith(part if part and line else member):
            wrong.append(f"bit {bit % 8} of byte {byte} ({member}, line {line}): {found or 'nothing'}")
    return wrong


@pytest.fixture
def small(estate: Estate) -> tuple[bytes, PublicKey]:
    """The bundle of a run that somebody stopped before its first step."""
    proofs = Proofs(estate)
    run = proofs.run(stop=True)
    data = proofs.bundle(run).read_bytes()
    run.close()
    assert told(data, proofs.key) == ""
    return data, proofs.key


def test_a_bit_of_every_byte_is_missed_by_nobody(small: tuple[bytes, PublicKey]) -> None:
    chance = random.Random(6962)
    bits = [8 * byte + chance.randrange(8) for byte in range(len(small[0]))]
    assert wrong_answers(*small, bits) == []


@pytest.mark.skipif(not os.environ.get("OAKUM_EVERY_BIT"), reason="make ledger-bits flips every bit")
def test_every_bit_is_missed_by_nobody(small: tuple[bytes, PublicKey]) -> None:
    data, key = small
    bits = list(range(8 * len(data)))
    chunks = [bits[at : at + 20_000] for at in range(0, len(bits), 20_000)]
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        several = pool.map(wrong_answers, [data] * len(chunks), [key] * len(chunks), chunks)
        wrong = [each for found in several for each in found]
    print(f"{len(bits):,} bits flipped, {len(wrong)} not found or named wrongly")
    assert wrong == []
