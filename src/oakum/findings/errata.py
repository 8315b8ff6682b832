"""Errata that close no vulnerability: vendors publish bug fixes and enhancements in the same feeds.

AlmaLinux, Rocky, Oracle and Red Hat say it in the id: SA security, BA bug fix, EA enhancement. Such a notice that names
no CVE is no finding; one that names a CVE is.
"""

from __future__ import annotations

import re

from oakum.advisories.model import Advisory

_NOT_SECURITY = re.compile(r"(?:AL|RH|RL|RX|EL|CE)(?P<kind>BA|EA)-\d")
_WORDS = {"BA": "a bug fix", "EA": "an enhancement"}


def no_vulnerability(advisory: Advisory) -> str:
    """Why a notice closes no vulnerability; empty where it does, or may."""
    if advisory.cves or advisory.aliases:
        return ""
    found = _NOT_SECURITY.match(advisory.id)
    if not found:
        return ""
    return f"its vendor calls it {_WORDS[found['kind']]}, and it names no vulnerability"
