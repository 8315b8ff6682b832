"""Every line of the lists that native tools produced, through the same door as the command line."""

from __future__ import annotations

import pytest
from tests.data import shared

from oakum.versions import compare, scheme

ECOSYSTEMS = {
    "alpine": "Alpine", "debian": "Debian", "maven": "Maven", "nuget": "NuGet", "packagist": "Packagist",
    "pypi": "PyPI", "redhat": "Red Hat", "rubygems": "RubyGems", "semver": "semver",
}  # fmt: skip


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_every_line_of_the_native_list(name: str) -> None:
    known = scheme(ECOSYSTEMS[name])
    assert known is not None
    wrong = []
    compared = 0
    for line in shared(f"versions/native/{name}-versions.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(("#", "//")):
            continue
        left, sign, right = line.split()
        compared += 1
        answer = compare(known, left, right)
        back = compare(known, right, left)
        if answer.sign != sign or back.sign != {"<": ">", "=": "=", ">": "<"}[sign]:
            wrong.append(f"{line}: {answer}, and the other way round {back}")
    assert not wrong
    assert compared > 20


def test_no_list_is_left_out() -> None:
    files = {path.name.removesuffix("-versions.txt") for path in shared("versions/native").glob("*.txt")}
    assert files == set(ECOSYSTEMS)
