"""Objects, dumps and machines for the tests of states."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
