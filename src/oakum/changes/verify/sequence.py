"""The order of a plan: kinds, intents, roles and pools within a cluster, canaries, stages of clusters, the own machine.

An explicit ``after`` of intents is stronger than the ranks of kinds: that is how somebody writes an upgrade over two
minor versions, control plane, kubelets, control plane, kubelets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation
from oakum.changes.verify.order import bits
from oakum.policy.entries import Canary


def in_order(given: Given) -> Iterator[Violation]:
    """Every rule about what goes before what."""
    for cluster, several in given.by_cluster.items():
        yield from _ranks(given, cluster, several)
        yield from _roles(given, several)
        yield from _canaries(given, cluster, several)
        yield from _own(given, several)
    yield from _intents(given)
    yield from _stages(given)


def _waves_of(several: Sequence[Placed]) -> dict[str, int]:
    """The waves of each intent, as bits."""
    waves: dict[str, int] = {}
    for each in several:
        for change in each.step.changes:
            waves[change.intent] = waves.get(change.intent, 0) | 1 << each.wave
    return waves


def _behind(given: Given, first: int, then: int) -> Iterator[tuple[int, int]]:
    """Pairs of waves of which the second does not wait for the first, one for each of the second."""
    for late in bits(then):
        early = next(iter(given.order.missing(first, late)), None)
        if early is not None:
            yield early, late


def _one_then_other(
    given: Given, rule: str, waves: dict[str, int], one: str, other: str, object_: str
) -> Iterator[Violation]:
    """Whether one intent is over before another begins; a plan that undoes goes the other way round."""
    if given.plan.undoes:
        one, other = other, one
    for early, late in _behind(given, waves[one], waves[other]):
        why = f"{other} begins there before {one} is over in wave {given.plan.waves[early].id}"
        yield violation(rule, why, wave=given.plan.waves[late].id, object_=object_)


def _ranks(given: Given, cluster: str, several: Sequence[Placed]) -> Iterator[Violation]:
    if not cluster:
        return  # hosts outside of a cluster have no order of kinds among each other
    waves = _waves_of(several)
    for one in waves:
        for other in waves:
            if _ranks_before(given, one, other):
                yield from _one_then_other(given, "rank", waves, one, other, cluster)


def _ranks_before(given: Given, one: str, other: str) -> bool:
    """Whether the kind of one intent goes before that of the other.

    An intent that somebody else's ``after`` asks for goes before that one, and so before all that this one goes before.
    """
    rank = given.kinds[one].rank
    if rank >= given.kinds[other].rank:
        return False
    asking = [name for name in given.kinds if other in given.after[name]]
    return not any(name == one or given.kinds[name].rank < rank for name in asking)


def _intents(given: Given) -> Iterator[Violation]:
    waves = _waves_of(given.placed)
    left = {each.subject for each in given.plan.left_out}
    for name in waves:
        for before in sorted(given.after.get(name, ())):
            if before in waves:
                yield from _one_then_other(given, "intents-order", waves, before, name, name)
            found = given.wanted.get(before)
            if found is None:
                continue
            targets = [*found.changes, *(each.subject for each in found.obstacles)]
            covered = {
                each.step.subject.id
                for each in given.placed
                if any(change.intent == before for change in each.step.changes)
            }
            open_ = next((subject for subject in targets if subject in left and subject not in covered), None)
            if open_ is not None:
                yield violation(
                    "intents-order", f"{name} comes after {before}, which is never done there", object_=open_
                )


def _roles(given: Given, several: Sequence[Placed]) -> Iterator[Violation]:
    """Roles by waves; pools by waves, or in one wave by the order of preference. Canaries go before all of them."""
    roles, pools = given.policy.order.node_roles, given.policy.order.pools
    by_phase: dict[tuple[int, int], dict[tuple[int, int], list[Placed]]] = {}
    for each in several:
        machine = each.machine
        if machine is not None and not machine.ours and not given.plan.undoes:
            role = roles.index(machine.role) if machine.role in roles else len(roles)
            pool = pools.index(machine.pool) if machine.pool in pools else len(pools)
            by_phase.setdefault(each.phase, {}).setdefault((role, pool), []).append(each)
    for places in by_phase.values():
        canaries = _canary_waves(given, [each for steps in places.values() for each in steps])
        for (role, pool), early in places.items():
            for (other, later), late in places.items():
                if role < other:
                    waves = sum(1 << wave for wave in {each.wave for each in early})
                    for each in _one_a_wave(late):
                        if each.wave not in canaries and not given.order.all_before(waves, each.wave):
                            why = f"the role {roles[role]} is not over before it begins"
                            yield each.broken("roles-order", why)
                elif role == other and pool < later:
                    yield from _pools(given, early, late, pools[pool], canaries)


def _pools(
    given: Given, early: Sequence[Placed], late: Sequence[Placed], name: str, canaries: frozenset[int | None]
) -> Iterator[Violation]:
    last: dict[int, int] = {}
    for each in early:
        last[each.wave] = max(last.get(each.wave, -1), each.position)
    for each in _one_a_wave(late):
        if each.wave in canaries:
            continue
        if any(given.order.before(each.wave, wave) for wave in last) or each.position < last.get(each.wave, -1):
            yield each.broken("roles-order", f"it goes before machines of the pool {name}")
            return


def _canary_waves(given: Given, several: Sequence[Placed]) -> frozenset[int | None]:
    """The first wave of all, and of the steps of each entry of the policy's canaries."""
    sets: dict[frozenset[str], list[Placed]] = {}
    for each in several:
        sets.setdefault(frozenset(one.canary.name for one in each.settings), []).append(each)
    return frozenset(_first_wave(given, steps) for steps in (several, *sets.values()))


