"""Every compare and equality case of package-url/vers-spec for the ecosystems that we order."""

from __future__ import annotations

import json

import pytest
from tests.data import shared

from oakum.versions import compare, scheme

FILES = ("alpine", "alpm", "gentoo", "maven", "nuget")
#: Schemes of vers-spec that are no ecosystem of packages on hosts or clusters.
NOT_OURS = {"conan", "datetime", "openssl"}


@pytest.mark.parametrize("name", FILES)
def test_every_case_of_vers_spec(name: str) -> None:
    cases = json.loads(shared(f"versions/vers-spec/{name}_version_cmp_test.json").read_bytes())["tests"]
    wrong = []
    for case in cases:
        known = scheme(case["input"]["input_scheme"])
        assert known is not None
        left, right = case["input"]["versions"]
        sign = compare(known, left, right).sign
        if case["test_type"] == "equality":
            right_answer = (sign == "=") is case["expected_output"] and sign != "?"
        else:
            # The expected order may show normal forms (lower case) of the texts that it orders.
            first = case["expected_output"][0]
            right_answer = sign == ("<" if compare(known, first, left).sign == "=" else ">")
        if not right_answer:
            wrong.append(f"{left} {sign} {right}, expected {case['expected_output']}")
    assert not wrong
    assert len(cases) > 30


def test_no_file_is_left_out() -> None:
    suffix = "_version_cmp_test.json"
    files = {path.name.removesuffix(suffix) for path in shared("versions/vers-spec").glob(f"*{suffix}")}
    assert files == set(FILES) | NOT_OURS
