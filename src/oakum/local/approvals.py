"""Files with a statement and its signature: written by ``oakum approve``, read and checked before anything counts.

A file is the text of the statement, and below it the armoured SSH signature of just these bytes, so that somebody
without Oakum can make it (``ssh-keygen -Y sign``) and anybody can check it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from oakum.changes.approvals import NAMESPACE, Signed, Statement, read_statement, text_of
from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.local.signatures import is_signed, sign
from oakum.policy.ssh_keys import BEGIN, read_signature

_LARGEST = 32_768
#: For how long an approval holds where nobody says, and a request.
LASTS = timedelta(days=7)


def signed_file(statement: Statement, key: Path) -> bytes:
    """The file of a statement, signed by a key. Raises UsageError, InputError."""
    text = text_of(statement)
    return text + sign(key, text)


def check(data: bytes, source: str) -> Signed:
    """The statement of a file, when its signature is right. Raises InputError, LimitError naming the source."""
    place = Place(source)
    if len(data) > _LARGEST:
        raise LimitError(
            "the file is larger than an approval can be", place=place, remedy="give what oakum approve wrote"
        )
    at = data.find(BEGIN)
    if at < 0:
        raise InputError(
            "there is no signature", place=place, remedy="give what oakum approve wrote, signature included"
        )
    text, armoured = data[:at], data[at:]
    try:
        statement, signature = read_statement(text), read_signature(armoured)
    except OakumError as error:
        raise error.within(source) from None
    if signature.namespace != NAMESPACE:
        what = f"the signature was made for {signature.namespace[:60]!r}"
        raise InputError(what, place=place, remedy=f"sign with ssh-keygen -Y sign -n {NAMESPACE}")
    if not is_signed(text, armoured, signature.key):
        raise InputError(
            "the signature is not that of this text", place=place, remedy="somebody changed the file: sign anew"
        )
    return Signed(statement, signature.key, source)


def read_approvals(paths: Sequence[Path]) -> tuple[tuple[bytes, Signed], ...]:
    """The files of approvals with what they say. Raises InputError, LimitError naming the first that is wrong."""
    found: list[tuple[bytes, Signed]] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InputError(why, place=Place(str(path)), remedy="name a file that oakum approve wrote") from None
        found.append((data, check(data, str(path))))
    return tuple(found)


def statement_until(now: datetime, lasts: timedelta) -> tuple[datetime, datetime]:
    """From when to when a statement holds that is made now, in whole seconds."""
    at = now.replace(microsecond=0)
    return at, at + lasts
