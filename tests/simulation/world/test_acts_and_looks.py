"""The port: preconditions of acts, leases and tokens, what looks show, and what the wire does to both."""

from __future__ import annotations

from tests.simulation.world.made import OPENSSL, Made

from oakum.changes.drain.explain import explain
from oakum.simulation.things import NO_REMEDIATION, NO_SCALE_DOWN
from oakum.simulation.watching import Watch


def test_an_act_of_one_key_is_done_once() -> None:
    made = Made("[{name: web, replicas: 2, on: [w-1]}]")
    made.lease()
    made.act("apply", "w-1", key="one", changes=(OPENSSL,))
    made.wait(60)
    assert made.act("apply", "w-1", key="one", changes=(OPENSSL,)).result == "done"
    assert made.seen("w-1").work["one"].state == "done"
    first, second = made.pods("web")
    assert made.evict(first, key="e").result == "done"
    assert made.evict(second, key="e").result == "done"
    assert second.deleted < 0


def test_a_lease_goes_to_one_at_a_time_and_its_token_grows() -> None:
    made = Made()
    assert made.lease("a", "60").token == 1
    assert made.lease("b").code == "not-now"
    assert made.lease("a", "60").token == 1
    made.wait(61)
    assert made.world.port("a").observe(()).lease is None
    assert made.lease("b").token == 2
    assert made.world.port("a").observe(()).lease == ("b", 2)


def test_whoever_has_lost_the_lease_changes_nothing() -> None:
    made = Made("[{name: web, replicas: 2}]")
    made.lease("a", "60")
    made.wait(61)
    made.lease("b")
    for do in ("claim", "apply", "reboot", "release", "silence", "create-node", "delete-node"):
        assert made.act(do, "w-1", token=1).code == "fenced", do
    assert made.evict(made.pods("web")[0], token=1).code == "fenced"
    assert made.act("claim", "w-1", token=2, executor="b").result == "done"


def test_a_claim_records_what_was_there_and_a_release_restores_exactly_that() -> None:
    made = Made()
    made.lease()
    made.machine("w-1").annotations[NO_SCALE_DOWN] = "no"
    made.machine("w-1").annotations["other"] = "stays"
    marks = f"annotation:{NO_SCALE_DOWN}=true label:{NO_REMEDIATION}=true annotation:karpenter.sh/do-not-disrupt=true"
    made.act("claim", "w-1", parameters={"step": "s", "marks": marks})
    seen = made.seen("w-1")
    assert seen.cordoned
    assert seen.claim is not None
    assert (seen.claim.run, seen.claim.step, seen.claim.cordoned, seen.claim.marks) == (
        "r", "s", False,
        {f"annotation:{NO_SCALE_DOWN}": ("no", "true"), f"label:{NO_REMEDIATION}": (None, "true"),
         "annotation:karpenter.sh/do-not-disrupt": (None, "true")},
    )  # fmt: skip
    assert made.machine("w-1").labels[NO_REMEDIATION] == "true"
    assert made.machine("w-1").annotations[NO_SCALE_DOWN] == "true"
    made.act("release", "w-1")
    assert not made.seen("w-1").cordoned
    assert made.seen("w-1").claim is None
    assert made.machine("w-1").annotations == {NO_SCALE_DOWN: "no", "other": "stays"}
    assert NO_REMEDIATION not in made.machine("w-1").labels


def test_a_release_leaves_what_others_wrote_over_our_marks_meanwhile() -> None:
    made = Made()
    made.lease()
    made.machine("w-1").annotations[NO_SCALE_DOWN] = "no"
    made.act("claim", "w-1", parameters={"marks": f"annotation:{NO_SCALE_DOWN}=true label:{NO_REMEDIATION}=true"})
    del made.machine("w-1").annotations[NO_SCALE_DOWN]
    made.machine("w-1").labels[NO_REMEDIATION] = "by maintenance"
    made.act("release", "w-1")
    assert NO_SCALE_DOWN not in made.machine("w-1").annotations
    assert made.machine("w-1").labels[NO_REMEDIATION] == "by maintenance"


def test_a_machine_like_one_that_is_held_bears_none_of_its_marks() -> None:
    made = Made()
    made.lease()
    made.act(
        "claim", "w-1", parameters={"marks": f"label:{NO_REMEDIATION}=true label:plan.upgrade.cattle.io/a=disabled"}
    )
    made.machine("w-1").labels["rack"] = "r1"
    assert made.world.join(made.machine("w-1"), "w-9").labels == {"rack": "r1"}


def test_a_humans_cordon_is_there_after_the_release() -> None:
    made = Made()
    made.lease()
    made.world.event("cordon", "c/w-1")
    made.act("claim", "w-1")
    made.act("release", "w-1")
    assert (made.seen("w-1").cordoned, made.machine("w-1").cordoner) == (True, "human")


