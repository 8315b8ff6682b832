"""rpm versions: rpm-version(7) and the rpm library itself."""

from __future__ import annotations

import itertools

import pytest
from tests.versions.pairs import differences, mutated_pairs, native, osv_versions

from oakum.versions import Unparsable, rpm

LIBRARY = """
import sys, rpm
for line in sys.stdin.buffer.read().decode().split("\\n")[:-1]:
    left, right = map(rpm.ver, line.split("\\t"))
    print((left > right) - (left < right))
"""
LABELS = """
import sys, rpm
for line in sys.stdin.buffer.read().decode().split("\\n")[:-1]:
    labels = []
    for text in line.split("\\t"):
        epoch, _, rest = text.rpartition(":")
        version, _, release = rest.partition("-")
        labels.append((epoch or "0", version, release))
    print(rpm.labelCompare(*labels))
"""


def test_mutated_pairs_agree_with_the_rpm_library() -> None:
    pairs = mutated_pairs(osv_versions("almalinux.jsonl.gz"), "0019aAzZ~~^^+.-:_é", 15_000, seed=2)
    assert not differences("rpm", pairs, native(["/usr/bin/python3", "-c", LIBRARY], pairs))


def test_real_neighbours_agree_with_label_compare() -> None:
    versions = osv_versions("almalinux.jsonl.gz")
    pairs = list(itertools.pairwise(versions))
    assert not differences("rpm", pairs, native(["/usr/bin/python3", "-c", LABELS], pairs))


@pytest.mark.parametrize(
    ("left", "right"),
    [("1-1", "0:1-1"), (":1-1", "0:1-1"), ("01:2", "1:2"), ("1.", "1"), ("1.α", "1.β"), ("10.0001", "10.1")],
)
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert rpm.key(left) == rpm.key(right)


def test_each_place_has_the_order_of_rpm() -> None:
    ascending = ["1~~", "1~", "1~a", "1", "1-~", "1-", "1-0", "1^", "1^a", "1a", "1aa", "1.0", "1.1", "a:1^", "1:0"]
    keys = [rpm.key(text) for text in ascending if text != "a:1^"]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


def test_only_digits_before_the_colon_are_an_epoch() -> None:
    assert rpm.key("a:1") == rpm.key("0:a.1")


def test_the_empty_text_is_no_version() -> None:
    assert isinstance(rpm.key(""), Unparsable)
