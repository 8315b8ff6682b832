"""Corruptions of a plan as a document, of what its steps change and how they lead back, and of whom they touch."""

from __future__ import annotations

from datetime import timedelta

from tests.changes.verify import edits
from tests.changes.verify.corrupting import (
    PATCHED,
    TIER,
    W1,
    W2,
    W3,
    Base,
    Corrupt,
    after_world,
    external_etcd,
    marked,
    planned,
    policy,
)
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import (
    NOW,
    POLICY,
    UNSEEN,
    kernels,
    kubelet,
    packages,
    upgrade,
)

from oakum.changes.plans import LeftOut
from oakum.policy.entries import (
    Protected,
    Soak,
)
from oakum.policy.scopes import Scope

OF_STEPS: dict[str, tuple[str, Base, Corrupt]] = {
    # form
    "a step twice": ("form", kernels, planned(lambda p: edits.step(p, W2, id=W1))),
    "a wave twice": ("form", kernels, planned(lambda p: edits.wave(p, "rest", id="canary"))),
    "a need of nothing": ("form", kernels, planned(lambda p: edits.wave(p, "rest", needs=("other",)))),
    "waves in a circle": ("form", kernels, planned(lambda p: edits.wave(p, "canary", needs=("rest",)))),
    "a group of nothing": ("form", kernels, planned(lambda p: edits.step(p, W2, group="other"))),
    "no changes": ("form", kernels, planned(lambda p: edits.step(p, W2, changes=()))),
    "an empty wave": ("form", kernels, planned(lambda p: edits.wave(p, "rest", steps=()))),
    "an intent of nothing": ("form", kernels, planned(lambda p: edits.change(p, W2, intent="other"))),
    "a kind of another intent": ("form", kernels, planned(lambda p: edits.change(p, W2, kind="packages"))),
    "an unknown kind": (
        "form",
        kernels,
        planned(lambda p: replace(p, intents=(replace(p.intents[0], kind="magic"),))),
    ),
    "intents in a circle": (
        "form",
        kernels,
        planned(lambda p: replace(p, intents=(replace(p.intents[0], after=("k",)),))),
    ),
    "wrong wants of an intent": (
        "form",
        kernels,
        planned(lambda p: replace(p, intents=(replace(p.intents[0], wants={"speed": "high"}),))),
    ),
    "another format": ("form", kernels, planned(lambda p: replace(p, format="oakum-plan/2"))),
    "a time without a zone": (
        "form",
        kernels,
        planned(lambda p: replace(p, at=p.at.replace(tzinfo=None))),
    ),
    "an object visited": ("form", kernels, planned(lambda p: edits.step(p, W2, kind="set-object"))),
    # origin
    "made from another state": ("other-state", kernels, planned(lambda p: replace(p, state="sha256:other"))),
    "made before the state": ("other-state", kernels, planned(lambda p: replace(p, at=NOW - timedelta(days=1)))),
    "made under another policy": ("other-policy", kernels, planned(lambda p: replace(p, policy="sha256:other"))),
    # others
    "a mark that is not set": ("actors", kernels, planned(lambda p: edits.step(p, W2, actors=UNSEEN[:1]))),
    "marks in another order": ("actors", kernels, planned(lambda p: edits.step(p, W2, actors=UNSEEN[::-1]))),
    "others of a host": ("actors", packages, planned(lambda p: edits.step(p, "db-1/p", actors=UNSEEN))),
    "an unknown other": ("actors", kernels, planned(lambda p: edits.step(p, W2, actors=(*UNSEEN, "kured")))),
    "one of the others told of twice": (
        "actors",
        kernels,
        planned(lambda p: replace(p, actors=(*p.actors, p.actors[0]))),
    ),
    "one of the others not told of": ("actors", kernels, planned(lambda p: replace(p, actors=p.actors[:1]))),
    "an other of no step": (
        "actors",
        kernels,
        planned(lambda p: replace(p, actors=(*p.actors, replace(p.actors[0], name="kured")))),
    ),
    "a mark with another key": (
        "actors",
        kernels,
        planned(lambda p: replace(p, actors=(replace(p.actors[0], key="example.org/leave-me"), *p.actors[1:]))),
    ),
    "a deed that no mark tells": (
        "actors",
        kernels,
        planned(lambda p: replace(p, actors=(replace(p.actors[0], does=("it sleeps",)), *p.actors[1:]))),
    ),
    "the autoscaler removes it": ("actors", kernels, after_world(marked("ToBeDeletedByClusterAutoscaler:NoSchedule"))),
    "it is of an outdated revision": (
        "actors",
        kernels,
        after_world(marked("node.cluster.x-k8s.io/outdated-revision:PreferNoSchedule")),
    ),
    # subjects
    "another uid": (
        "subject",
        kernels,
        planned(lambda p: edits.on_step(p, W2, lambda s: replace(s, subject=replace(s.subject, uid="x")))),
    ),
    "a node that was made anew": ("subject", kernels, after_world(lambda w: w.change("edge/w-2", uid="uid-new"))),
    "a machine that is gone": ("subject", kernels, after_world(lambda w: w.machines.pop("edge/w-2"))),
    # not assessable
    "a fact that is not known": (
        "not-assessable",
        kernels,
        lambda w, p: policy(w.changed("edge/w-2", facts={}), p, soak=(Soak("t", TIER), *POLICY.soak)),
    ),
    "no budgets in the dump": (
        "not-assessable",
        kernels,
        after_world(lambda w: setattr(w, "listed", w.listed - {"PodDisruptionBudget"})),
    ),
    "a member of etcd that nobody knows": (
        "not-assessable",
        upgrade,
        after_world(lambda w: setattr(w, "etcd", w.etcd[:2])),
    ),
    "an etcd that nobody knows": ("not-assessable", kernels, external_etcd),
    "a kubelet of no known version": (
        "not-assessable",
        upgrade,
        after_world(lambda w: w.change("edge/w-4", software={"kubelet": kubelet("new")})),
    ),
    # targets
    "a target forgotten": ("targets", kernels, planned(lambda p: edits.without(p, W3))),
    "left out and whole": (
        "targets",
        kernels,
        planned(
            lambda p: replace(
                edits.without(p, W3),
                intents=(replace(p.intents[0], whole=True),),
                left_out=(LeftOut(subject="edge/w-3", rule="room", why="no room", remedy="make room"),),
            )
        ),
    ),
    "left out without a reason": (
        "targets",
        kernels,
        planned(
            lambda p: replace(
                edits.without(p, W3),
                left_out=(LeftOut(subject="edge/w-3", rule="room", why="", remedy=""),),
            )
        ),
    ),
    "left out though nobody wants it": (
        "targets",
        kernels,
        planned(lambda p: replace(p, left_out=(LeftOut(subject="db-1", rule="r", why="w", remedy="m"),))),
    ),
    "a machine that the intent is not for": (
        "targets",
        kernels,
        planned(lambda p: replace(p, intents=(replace(p.intents[0], scope=Scope(facts={"zone": ("a",)})),))),
    ),
    # changes
    "another version": ("changes", kernels, planned(lambda p: edits.change(p, W2, after="6.1.99"))),
    "no drain": ("changes", kernels, planned(lambda p: edits.change(p, W2, drain=False))),
    "no reboot": ("changes", kernels, planned(lambda p: edits.change(p, W2, reboot=False))),
    "said to be reversible": (
        "changes",
        upgrade,
        planned(lambda p: edits.change(p, "edge/cp-1/cp", reversibility="reversible")),
    ),
    "a proof less": ("changes", kernels, planned(lambda p: edits.change(p, W2, proof=("running", "ready")))),
    "a finding claimed": ("changes", kernels, planned(lambda p: edits.change(p, W2, closes=("CVE-2026-1",)))),
    "one change of several": (
        "changes",
        upgrade,
        planned(lambda p: edits.on_step(p, "edge/cp-1/cp", lambda s: replace(s, changes=s.changes[1:]))),
    ),
    # chain
    "from where it is not": ("chain", kernels, planned(lambda p: edits.change(p, W2, before="6.1.80"))),
    "to where it is": ("chain", kernels, after_world(lambda w: w.change("edge/w-2", software={"linux": PATCHED}))),
    "one machine twice at once": (
        "chain",
        kernels,
        planned(
            lambda p: edits.on_wave(p, "rest", lambda w: replace(w, steps=(*w.steps, replace(w.steps[0], id="again"))))
        ),
    ),
    "software that it does not have": (
        "chain",
        kernels,
        after_world(lambda w: w.machines["edge/w-2"].software.pop("linux")),
    ),
    # after, proof, reversibility, way back, reboot
    "another version after": ("after", kernels, planned(lambda p: edits.step(p, W2, after={"linux": "6.1.90"}))),
    "no version after": ("after", kernels, planned(lambda p: edits.step(p, W2, after={}))),
    "no proof": ("proof", kernels, planned(lambda p: edits.change(p, W2, proof=()))),
    "no proof of the way back": ("proof", kernels, planned(lambda p: edits.back(p, W2, proof=()))),
    "milder than its changes": (
        "reversibility",
        upgrade,
        planned(lambda p: edits.step(p, "edge/cp-1/cp", reversibility="reversible")),
    ),
    "no copy": ("reversibility", upgrade, planned(lambda p: edits.step(p, "edge/cp-1/cp", snapshot=False))),
    "a copy that cannot be made": (
        "reversibility",
        upgrade,
        after_world(lambda w: w.change("edge/cp-1", snapshots=False)),
    ),
    "no way back": ("way-back", kernels, planned(lambda p: edits.step(p, W2, back=()))),
    "back to elsewhere": ("way-back", kernels, planned(lambda p: edits.back(p, W2, after="6.1.80"))),
    "back with other packages": (
        "way-back",
        kernels,
        planned(lambda p: edits.back(p, W2, parameters={"packages/6.1.90": "backdoor=1"})),
    ),
    "back without a reboot": ("way-back", kernels, planned(lambda p: edits.back(p, W2, reboot=False))),
    "back and further": (
        "way-back",
        kernels,
        planned(
            lambda p: edits.on_step(p, W2, lambda s: replace(s, back=(*s.back, replace(s.back[0], component="x"))))
        ),
    ),
    "a step that does not reboot": ("reboot", kernels, planned(lambda p: edits.step(p, W2, reboot=False))),
    # untouchable, protected
    "an unhealthy machine": ("untouchable", kernels, after_world(lambda w: w.change("edge/w-2", healthy=False))),
    "a machine of unknown health": ("untouchable", kernels, after_world(lambda w: w.change("edge/w-2", healthy=None))),
    "a machine that a human cordoned": (
        "untouchable",
        kernels,
        after_world(lambda w: w.change("edge/w-2", cordoned=True)),
    ),
    "a protected machine": (
        "protected",
        kernels,
        lambda w, p: policy(w, p, protected=(Protected("hsm", Scope(facts={"node": ("w-2",)}), "certified"),)),
    ),
}
