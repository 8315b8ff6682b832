"""What is said about exposure: a level, the ways that lead to a process, and what was assumed.

The levels are SSVC's "System Exposure" (certcc.github.io/SSVC/reference/decision_points/system_exposure): open, where
the whole internet can connect; controlled, where the network limits who can; small, where nobody can. Without evidence
a system is open, and ``default`` says that nobody measured it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.fleet.assets import Fact

Level = Literal["open", "controlled", "small"]
Origin = Literal["internet", "private network", "cluster", "node", "unknown"]

#: From the least exposed to the most.
LEVELS: tuple[Level, ...] = ("small", "controlled", "open")
#: The order in which ways are told: the widest origin first.
ORIGINS: tuple[Origin, ...] = ("internet", "unknown", "private network", "cluster", "node")


class Hop(msgspec.Struct, frozen=True):
    """One stop on the way: ``what`` it is ("load balancer", "ingress", "service", "pod port", "process"...), its
    ``name`` ("shop/web"), details such as addresses, and in ``closes`` the one object whose removal closes the way
    there ("Service shop/web"), empty where removing it is no sensible act.
    """

    what: str
    name: str
    detail: str = ""
    closes: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.name} ({self.detail})" if self.detail else f"{self.what} {self.name}"


class Path(msgspec.Struct, frozen=True):
    """One way from ``source`` to a process. ``ports`` are those that clients connect to, "80/TCP, 443/TCP".

    ``restricted``: only some addresses of the source are let in (``limits`` names them). ``assumed``: the way is not
    measured but the careful reading of what is not known; ``assumptions`` say which.
    """

    hops: tuple[Hop, ...]
    source: Origin
    ports: str
    restricted: bool = False
    limits: str = ""
    assumed: bool = False
    assumptions: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """What this way alone makes of the process at its end."""
        if self.source in ("internet", "unknown"):
            return "controlled" if self.restricted else "open"
        return "small" if self.source == "node" else "controlled"

    @property
    def closable(self) -> tuple[str, ...]:
        """The objects of which removing one closes this way, in order of the way."""
        return tuple(dict.fromkeys(hop.closes for hop in self.hops if hop.closes))

    def __str__(self) -> str:
        limit = f" (only {self.limits})" if self.limits else ""
        return " -> ".join((f"{self.source}{limit}", *map(str, self.hops)))


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """How exposed one workload or node is.

    ``public``: the whole internet may connect. ``paths`` are the ways, widest first. ``default``: the level is the
    careful answer, since what decides it could not be measured. ``source`` says who read the cluster and ``time`` when
    (RFC 3339 UTC). ``notes`` are those of the assumptions that belong to no single way. ``stand_ins`` are
    ways by addresses that some of the paths explain: they count where those are closed.
    """

    level: Level
    public: bool
    paths: tuple[Path, ...]
    why: str
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    default: bool = False
    source: str = ""
    time: str = ""
    stand_ins: tuple[Path, ...] = ()

    def facts(self) -> dict[str, Fact]:
        """The answers for the business context: ``public_exposure`` and ``system_exposure``."""
        source = f"measured: {self.why}" if not self.default else f"default: {self.why}"
        return {
            "public_exposure": Fact("yes" if self.public else "no", source, self.default, self.time),
            "system_exposure": Fact(self.level, source, self.default, self.time),
        }


def judged(
    paths: tuple[Path, ...],
    *,
    nothing: str,
    source: str,
    time: str,
    notes: tuple[str, ...] = (),
    stand_ins: tuple[Path, ...] = (),
) -> Exposure:
    """The exposure that some ways make up. ``nothing`` says why nobody connects where there is no way."""
    ordered = ranked(paths)
    level: Level = max((path.level for path in ordered), key=LEVELS.index, default="small")
    deciding = [path for path in ordered if path.level == level]
    why = str(deciding[0]) if deciding and level != "small" else nothing
    if len(deciding) > 1 and level != "small":
        why += f" (and {len(deciding) - 1} more)"
    return Exposure(
        level=level,
        public=level == "open",
        paths=ordered,
        why=why,
        assumptions=tuple(dict.fromkeys((*(text for path in deciding for text in path.assumptions), *notes))),
        notes=notes,
        # One measured way is enough: what else had to be assumed does not make the answer a guess.
        default=bool(deciding) and all(path.assumed for path in deciding),
        source=source,
        time=time,
        stand_ins=stand_ins,
    )


def ranked(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Ways in the order in which they are told: by level, measured before assumed, by origin, then by their words."""
    return tuple(
        sorted(
            dict.fromkeys(paths),
            key=lambda one: (-LEVELS.index(one.level), one.assumed, ORIGINS.index(one.source), len(one.hops), str(one)),
        )
    )


def unread(kinds: Iterable[str], why: str = "ways in may be missing") -> Path:
    """The way that stands for those that nobody can see, since objects of some kinds were not read: open until
    somebody looks (SSVC). Nothing closes it."""
    return Path((Hop("objects that were not read:", ", ".join(kinds), why),), "unknown", "any", assumed=True)
