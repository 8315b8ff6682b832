"""Quantities of Kubernetes as numbers."""

from __future__ import annotations

import pytest

from oakum.changes.planning.quantities import quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (2, 2.0), (0.5, 0.5), ("0", 0.0), ("3", 3.0), (" 3 ", 3.0), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0),
        ("+1", 1.0), ("-1", -1.0), ("500m", 0.5), ("3u", 3e-6), ("4n", 4e-9), ("1k", 1e3), ("2M", 2e6), ("2G", 2e9),
        ("2T", 2e12), ("2P", 2e15), ("2E", 2e18), ("1Ki", 1024.0), ("1Mi", 1024.0**2), ("1.5Gi", 1.5 * 1024**3),
        ("2Ti", 2 * 1024.0**4), ("1Pi", 1024.0**5), ("1Ei", 1024.0**6), ("1e3", 1e3), ("12E-2", 0.12), ("1e+2", 100.0),
    ],
)  # fmt: skip
def test_a_quantity_is_its_number(text: int | float | str, number: float) -> None:
    assert quantity(text) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize("text", ["", " ", ".", "+", "-.", "m", "Gi", "1x", "1ki", "1 Gi", "one", "1e", "0x10", "٣"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None