def test_a_claim_without_a_cordon_leaves_a_cordon_that_came_meanwhile() -> None:
    made = Made()
    made.lease()
    made.act("claim", "w-1", parameters={"cordon": "false"})
    assert not made.seen("w-1").cordoned
    made.world.event("cordon", "c/w-1")
    made.act("release", "w-1", parameters={"cordon": "false"})
    assert made.seen("w-1").cordoned


def test_another_runs_claim_is_refused() -> None:
    made = Made()
    made.lease()
    made.act("claim", "w-1", parameters={"step": "one"})
    assert made.act("claim", "w-1", parameters={"step": "two"}).code == "changed"
    assert made.act("claim", "w-1", parameters={"step": "one"}).result == "done"


def test_acts_with_the_version_or_uid_of_before_are_refused() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}]")
    made.lease()
    seen = made.seen("w-1")
    made.world.event("cordon", "c/w-1")
    assert made.act("claim", "w-1", resource_version=seen.resource_version).code == "changed"
    assert made.act("claim", "w-1", uid="another").code == "gone"
    assert made.act("evict", "w-1", pod="default/web-1", uid="another").code == "gone"
    assert made.act("reboot", "w-1", boot_id="another").code == "changed"


def test_nobody_can_act_on_a_machine_that_does_not_answer() -> None:
    made = Made(hosts="[{name: h, count: 1, kernel: '1'}]")
    made.lease()
    for name in ("w-1", "h-1"):
        made.world.event("unreachable", made.machine(name).id, lasts=100)
        assert made.act("apply", name, changes=(OPENSSL,)).result == "unknown"
    assert (made.seen("w-1").up, made.seen("h-1").up) == (True, False), "a node is seen by its API server"
    scanned = made.seen("w-1").scanned
    assert scanned is None or scanned < made.seen("w-1").at
    made.wait(110)
    assert made.act("apply", "h-1", changes=(OPENSSL,)).result == "done"
    assert made.seen("h-1").up is True


def test_a_cluster_that_cannot_be_reached_says_nothing_at_all() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}]")
    made.lease()
    made.world.event("cut", "c", lasts=100)
    look = made.world.port("a").observe(())
    assert (look.seen("c/w-1"), look.found("c/w-1"), look.etcd("c"), dict(look.impaired("c"))) == (None, None, None, {})
    assert look.around("c").snapshot.listed == frozenset()
    assert made.act("claim", "w-1").result == "unknown"
    assert made.evict(made.pods("web")[0]).result == "unknown"
    made.wait(101)
    assert made.world.port("a").observe(()).found("c/w-1") is True


def test_what_is_out_of_service_is_indexed() -> None:
    made = Made(hosts="[{name: h, count: 2, kernel: '1'}]")
    made.world.event("cordon", "c/w-1")
    made.world.event("sick", "c/w-2", lasts=600)
    made.world.event("crash", "h-2", lasts=100)
    made.wait(60)
    look = made.world.port("a").observe(())
    assert {name: each.up for name, each in look.impaired("c").items()} == {"c/w-1": True, "c/w-2": False}
    assert list(look.impaired("")) == ["h-2"]
    made.wait(1000)
    look = made.world.port("a").observe(())
    assert (list(look.impaired("c")), list(look.impaired(""))) == (["c/w-1"], [])


