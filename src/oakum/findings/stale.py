"""Packages whose files were replaced while a process keeps the old ones: the version on disk is not what runs.

No look-up can judge what such a process runs, for nothing says which version it has mapped. It is said, with the
processes to restart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from oakum.fleet.assets import Gap, Host
from oakum.naming import listed

#: So many processes are named; the others are counted.
_NAMED = 5


def stale(host: Host | None) -> Iterable[Gap]:
    """One gap for each package (or file that no package owns) with code in use that is no longer on disk."""
    users: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in host.stale if host is not None else ():
        users[one.package or one.path][f"{one.process} ({one.pid})"] = None
    for what, processes in sorted(users.items()):
        yield Gap(
            "stale-process",
            what,
            "its files were replaced, and running processes still use the old ones, whose version is not known",
            f"restart {listed(processes, _NAMED)}",
        )
