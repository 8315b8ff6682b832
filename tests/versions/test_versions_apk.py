"""apk versions: the grammar of apk-package(5), and what apk does with forms outside it."""

from __future__ import annotations

import pytest
from tests.versions.pairs import alpine_versions

from oakum.versions import Unparsable, apk, compare, scheme


def signs(*ascending: str) -> None:
    keys = [apk.key(text) for text in ascending]
    assert all(isinstance(key, bytes) for key in keys)
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


def test_what_may_follow_a_number_from_low_to_high() -> None:
    signs(
        *("1_alpha", "1_beta", "1_pre", "1_rc", "1?", "1", "1-r0", "1-r1", "1~abc", "1_cvs", "1_svn", "1_git"),
        *("1_hg", "1_p", "1_p-r0", "1_p~a", "1_p0", "1_p1", "1.", "1a", "1b", "1.00", "1.01", "1.1", "1.10"),
    )


def test_a_number_that_starts_with_zero_counts_as_text_except_the_first() -> None:
    signs("1.0", "1.00", "1.010", "1.09", "1.1", "1.9", "1.10")
    assert apk.key("01.1") == apk.key("1.1")


def test_forms_outside_the_grammar_that_repositories_hold() -> None:
    signs("6.6.2_p1", "6.6.2p", "6.6.2p1", "6.6.2p2", "6.6.2p10")
    signs("1.18-r3", "1.18.-r2", "1.18.1-r0")
    signs("0.8.21-r1", "0.8.21.r1", "0.8.21.r2", "0.8.21r2")
    assert apk.key("1-r") == apk.key("1-r0")


@pytest.mark.parametrize(
    ("left", "right"),
    [("1-ruff1", "1-ruff2"), ("1-ruff", "1!"), ("1.2-r1foo", "1.2-r1-2"), ("1_foo", "1_bar"), ("1~", "1~x")],
)
def test_two_unreadable_tails_at_one_place_are_equal(left: str, right: str) -> None:
    assert apk.key(left) == apk.key(right)


@pytest.mark.parametrize("text", ["", "latest", "-foo1", "_foo", "?", "é", "١"])
def test_a_text_without_a_number_is_no_version(text: str) -> None:
    assert isinstance(apk.key(text), Unparsable)


def test_every_version_of_the_security_database_has_a_place() -> None:
    known = scheme("alpine")
    assert known is not None
    versions = {version for each in alpine_versions().values() for version in each}
    assert len(versions) > 1000
    assert not [version for version in versions if compare(known, version, version).sign != "="]
