"""The structure of a CSAF extension, which test 6.1.60.1 of CSAF 2.1 demands.

Source: https://docs.oasis-open.org/csaf/csaf/v2.1/schema/extension-content.json. What the declared schema and the
metadata of an extension say is not looked at: tests 6.1.60.2 and 6.1.60.3 ask only for a warning where a validator does
not know them.
"""

from __future__ import annotations

import re

from oakum.advisories.vex import forms
from oakum.advisories.vex.forms import Form
from oakum.advisories.vex.shapes import Fields, Items, Text, Truth, words

INVALID = "6.1.60.1"
_OWN = re.compile(r"https://docs\.oasis-open\.org/csaf/csaf/v2\.1/(?:[^/\s]+/)*?schema/extension-content\.json")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")


def _is_schema_url(text: str) -> bool:
    """An https URL whose last step is a name, ``_``, a semantic version and ``.json``, and not the schema of all."""
    if not text.startswith("https://") or not text.endswith(".json") or not forms.URI.fits(text):
        return False
    host, *steps = text.removeprefix("https://").split("/")
    if not _HOST.fullmatch(host) or not steps or not all(steps) or _OWN.match(text):
        return False
    parts = steps[-1].removesuffix(".json").split("_")
    return any(
        "_".join(parts[:at]) and forms.SEMVER.fits("_".join(parts[at:]))
        for at in range(max(1, len(parts) - 3), len(parts))
    )


_CATEGORIES = ("essential", "significant", "supplementary")
#: What the committee's drafts called them.
_DRAFT_CATEGORIES = ("critical", "high_value", "informational")
_CONTENT = Fields(of={}, least=1, test=INVALID)
_EXTENSION = Fields(
    of={
        "$schema": Text(form=Form("the versioned URL of an extension's schema", _is_schema_url), test=INVALID),
        "category": words(*_CATEGORIES, *_DRAFT_CATEGORIES, test=INVALID),
        "content": _CONTENT,
        "critical": Truth(test=INVALID),
    },
    need=("$schema", "category", "critical", "content"),
    barred=True,
    test=INVALID,
)
EXTENSIONS = Items(of=_EXTENSION, unique=True)
