"""One world from its scenario to what was found there, and one path of it gone again."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
import traceback

import msgspec

from oakum.simulation.scenarios.reading import parse
from oakum.simulation.trials import ready
from tools.search.branches import FAILED, Search
from tools.search.passes import Limits
from tools.search.seen import Seen
from tools.search.worlds import text_of


class Found(msgspec.Struct):
    """What a search has found."""

    world: str
    states: int
    branches: int
    ends: int
    seconds: float
    unsafe: list[str]


def search(name: str, limits: Limits, most: int = 0, *, fine: bool = False, jobs: int = 1, bits: int = 23) -> Found:
    """Searches one world, with about ``most`` branches where that is not 0.

    Where more may happen than one overtaking, processes that were overtaken are alike but for what they ask next: the
    search of overtakings alone follows each of them from each moment, and shows that none has any effect.
    """
    alike = limits.overtakings > 0 and limits.crashes + limits.others > 0
    scenario = parse(text_of(name), f"{name}.yaml")
    given = ready(scenario)
    seen, began = Seen(bits, jobs), time.monotonic()
    gc.collect()
    gc.disable()
    gc.freeze()
    with tempfile.TemporaryFile() as file:
        one = Search(given, limits, seen, file.fileno(), most=most, alike=alike, fine=fine)
        try:
            one.explore(scenario)
            one.finish()
        except BaseException:
            # Whatever went wrong in a fork: it never goes on as the process that it was forked from.
            if not one.depth:
                raise
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(FAILED)
        if one.depth:
            sys.stdout.flush()
            os._exit(seen.slot)
        file.seek(0)
        unsafe = file.read().decode().splitlines()
    gc.unfreeze()
    gc.enable()
    return Found(name, seen.count(0), seen.count(1), seen.count(2), time.monotonic() - began, unsafe)


def replay(name: str, path: str) -> int:
    """Goes one path again, and prints what happened on it."""
    scenario = parse(text_of(name), f"{name}.yaml")
    one = Search(ready(scenario), Limits(9, 9, 9), Seen(16), sys.stderr.fileno(), replay=path)
    one.explore(scenario)
    print("\n".join(one.trace))
    return 1 if one.judge.broken else 0
