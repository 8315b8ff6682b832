"""What each of the three database formats hands over: numbered header blobs, and what of them could not be read.

A database whose frame is broken (truncated, wrong magic) is an error. One broken record in a sound frame is not: it
is handed over as damage, so that one lost header does not hide a thousand others and yet is never passed over.
"""

from __future__ import annotations

import msgspec

#: The largest database that is read into memory (bytes); that of a full workstation with 4,000 packages has 0.2 GB.
SIZE_LIMIT = 512 * 1024 * 1024

#: The largest number of headers in one database; the largest distributions have 60,000 packages in all.
COUNT_LIMIT = 100_000

#: With more broken records than this the file is not a damaged database but something else.
DAMAGE_LIMIT = 1000


class Record(msgspec.Struct, frozen=True, gc=False):
    """Header ``number`` of a database with its ``blob``; or, where ``damage`` is not empty, why there is none."""

    number: int
    blob: bytes = b""
    damage: str = ""
