"""How many random examples a test looks at: more than the profile asks for where the space is large."""

from __future__ import annotations

from hypothesis import settings


def at_least(count: int) -> int:
    """This many examples, or the profile's number where that is larger (``make fuzz``)."""
    return max(count, settings().max_examples)
