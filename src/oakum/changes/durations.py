"""How long things take: quantiles learned per class of machine and part of a step, and a prior where little is known.

A part is a kind of change (``packages``, ``kernel``, ...), ``drain-round``, ``reboot`` or ``snapshot``. The prior
counts as ``PRIOR`` pseudo-samples of a log-normal distribution with the prior's quantiles; measured samples count one
each, the newest ``KEPT`` of them. A quantile is the smallest value below which that share of all weights lies. With
fewer than 20 samples the 95th is at least the largest measured: 19 samples can't show what one of 20 does.

A step is the sum of its parts. Its p95 is the sum of their p95s: that is its true p95 where all parts are slow together
(one slow disk makes all of them slow), and too careful where they are independent. Too careful costs a later start, too
bold a node that is open when the window closes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from oakum.changes.plans.model import Change, Evictions, Takes, Times

PRIOR = 10
KEPT = 200
_ENOUGH = 20
#: The 95 % quantile of the standard normal distribution.
_Z95 = 1.6448536269514722
#: The centres of ten equal shares of the standard normal distribution.
_CENTRES = (
    -1.6448536270, -1.0364333895, -0.6744897502, -0.3853204664, -0.1256613469,
    0.1256613469, 0.3853204664, 0.6744897502, 1.0364333895, 1.6448536270,
)  # fmt: skip

#: Priors of the parts that are no kind of change, in seconds.
PARTS: dict[str, Times] = {
    # A pod has 30 s of grace by default and its replacement has to be up before the next round.
    "drain-round": Times(p50=45, p95=180),
    # Virtual machines boot in a minute or two; real hardware with its self-tests takes ten and more.
    "reboot": Times(p50=150, p95=900),
    "snapshot": Times(p50=60, p95=600),
    # Readiness and our own look at the machine.
    "verify": Times(p50=30, p95=120),
}


class Sample(msgspec.Struct, frozen=True):
    """One measured duration in seconds: of a part, on a class of machines."""

    speed: str
    part: str
    seconds: float


class Durations:
    """What was learned. ``priors`` are those of the kinds of change, by name."""

    def __init__(self, priors: Mapping[str, Times], samples: Iterable[Sample] = ()) -> None:
        self._priors = {**PARTS, **priors}
        self._samples: dict[tuple[str, str], list[float]] = {}
        self._known: dict[tuple[str, str], Times] = {}
        for each in samples:
            self.learn(each)

    def learn(self, sample: Sample) -> None:
        """Takes up one more measurement; the oldest beyond ``KEPT`` is forgotten."""
        several = self._samples.setdefault((sample.speed, sample.part), [])
        several.append(max(0.0, sample.seconds))
        del several[:-KEPT]
        self._known.pop((sample.speed, sample.part), None)

    def of(self, speed: str, part: str) -> Times:
        """How long a part takes on a class of machines, in whole seconds, rounded up."""
        key = speed, part
        if key not in self._known:
            samples = self._samples.get(key, [])
            values = sorted([*samples, *_pseudo(self._priors[part])])
            p95 = _quantile(values, 0.95)
            if samples and len(samples) < _ENOUGH:
                p95 = max(p95, *samples)
            self._known[key] = Times(p50=_whole(_quantile(values, 0.5)), p95=_whole(p95))
        return self._known[key]

    def takes(
        self, speed: str, changes: Sequence[Change], evictions: Evictions | None = None, *, snapshot: bool = False
    ) -> Takes:
        """How long a visit takes: drain, changes, reboot and proof; and its way back, on the node that is drained."""
        kinds = dict.fromkeys(each.kind for each in changes)
        rest = [*kinds, *(["reboot"] if any(each.reboot for each in changes) else []), "verify"]
        ahead = [self.of(speed, part) for part in (["snapshot"] if snapshot else []) + rest]
        if evictions is not None:
            each = self.of(speed, "drain-round")
            rounds = max(1, evictions.rounds)
            # A pod that uses its whole grace period uses it in every round.
            ahead.append(Times(p50=rounds * each.p50, p95=rounds * max(each.p95, evictions.grace + each.p50)))
        back = [self.of(speed, part) for part in rest]
        return Takes(work=_summed(ahead), back=_summed(back))


def _pseudo(prior: Times) -> list[float]:
    """The pseudo-samples of a prior: a log-normal distribution with its two quantiles."""
    middle = math.log(max(prior.p50, 1))
    spread = (math.log(max(prior.p95, 1)) - middle) / _Z95
    return [math.exp(middle + spread * centre) for centre in _CENTRES]


def _quantile(values: Sequence[float], share: float) -> float:
    return values[math.ceil(share * len(values)) - 1]


def _whole(seconds: float) -> int:
    """Rounded up; what floating point adds to a whole second is none."""
    return math.ceil(round(seconds, 6))


def _summed(parts: Iterable[Times]) -> Times:
    several = list(parts)
    return Times(p50=sum(each.p50 for each in several), p95=sum(each.p95 for each in several))
