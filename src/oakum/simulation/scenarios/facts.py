"""Facts that a scenario names: small questions to the world, the plan and the journal after a run without faults.

Each is a word with its arguments: ``patched 3``, ``untouched CLUSTER/NODE``. An unknown word is a mistake of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.running.journal import Meant, Turned
from oakum.errors import InputError
from oakum.simulation.invariants.base import US
from oakum.simulation.scenarios.model import Scenario

if TYPE_CHECKING:
    from oakum.simulation.runner import Result
    from oakum.simulation.world import World

#: What each word says.
WORDS: dict[str, str] = {
    "patched": "so many steps are done",
    "patched-at-least": "so many steps are done, or more",
    "patched-at-most": "so many steps are done, or fewer",
    "untouched": "nothing was ever tried on the machine",
    "left-out": "the plan (or the answer why there is none) names it as left out",
    "cordoned": "the machine is cordoned at the end, by somebody else",
    "nothing-cordoned": "no machine is cordoned by us at the end",
    "evicted": "so many pods were evicted",
    "last": "its step is the last one that was done",
}


class Seen(msgspec.Struct):
    """What the questions are asked of."""

    world: World | None
    answer: Plan | WhyNot
    result: Result | None

    @property
    def done(self) -> list[str]:
        """The steps that are done, in the order in which they were."""
        if self.result is None:
            return []
        turned = [each.step for each in self.result.records if isinstance(each, Turned) and each.state == "done"]
        return [step for step in dict.fromkeys(turned) if self.result.states.get(step) == "done"]

    @property
    def touched(self) -> frozenset[str]:
        """The subjects on which anything was tried."""
        records = self.result.records if self.result is not None else []
        return frozenset(each.act.subject.id for each in records if isinstance(each, Meant) and each.act.do != "lease")

    @property
    def left_out(self) -> frozenset[str]:
        """What the plan leaves out, or what the reasons are about."""
        if isinstance(self.answer, Plan):
            return frozenset(each.subject for each in self.answer.left_out)
        reasons = self.answer.reasons
        return frozenset(each.object for each in reasons) | {one for each in reasons for one in each.subjects}


def _number(given: str) -> int:
    if not given.isdigit():
        raise InputError(f"{given[:40]!r} is no number", remedy="write patched 3")
    return int(given)


def _last(seen: Seen, machine: str) -> bool:
    done = seen.done
    return bool(done) and isinstance(seen.answer, Plan) and seen.answer.step(done[-1]).subject.id == machine


def _cordoned(seen: Seen, machine: str) -> bool:
    found = seen.world.machines.get(machine) if seen.world is not None else None
    return found is not None and found.unschedulable and found.cordoner != US


def _nothing_cordoned(seen: Seen, _: str) -> bool:
    return seen.world is None or not any(
        each.unschedulable and each.cordoner == US for each in seen.world.machines.values()
    )


_ASK: dict[str, Callable[[Seen, str], bool]] = {
    "patched": lambda seen, given: len(seen.done) == _number(given),
    "patched-at-least": lambda seen, given: len(seen.done) >= _number(given),
    "patched-at-most": lambda seen, given: len(seen.done) <= _number(given),
    "untouched": lambda seen, given: given not in seen.touched,
    "left-out": lambda seen, given: given in seen.left_out,
    "cordoned": _cordoned,
    "nothing-cordoned": _nothing_cordoned,
    "evicted": lambda seen, given: (seen.result.evictions if seen.result is not None else 0) == _number(given),
    "last": _last,
}


def wrong_facts(
    scenario: Scenario, world: World | None, answer: Plan | WhyNot, result: Result | None, ends: str
) -> tuple[str, ...]:
    """What the scenario expects and is not so, in words. Raises InputError for a fact that nobody knows."""
    wrong = [] if ends in scenario.expect.ends else [f"it ends {ends}, not {' or '.join(scenario.expect.ends)}"]
    seen = Seen(world, answer, result)
    for fact in scenario.expect.facts:
        word, _, given = fact.partition(" ")
        if word not in _ASK:
            raise InputError(f"{word[:40]!r} is no fact", remedy=f"the facts are {', '.join(_ASK)}")
        if not _ASK[word](seen, given):
            wrong.append(f"not so: {fact}" + (f" ({len(seen.done)} are)" if word.startswith("patched") else ""))
    return tuple(wrong)
