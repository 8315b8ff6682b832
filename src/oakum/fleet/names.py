"""When two spellings of a package's name mean one package.

Inventories and advisories spell some names differently, and a look-up by the exact text would take that for silence.
Each registry says what it treats as equal: PyPI folds case and runs of ``-``, ``_`` and ``.`` (PEP 503); NuGet,
Packagist and Hex fold case (purl-spec, "Known purl types"). Go's module paths keep their case, but a purl of type
golang must not (Trivy writes ``github.com/burntsushi/toml``), and the hosts behind them fold it: so they are folded
here too. npm, Maven and RubyGems do not: there a name in another case is another package.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"[-_.]+")
_FOLDED = frozenset({"nuget", "composer", "hex", "githubactions", "golang", "swift"})


def canonical(type_: str, name: str) -> str:
    """The one spelling of a name under its purl type (or a scope whose first word is one)."""
    if type_ == "pypi":
        return _RUN.sub("-", name).lower()
    return name.lower() if type_ in _FOLDED else name
