"""Java versions: ``java.lang.Runtime.Version`` itself, and the names from before Java 9."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.versions.pairs import differences, native
from tests.versions.tools import in_order, near_and_far_pairs, needs

from oakum.versions import Unparsable, jvm

SEEDS = [
    "11.0.12+7", "17.0.15+6-Debian-1deb12u1", "9-ea+100", "10-ea", "11", "11.0.1", "21.0.1+12-LTS", "9+-x", "9-ea-x",
    "9-internal+0-foo", "8.0.292+10", "17.0.0.1", "9-123", "9-45", "17+35", "17+35-LTS-2724",
]  # fmt: skip
JAVA = """
import java.io.*;
class Compare {
    public static void main(String[] none) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] texts = line.split("\\t", -1);
            String sign = "?";
            try {
                Runtime.Version left = Runtime.Version.parse(texts[0]);
                sign = "" + Integer.signum(left.compareTo(Runtime.Version.parse(texts[1])));
            } catch (IllegalArgumentException refused) {
            }
            System.out.println(sign);
        }
    }
}
"""


def test_mutated_pairs_agree_with_java(tmp_path: Path) -> None:
    source = tmp_path / "Compare.java"
    source.write_text(JAVA, encoding="utf-8")
    pairs = near_and_far_pairs(SEEDS, ".-+019eaZ", 10_000, seed=1)
    pairs = [pair for pair in pairs if not any(re.match(r"1\.[0-9]", text) for text in pair)]  # 1.8 is Java 8 for us
    signs = native([needs("java", "default-jdk-headless"), str(source)], pairs)
    assert not differences("jvm", pairs, signs)
    assert len(signs) - signs.count("?") > 4_000


def test_each_version_is_before_the_next() -> None:
    order = [
        "1.4.2_19", "7u80-b15", "1.8.0", "8u292-ea", "1.8.0_292-b09", "8u292-b10", "1.8.0_292-b10-Debian", "8u302",
        "9-ea", "9-ea+100", "9", "9+181", "9.0.4", "10.0.1", "11.0.2", "11.0.12+7", "17.0.0.1", "21-ea+3", "21",
    ]  # fmt: skip
    assert in_order(jvm.key, order)


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.8.0_292-b10", "8u292-b10"), ("1.8.0_292-b10", "8.0.292+10"), ("11.0.0", "11"), ("1.8.0", "8"), ("8u", "1.8")],
)
def test_old_names_equal_new_ones(left: str, right: str) -> None:
    assert jvm.key(left) == jvm.key(right)


@pytest.mark.parametrize("text", ["", "x", "11+", "11.", "11..1", "jdk-11", "11+7+8"])
def test_other_texts_have_no_key(text: str) -> None:
    assert isinstance(jvm.key(text), Unparsable)
