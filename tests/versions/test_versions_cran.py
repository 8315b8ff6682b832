"""R package versions: R's ``compareVersion`` itself."""

from __future__ import annotations

from pathlib import Path

from tests.versions.pairs import differences, native
from tests.versions.tools import in_order, near_and_far_pairs, needs

from oakum.versions import cran

SEEDS = ["1.0-0", "0.1.18", "0.3.2.0", "1.2-3", "0.01", "0.1-0", "2.0", "0.9", "0.75", "3.99-0.14"]
R = r"""
lines <- file("stdin")
open(lines)
for (line in readLines(lines)) {
  pair <- strsplit(line, "\t")[[1]]
  sign <- tryCatch({
    numeric_version(pair)
    as.character(utils::compareVersion(pair[1], pair[2]))
  }, error = function(e) "?")
  cat(sign, "\n", sep = "")
}
"""


def test_mutated_pairs_agree_with_r(tmp_path: Path) -> None:
    script = tmp_path / "compare.R"
    script.write_text(R, encoding="utf-8")
    pairs = near_and_far_pairs(SEEDS, ".-0199", 4_000, seed=1)
    signs = native([needs("Rscript", "r-base-core"), str(script)], pairs)
    assert not differences("CRAN", pairs, signs)
    assert len(signs) - signs.count("?") > 2_000


def test_each_version_is_before_the_next() -> None:
    assert in_order(cran.key, ["0.1", "0.1-0", "0.1.0.0", "0.1.1", "0.9", "0.75", "1.0-0", "1.0-1", "1.0-10"])