class Heard(Watch):
    """Notes which faults found something."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        if delivered:
            self.found.append(kind)


def test_a_request_that_fails_has_no_effect_and_an_answer_that_is_lost_has() -> None:
    made = Made()
    made.lease()
    port = made.world.port("a")
    port.next_acts.extend(["fail", "mute"])
    assert made.act("claim", "w-1").result == "unknown"
    assert made.seen("w-1").claim is None
    assert made.act("claim", "w-1").result == "unknown"
    assert made.seen("w-1").claim is not None


def test_a_late_request_takes_effect_unless_the_lease_has_gone_on() -> None:
    made = Made()
    made.lease("a", "60")
    made.world.port("a").next_acts.append("late")
    assert made.act("claim", "w-1").result == "unknown"
    assert made.seen("w-1").claim is None
    made.wait(11)
    assert made.seen("w-1").claim is not None
    made.world.port("a").next_acts.append("late")
    made.act("claim", "w-2")
    made.world.lease.lose()
    made.lease("b")
    made.wait(11)
    assert made.seen("w-2").claim is None


def test_a_throttled_request_is_refused_for_now() -> None:
    made = Made()
    made.lease()
    made.world.port("a").throttled_until = made.world.timeline.now + 60
    refused = made.act("claim", "w-1")
    assert (refused.code, refused.retry_after) == ("not-now", 5)
    assert made.act("claim", "w-1", executor="b").result == "done", "it strikes one executor alone"


def test_stale_looks_show_the_world_of_before_and_what_we_find_ourselves_of_now() -> None:
    made = Made("[{name: web, replicas: 3, on: [w-1, w-2, w-3]}]")
    made.lease()
    port = made.world.port("a")
    port.go_stale(100)
    made.world.event("cordon", "c/w-1")
    made.act("apply", "w-1", changes=(OPENSSL,))
    made.evict(made.pods("web")[0])
    made.wait(60)
    look = port.observe(())
    seen = look.seen("c/w-1")
    assert seen is not None
    assert (seen.cordoned, seen.running["openssl"], seen.at) == (False, "4", made.world.timeline.wall())
    assert dict(look.impaired("c")) == {}
    assert [pod.metadata.name for pod in look.around("c").on("w-1")] == ["web-1"]
    assert made.seen("w-1", "b").cordoned
    made.wait(60)
    assert made.seen("w-1").cordoned
    assert port.observe(()).around("c").on("w-1") == ()


def test_a_watch_gap_misses_pods_and_sees_nodes() -> None:
    made = Made("[{name: web, replicas: 3, on: [w-1, w-2, w-3]}]")
    made.lease()
    port = made.world.port("a")
    port.go_stale(100, pods_only=True)
    made.world.event("cordon", "c/w-1")
    made.evict(made.pods("web")[0])
    made.wait(60)
    look = port.observe(())
    seen = look.seen("c/w-1")
    assert seen is not None
    assert seen.cordoned
    assert list(look.impaired("c")) == ["c/w-1"]
    assert len(look.around("c").on("w-1")) == 1


def test_a_webhook_that_is_down_refuses_every_eviction_for_a_while() -> None:
    made = Made("[{name: web, replicas: 2}]")
    made.lease()
    made.world.event("webhook-down", lasts=100)
    assert made.evict(made.pods("web")[0]).code == "not-now"
    made.wait(101)
    assert made.evict(made.pods("web")[0]).result == "done"


def test_silences_keep_the_alarm_of_a_machine_quiet_and_no_other() -> None:
    made = Made()
    made.lease()
    made.act("silence", "w-1", parameters={"seconds": "600"})
    for name in ("c/w-1", "c/w-2"):
        made.world.event("crash", name)
    made.wait(50)
    assert made.world.firing() == frozenset()
    made.wait(100)
    assert made.world.firing() == frozenset({"NodeDown"})
    made.world.event("delete-node", "c/w-2")
    assert made.world.firing() == frozenset()
    made.wait(600)
    assert made.world.firing() == frozenset({"NodeDown"})


def test_alarms_and_metrics_that_cannot_be_asked_are_no_good_news() -> None:
    made = Made()
    made.world.event("metrics-dark", lasts=100)
    assert made.world.port("a").observe(()).alarms is None


def test_live_and_whole_surroundings_answer_alike() -> None:
    made = Made(
        "[{name: web, replicas: 4}, {name: db, kind: StatefulSet, replicas: 2, volume: true},"
        " {name: cache, replicas: 1, local: emptyDir}, {name: disk, kind: StatefulSet, local: local-volume},"
        " {name: log, kind: DaemonSet}, {name: bare, kind: Pod}]",
        "[{name: web, for: web, max_unavailable: 1}, {name: db, for: db, min_available: 2},"
        " {name: both, for: db, max_unavailable: 1}]",
    )
    made.lease()
    made.evict(made.pods("web")[0])
    for _ in range(3):
        made.wait(1)
        live, whole = made.world.shown["c"].around("t"), made.world.shown["c"].whole("t")
        nodes = [f"w-{number}" for number in (1, 2, 3)]
        assert explain(live, nodes) == explain(whole, nodes)
        assert live.snapshot.uid == whole.snapshot.uid
        for kind in whole.snapshot.items:
            assert live.snapshot.items.get(kind) == whole.snapshot.items[kind]
        assert [live.node(each) for each in nodes] == [whole.node(each) for each in nodes]
        assert live.namespace("default") == whole.namespace("default")


def test_nobody_knows_how_the_work_goes_on_a_machine_that_does_not_answer() -> None:
    made = Made(hosts="[{name: h, count: 1, packages: {openssl: ['3', '4']}}]")
    made.lease()
    for name in ("w-1", "h-1"):
        made.act("claim", name, parameters={"cordon": "false"})
        made.act("apply", name, key=f"k-{name}", changes=(OPENSSL,))
        assert made.seen(name).work[f"k-{name}"].state == "running"
        made.world.event("unreachable", made.machine(name).id, lasts=100)
    made.wait(60)
    for name in ("w-1", "h-1"):
        assert made.seen(name).work[f"k-{name}"].state == "running"
        assert made.seen(name).running["openssl"] == "3"
    made.wait(60)
    for name in ("w-1", "h-1"):
        assert made.seen(name).work[f"k-{name}"].state == "done"


def test_no_cache_stands_between_a_run_and_its_hosts() -> None:
    made = Made(hosts="[{name: h, count: 1, kernel: '1'}]")
    made.world.port("a").go_stale(100)
    assert made.act("claim", "h-1").result == "done"
    made.world.event("sick", "h-1")
    seen = made.seen("h-1")
    assert (seen.claim is not None, seen.up) == (True, False)
