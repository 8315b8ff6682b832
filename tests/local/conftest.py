"""Keys are made once; each test has files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.local.estate import Estate, make_keys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("people") / "keys")


@pytest.fixture
def estate(tmp_path: Path, keys: Path) -> Estate:
    return Estate(tmp_path, keys)
