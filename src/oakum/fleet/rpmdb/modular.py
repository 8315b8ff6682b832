"""Module streams: which one a package was built for, and which ones a machine has switched on.

Streams of one module share package names, so versions compare only within ``module:stream``. The label in the
header says it ("nodejs:18:8100020240807161023:489197e6": name, stream, version, context). A package without
the label may still be modular by its release (``.module_el8`` from Red Hat's and CentOS's builds,
``.module+el8`` from RHEL's): then it is known to be modular and not of which stream; nobody guesses. Source:
Fedora's modularity documentation (modulemd, "Module metadata"; MODULARITYLABEL in rpm's docs/manual/tags.md).
"""

from __future__ import annotations

from oakum.errors import InputError, Place
from oakum.fleet.ini import sections
from oakum.ports import Tree

_FOLDER = "/etc/dnf/modules.d"
_LIMIT = 1 << 20


def module_of(label: str) -> str:
    """``module:stream`` of a modularity label; empty where the label does not name both."""
    name, _, rest = label.partition(":")
    stream = rest.partition(":")[0]
    return f"{name}:{stream}" if name and stream else ""


def is_modular(version: str) -> bool:
    """Whether a version, by its release, was built in a module."""
    return ".module_" in version or ".module+" in version


def streams(tree: Tree) -> dict[str, str]:
    """The stream of each module that is switched on; raises InputError where a file of dnf's is broken."""
    enabled: dict[str, str] = {}
    for name in tree.names(_FOLDER):
        if not name.endswith(".module"):
            continue
        path = f"{_FOLDER}/{name}"
        for section in sections(tree.read(path, _LIMIT), path):
            if section.values.get("state") == "enabled":
                stream = section.values.get("stream", "")
                if not stream:
                    raise InputError(
                        "an enabled module has no stream",
                        place=Place(path, section.line, section.name),
                        remedy=f"run 'dnf module reset {section.name}' and enable a stream again",
                    )
                enabled[section.name] = stream
    return enabled
