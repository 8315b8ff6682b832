"""Go modules and toolchains: golang.org/x/mod/semver and go/version."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.versions.pairs import differences, mutated_pairs, native, osv_versions

from oakum.versions import Unparsable, compare, go, scheme

COMPARE = """
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		left, right, _ := strings.Cut(lines.Text(), "\\t")
		if semver.IsValid("v"+left) && semver.IsValid("v"+right) {
			fmt.Println(semver.Compare("v"+left, "v"+right))
		} else {
			fmt.Println("?")
		}
	}
}
"""
MODULE = "module compare\n\ngo 1.23\n\nrequire golang.org/x/mod v0.24.0\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    if shutil.which("go") is None:
        pytest.skip("the Go toolchain is not installed")
    (folder / "main.go").write_text(COMPARE)
    (folder / "go.mod").write_text(MODULE)
    built = subprocess.run(
        ["go", "build", "-mod=mod", "-o", "compare", "."], cwd=folder, capture_output=True, text=True, timeout=120
    )
    if built.returncode:
        pytest.skip(f"golang.org/x/mod cannot be built here: {built.stderr[-300:]}")
    return folder / "compare"


def test_mutated_pairs_agree_with_the_semver_package_of_go(program: Path) -> None:
    pairs = mutated_pairs(osv_versions("go.jsonl.gz"), "0019aAz.-+", 10_000, seed=6)
    signs = native([str(program)], pairs)
    assert not differences("go", pairs, signs)
    assert signs.count("?") < len(signs) / 2


def sign(left: str, right: str) -> str:
    known = scheme("golang")
    assert known is not None
    return compare(known, left, right).sign


def test_trap_11_toolchains_stand_where_the_database_puts_them() -> None:
    assert sign("go1.21rc2", "1.21.0-rc.2") == "="
    assert sign("go1.21rc2", "go1.21rc10") == "<"
    assert sign("1.21.0-0", "go1.21beta1") == "<"
    assert sign("go1.21rc2", "go1.21") == "<"
    assert sign("go1.20", "1.20.0") == "="
    assert sign("go1.21.3-custom", "1.21.3") == "="
    assert sign("go1.22.1 X:boringcrypto", "v1.22.1") == "="
    assert sign("go1.9.7", "go1.10") == "<"


def test_trap_11_pseudo_versions_stand_before_what_they_lead_to() -> None:
    assert sign("v1.2.3", "v1.2.4-0.20200101000000-abcdefabcdef") == "<"
    assert sign("v1.2.4-0.20200101000000-abcdefabcdef", "v1.2.4") == "<"
    assert sign("v0.0.0-20200101000000-ffffffffffff", "v0.0.0-20210101000000-000000000000") == "<"
    assert sign("v4.2.2+incompatible", "4.2.2") == "="


@pytest.mark.parametrize(
    "text",
    [
        "(devel)",
        "devel",
        "devel go1.23-5e8dbd0 Tue",
        "v0.0.0-00010101000000-000000000000",
        "",
        "unknown",
        "go",
        "gofoo",
    ],
)
def test_trap_11_what_names_no_code_has_no_place(text: str) -> None:
    refused = go.key(text)
    assert isinstance(refused, Unparsable)
    assert refused.text == text
    assert refused.why


def test_every_version_of_the_vulnerability_database_has_a_place() -> None:
    versions = osv_versions("go.jsonl.gz")
    assert len(versions) > 1000
    assert not [version for version in versions if isinstance(go.key(version), Unparsable)]
