"""Which tests show which documented behaviour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

SHOWN: dict[str, set[str]] = {}
Test = TypeVar("Test", bound=Callable[..., None])


def shows(rival: str, *behaviours: str) -> Callable[[Test], Test]:
    """A test that would fail where a rival did not behave so."""

    def mark(test: Test) -> Test:
        SHOWN.setdefault(rival, set()).update(behaviours)
        return test

    return mark
