"""Dart versions: the rules of ``pub_semver``, whose build metadata count."""

from __future__ import annotations

import pytest
from tests.versions.tools import in_order

from oakum.versions import Unparsable, pub

#: Each before the next, as pub_semver documents and tests.
ORDER = [
    "1.0.0-3", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc.1+build.1",
    "1.0.0", "1.0.0+0.3.7", "1.3.7+build", "1.3.7+build.2.b8f12d7", "1.3.7+build.11.e0f985a", "2.0.0", "2.1.0",
    "2.2.0", "2.11.0", "2.11.1",
]  # fmt: skip


def test_each_version_is_before_the_next() -> None:
    assert in_order(pub.key, ORDER)


@pytest.mark.parametrize(("left", "right"), [("1.2.3", "v1.2.3"), ("01.2.3", "1.2.3"), ("1", "1.0.0")])
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert pub.key(left) == pub.key(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.0.0-9223372036854775807", "1.0.0-a"), ("1.0.0-9223372036854775807", "1.0.0-0x"),
        ("1.0.0-9", "1.0.0-10"), ("1.0.0--10", "1.0.0--9"), ("1.0.0--1", "1.0.0-0"),
        ("1.0.0-10000000000000000000", "1.0.0-9999999999999999999"), ("1.2.3", "1.2.3.1"),
    ],
)  # fmt: skip
def test_identifiers_are_numbers_where_they_fit_64_bits(left: str, right: str) -> None:
    one, two = pub.key(left), pub.key(right)
    assert isinstance(one, bytes)
    assert isinstance(two, bytes)
    assert one < two


@pytest.mark.parametrize("text", ["", "a", "1.0.0-", "1.0.0+", "1.0.0-a..b", "1.0.0 ", "1.0.0-é"])
def test_other_texts_have_no_key(text: str) -> None:
    assert isinstance(pub.key(text), Unparsable)
