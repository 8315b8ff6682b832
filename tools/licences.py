"""List the licence of every installed dependency; one that can't be used beside Apache-2.0 fails.

A dependency that is only imported may carry a weak copyleft licence (LGPL, MPL, EPL); a strong one (GPL, AGPL) may
not be among what is installed with the product, nor a licence that forbids a use.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions

STRONG = re.compile(r"(?<![A-Za-z])(?:A?GPL|GNU (?:Affero )?General Public|SSPL|BUSL|Commons Clause)", re.IGNORECASE)
WEAK = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)
# One alternative of several licences is ours to choose.
CHOICE = re.compile(r"\bOR\b")


def licence(distribution: Distribution) -> str:
    """The SPDX expression of a distribution, else its classifiers, else the first line of its licence field."""
    metadata = distribution.metadata
    if expressions := metadata.get_all("License-Expression", []):
        return str(expressions[0])
    classifiers = [
        text.rsplit(" :: ", 1)[-1] for text in metadata.get_all("Classifier", []) if text.startswith("License ::")
    ]
    named = [text for text in classifiers if text != "OSI Approved"]
    return "; ".join(named) or "".join(metadata.get_all("License", [])).split("\n")[0]


def fits(text: str) -> bool:
    """Whether a dependency under this licence may be installed beside Apache-2.0 code."""
    if not text:
        return False
    alternatives = CHOICE.split(text)
    return any(not STRONG.search(WEAK.sub("", alternative)) for alternative in alternatives)


def main() -> int:
    """Print name, version and licence; 1 if any does not fit or says nothing."""
    rows = sorted({(d.name.lower(), d.version, licence(d)) for d in distributions() if d.name.lower() != "oakum"})
    bad = [row for row in rows if not fits(row[2])]
    for name, version, text in rows:
        print(f"{name:28} {version:18} {text or 'says nothing'}{'' if fits(text) else '   <- does not fit'}")
    print(f"{len(rows)} dependencies, {len(bad)} that do not fit")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
