"""Where the real data for tests stands, and how a test skips without it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(name: str) -> Path:
    """A file or folder of the shared data; the test skips with the reason where it is absent."""
    path = ROOT.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"the shared data folder has no {name}")
    return path
