"""Maven versions: ComparableVersion of maven-artifact 3.8.6 itself, and the specification in the POM reference."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from tests.versions.pairs import Pair, differences, native
from tests.versions.tools import listed, near_and_far_pairs, needs

from oakum.versions import compare, maven, scheme

SEEDS = [
    "4.1.0.Beta1", "5.0.0.Final", "2.0-RC1", "1.0.0-M1", "3.2.1.RELEASE", "9.4.0.v20161208", "31.1-jre", "1-sp",
    "1.0-20200101.123456-1", "2.0.0.RC1", "1-xyz.0.1", "1.0.0-redhat-1", "0.0.0-2022-12-18T00-44-34-a222f475",
]  # fmt: skip
JAVA = """
import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
class Compare {
    public static void main(String[] none) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] texts = line.split("\\t", -1);
            int sign = new ComparableVersion(texts[0]).compareTo(new ComparableVersion(texts[1]));
            System.out.println(Integer.signum(sign));
        }
    }
}
"""
#: Where we follow the specification instead of the program: a list that holds only a release word is no list.
_RELEASE_IN_A_LIST = re.compile(r"(?i)(ga|final|release)[-.0-9]*[0-9]")


def _pairs(count: int, seed: int) -> list[Pair]:
    pairs = near_and_far_pairs(listed("maven") + SEEDS, "abxrcmspgaSNAPSHOT019.-.-_+", count, seed)
    return [pair for pair in pairs if not any(map(_RELEASE_IN_A_LIST.search, pair))]


def test_mutated_pairs_agree_with_maven(tmp_path: Path) -> None:
    java = needs("java", "default-jdk-headless")
    jar = Path.home() / ".m2/repository/org/apache/maven/maven-artifact/3.8.6/maven-artifact-3.8.6.jar"
    if not jar.exists():
        pytest.skip("maven-artifact 3.8.6 is not in the local Maven repository (mvn dependency:get)")
    source = tmp_path / "Compare.java"
    source.write_text(JAVA, encoding="utf-8")
    pairs = _pairs(10_000, seed=1)
    signs = native([java, "-cp", str(jar), str(source)], pairs)
    assert not differences("Maven", pairs, signs)
    assert len(signs) - signs.count("?") > 9_000


def test_keys_agree_with_pairs_but_for_circles() -> None:
    pairs = _pairs(5_000, seed=2)
    wrong = []
    for left, right in pairs:
        one, two = maven.key(left), maven.key(right)
        assert isinstance(one, bytes)
        assert isinstance(two, bytes)
        if ("<" if one < two else ">" if one > two else "=") != maven.pairwise(left, right):
            wrong.append((left, right))
    assert len(wrong) < len(pairs) / 100


def test_the_order_runs_in_circles_so_that_pairs_are_answered_one_by_one() -> None:
    known = scheme("Maven")
    assert known is not None
    for left, right in itertools.pairwise(["1", "1.foo", "1.0.alpha", "1"]):
        assert compare(known, left, right).sign == "<"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "1.0.0"), ("1-ga", "1"), ("1.0.0.RELEASE", "1"), ("1cr", "1-rc"), ("1a1", "1-ALPHA-1"),
        ("1-ga-1", "1-1"), ("1.", "1-"), ("01", "1"), ("1-foo", "1.0.0-foo.0.0"), ("١", "1"),
    ],
)  # fmt: skip
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert maven.key(left) == maven.key(right)
    assert maven.pairwise(left, right) == "="
