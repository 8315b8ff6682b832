"""Reads one request into the type of its kind, and says which field is wrong where it does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from oakum.actors.model import Request
from oakum.errors import InputError, Place

_R = TypeVar("_R", bound=Request)
_AT = re.compile(r" - at `(?:key in )?\$\.?(.*)`\Z", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
#: Of a name that comes from outside so much is shown.
_SHOWN = 60


def read(request: Mapping[str, object], type_: type[_R]) -> _R:
    """The request as ``type_``; a field that is null counts as left out.

    Raises InputError naming the field where one is missing, unknown or of another type.
    """
    given = {key: value for key, value in request.items() if value is not None}
    try:
        return msgspec.convert(given, type_)
    except msgspec.ValidationError as error:
        raise _told(str(error), type_) from None


def _told(text: str, type_: type[Request]) -> InputError:
    at = _AT.search(text)
    field, what = (at.group(1), text[: at.start()]) if at else ("", text)
    unknown = _UNKNOWN.match(what)
    if unknown:
        name = unknown.group(1)[:_SHOWN]
        known = ", ".join(each.encode_name for each in msgspec.structs.fields(type_)) if not field else ""
        return InputError(
            "unknown field",
            place=Place(field=f"{field}.{name}".lstrip(".")),
            remedy=f"fields: {known}" if known else "leave it out: what is not known is not ignored",
        )
    return InputError(
        f"{what[:1].lower()}{what[1:]}", place=Place(field=field[:_SHOWN]), remedy="see the JSON Schema of the request"
    )
