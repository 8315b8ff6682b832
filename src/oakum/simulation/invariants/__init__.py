"""What must never happen in a simulated world, judged by ground truth after every event.

Each rule is a small class beside this module. None of them knows how a plan is made or carried out: they see what is
done and what is so.
"""

from __future__ import annotations

from oakum.simulation.invariants.base import Broken, Terms
from oakum.simulation.invariants.judge import INVARIANTS, Judge

__all__ = ["INVARIANTS", "Broken", "Judge", "Terms"]