def _one_a_wave(several: Sequence[Placed]) -> Sequence[Placed]:
    return tuple({each.wave: each for each in reversed(several)}.values())


def _first_wave(given: Given, several: Sequence[Placed]) -> int | None:
    """The wave of some steps for which all their other waves wait."""
    waves = {each.wave for each in several}
    for wave in waves:
        if all(other == wave or given.order.before(wave, other) for other in waves):
            return wave
    return None


def _canaries(given: Given, cluster: str, several: Sequence[Placed]) -> Iterator[Violation]:
    if given.plan.undoes:
        return
    sets: dict[tuple[object, ...], tuple[tuple[Canary, ...], list[Placed]]] = {}
    others = {each.phase for each in several if each.machine is not None and not each.machine.ours}
    for each in several:
        if each.machine is not None:
            entries = tuple({one.canary.name: one.canary for one in each.settings}.values())
            names = tuple(sorted(one.name for one in entries))
            sets.setdefault((each.phase, *names), (entries, []))[1].append(each)
    for entries, all_ in sets.values():
        # The own machine goes last, so that it is no canary where there is another.
        steps = [each for each in all_ if each.phase not in others or not (each.machine and each.machine.ours)]
        most = min(entry.nodes(len(all_)) for entry in entries)
        soak = max(entry.soak for entry in entries)
        waves = {each.wave for each in steps}
        if len(steps) <= most and len(waves) <= 1:
            continue
        where = cluster or "hosts"
        first = _first_wave(given, steps)
        if first is None or len(waves) == 1:
            why = f"of {len(steps)} machines no {most} go first, as {entries[0].name} says"
            yield violation("canary", why, wave=steps[0].wave_id, object_=where)
            continue
        wave = given.plan.waves[first]
        count = sum(each.wave == first for each in steps)
        if count > most:
            why = f"{count} of {len(steps)} machines go first, {entries[0].name} says {most}"
            yield violation("canary", why, wave=wave.id, object_=where)
        if wave.soak < soak:
            why = f"the canary is watched for {wave.soak} s, {entries[0].name} says {soak} s"
            yield violation("canary", why, wave=wave.id, object_=where)


def _own(given: Given, several: Sequence[Placed]) -> Iterator[Violation]:
    for each in several:
        if each.machine is None or not each.machine.ours:
            continue
        role = each.machine.role
        others = 0
        for other in several:
            machine = other.machine
            if machine is not None and not machine.ours and machine.role == role and other.phase == each.phase:
                others |= 1 << other.wave
        if not given.order.all_before(others, each.wave):
            yield each.broken("own-last", "Oakum needs this machine to act, and others do not go before it")


def _stages(given: Given) -> Iterator[Violation]:
    stages: dict[int, int] = {}
    for each in given.placed:
        stage = max(settings.stage for settings in each.settings)
        stages[stage] = stages.get(stage, 0) | 1 << each.wave
    first_to_last = sorted(stages)
    # What is in no stage comes last, so that whatever has another one after it is a stage of the policy.
    for place, stage in enumerate(first_to_last[:-1]):
        waves, entry = stages[stage], given.policy.order.stages[stage]
        later = first_to_last[place + 1 :]
        for other in later:
            for early, late in _behind(given, waves, stages[other]):
                why = f"it begins before {entry.name} is over in wave {given.plan.waves[early].id}"
                yield violation("stages", why, wave=given.plan.waves[late].id, object_=given.plan.waves[late].id)
        yield from _soaked(given, waves, stages[later[0]], entry.soak, entry.name)


def _soaked(given: Given, waves: int, next_: int, soak: int, name: str) -> Iterator[Violation]:
    """The last waves of a stage have to be watched for the stage's soak before the next stage begins."""
    last = [wave for wave in bits(waves) if not any(given.order.before(wave, other) for other in bits(waves))]
    for wave in last:
        watched = given.order.watched(wave)
        for late in bits(next_):
            seconds = watched[late]
            if seconds is not None and seconds < soak:
                why = f"{name} is watched for {seconds} s before it begins, the policy says {soak} s"
                yield violation("stages", why, wave=given.plan.waves[late].id, object_=given.plan.waves[wave].id)
