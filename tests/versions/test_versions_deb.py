"""Debian versions: deb-version(7), dpkg itself, libapt-pkg and Dpkg::Version."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from tests.versions.pairs import Pair, debian_versions, differences, mutated_pairs, native

from oakum.versions import Unparsable, deb
from oakum.versions.schemes import scheme

ALPHABET = "0019aAzZ~~+.-:^_é"
APT = """
import sys, apt_pkg
apt_pkg.init_system()
for line in sys.stdin.buffer.read().decode().split("\\n")[:-1]:
    left, right = line.split("\\t")
    sign = apt_pkg.version_compare(left, right)
    print((sign > 0) - (sign < 0))
"""
PERL = """
use Dpkg::Version;
while (<STDIN>) {
    chomp; my ($left, $right) = split /\\t/;
    $_ = Dpkg::Version->new($_, check => 0) for $left, $right;
    print(($left <=> $right), "\\n");
}
"""


def without_signs(pairs: list[Pair]) -> list[Pair]:
    """Pairs in ASCII without a signed epoch: only dpkg itself reads those."""
    return [pair for pair in comparable(pairs) if not any(re.match(r"[+-]|.*[^ -~]", text) for text in pair)]


def comparable(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if not any(isinstance(deb.key(text), Unparsable) for text in pair)]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return mutated_pairs(debian_versions(), ALPHABET, 12_000, seed=1)


def test_mutated_pairs_agree_with_libapt(pairs: list[Pair]) -> None:
    plain = without_signs(pairs)
    assert not differences("deb", plain, native(["/usr/bin/python3", "-c", APT], plain))


def test_mutated_pairs_agree_with_the_perl_module_of_dpkg(pairs: list[Pair]) -> None:
    plain = without_signs(pairs)
    assert not differences("deb", plain, native(["perl", "-e", PERL], plain))


def dpkg_sign(left: str, right: str) -> str:
    for relation, sign in (("lt", "<"), ("eq", "="), ("gt", ">")):
        done = subprocess.run(["dpkg", "--compare-versions", left, relation, right], capture_output=True)
        if done.returncode == 0:
            return sign
        if done.returncode != 1:
            return "?"
    return "?"


def test_dpkg_itself_agrees_and_refuses_exactly_what_we_refuse(pairs: list[Pair]) -> None:
    if shutil.which("dpkg") is None:
        pytest.skip("dpkg is not installed")
    sample = [pair for pair in pairs if not pair[0].startswith("-") and not pair[1].startswith("-")][:300]
    signs = [dpkg_sign(*pair) for pair in sample]
    assert not differences("deb", sample, signs)
    refused = {pair for pair, sign in zip(sample, signs, strict=True) if sign == "?"}
    assert refused == set(sample) - set(comparable(sample))


@pytest.mark.parametrize(
    "text",
    ["", " ", ":1", "1:", "1:-1", "-1", "1.0-", "1 2", "1\t2", "a:1", "0x1:2", "-5:1", "2147483648:1", "1\x000"],
)
def test_what_dpkg_refuses_has_no_place(text: str) -> None:
    refused = deb.key(text)
    assert isinstance(refused, Unparsable)
    assert refused.text == text
    assert refused.why


@pytest.mark.parametrize(
    ("left", "right"),
    [("1", "0:1"), ("1", "1-0"), ("1-0", "1-00"), (" 1 ", "1"), ("+5:1", "5:1"), ("1.0", "1.00"), ("1a", "1a0")],
)
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert deb.key(left) == deb.key(right)


def test_the_order_of_characters_is_that_of_dpkg() -> None:
    ascending = ["1~~", "1~", "1~a", "1", "1A", "1Z", "1a", "1z", "1è", "1é", "1+", "1-a", "1.", "1:2", "1_"]
    upstream = [f"0:{text}-1" for text in ascending]
    keys = [deb.key(text) for text in upstream]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


def test_every_name_of_the_ecosystem_finds_the_scheme() -> None:
    known = scheme("deb")
    assert known is not None
    assert all(scheme(name) == known for name in ("Debian", "Debian:12", "Ubuntu:22.04:LTS", "Ubuntu:Pro:18.04:LTS"))
