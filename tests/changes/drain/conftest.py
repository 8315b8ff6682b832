"""The control plane of the tests of drains in which nothing moves by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane


@pytest.fixture(scope="package")
def still_plane(lab_programs: None) -> Iterator[ControlPlane]:
    """A control plane without controllers: budgets keep whatever status a case gives them."""
    from tests.lab.control_plane import ControlPlane

    with ControlPlane(controllers=False, scheduler=False) as plane:
        yield plane
