"""NuGet versions: the documented rules of ``NuGet.Versioning``."""

from __future__ import annotations

import pytest
from tests.versions.tools import in_order

from oakum.versions import Unparsable, nuget

ORDER = [
    "0.9.9.1", "1.0.0--5", "1.0.0--3", "1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0-2147483647", "1.0.0-10000000000",
    "1.0.0-9999999999", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-alpha-1", "1.0.0-BETA",
    "1.0.0-beta2", "1.0.0-rc10", "1.0.0-rc2", "1.0.0", "1.0.0.1-a", "1.0.0.1", "1.0.1",
]  # fmt: skip


def test_each_version_is_before_the_next() -> None:
    assert in_order(nuget.key, ORDER)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "1.0.0.0"), ("1.0.0-ALPHA", "1.0.0-alpha"), ("1.0+a", "1.0+b"), ("1.01", "1.1"), (" 1.0 ", "1.0"),
        ("1.0.0-a.01", "1.0.0-a.1"),
    ],
)  # fmt: skip
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert nuget.key(left) == nuget.key(right)


@pytest.mark.parametrize("text", ["", "v1.0", "1.0.0.0.0", "1.0-", "1.0+", "1..0", "1.0-a..b", "1.0-é", "1.0_a"])
def test_what_nuget_refuses_has_no_key(text: str) -> None:
    assert isinstance(nuget.key(text), Unparsable)
