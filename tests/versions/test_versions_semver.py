"""Semantic versions: semver.org item 11, and the semver package of npm."""

from __future__ import annotations

import os

import pytest
from tests.versions.pairs import differences, mutated_pairs, native, osv_versions

from oakum.versions import Unparsable, semver

NPM = """
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").slice(0, -1)) {
    const [left, right] = line.split("\\t").map((text) => semver.parse(text));
    console.log(left && right ? semver.compare(left, right) : "?");
}
"""


def test_mutated_pairs_agree_with_the_semver_package_of_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PATH", os.environ.get("NODE_PATH", "/usr/share/nodejs"))
    pairs = mutated_pairs(osv_versions("go.jsonl.gz"), "0019aAz.-+", 10_000, seed=5)
    signs = native(["node", "-e", NPM], pairs)
    assert not differences("npm", pairs, signs)
    assert len(signs) - signs.count("?") > 3_000


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.2", "1.2.0"), ("1", "1.0.0.0"), ("v1.2.3", "1.2.3"), ("=1.2.3", "1.2.3"), (" 1.2.3 ", "1.2.3"),
        ("01.02.03", "1.2.3"), ("1.2.3+a-b", "1.2.3+c"), ("1.2.3rc1", "1.2.3-rc1"), ("1.2.3.Final", "1.2.3-Final"),
    ],
)  # fmt: skip
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert semver.key(left) == semver.key(right)


def test_more_than_three_numbers_count() -> None:
    ascending = ["1.2.3-rc1", "1.2.3", "1.2.3.0.1", "1.2.3.1-rc1", "1.2.3.1", "1.2.3.2", "1.2.4"]
    keys = [semver.key(text) for text in ascending]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("text", ["", "v", "latest", "1.x", "1.2.*", ">=1.2.3", "1.2 - 1.4", "1.2.3 foo", "١.٢"])
def test_what_names_no_single_version_has_no_place(text: str) -> None:
    assert isinstance(semver.key(text), Unparsable)
