"""What a host answers to acts: once for each key, under a token, and only where it is as it was seen."""

from __future__ import annotations

import pytest
from tests.contract.twins import DONE, UNKNOWN, Twin, change

from oakum.changes.running.observed import Claim


def test_a_claim_is_the_runs_until_the_run_gives_it_back(twin: Twin) -> None:
    assert twin.seen.claim is None
    assert twin.act("claim") == DONE
    assert twin.seen.claim == Claim(run=twin.run, step="step", token=1, cordoned=False)
    assert twin.act("release") == DONE
    assert twin.seen.claim is None


def test_a_claim_takes_a_host_out_of_nobodys_service(twin: Twin) -> None:
    assert twin.act("claim", parameters={"step": "step", "cordon": "true"}) == DONE
    assert (twin.seen.cordoned, twin.seen.up) == (False, True)


def test_a_claim_is_refused_to_another_run_and_to_another_step(twin: Twin) -> None:
    twin.act("claim")
    other = twin.act("claim", run="another")
    assert (other.result, other.code, other.why) == ("refused", "changed", f"{twin.run} holds it")
    assert twin.act("claim", parameters={"step": "other"}).code == "changed"
    assert twin.act("claim") == DONE, "it is the same step's already"


def test_a_claim_is_not_given_back_by_another_run(twin: Twin) -> None:
    twin.act("claim")
    assert twin.act("release", run="another").code == "changed"
    assert twin.seen.claim is not None


def test_there_may_be_nothing_to_give_back(twin: Twin) -> None:
    assert twin.act("release") == DONE


def test_an_act_of_a_key_is_done_once_and_answered_as_then(twin: Twin) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key) == DONE
    assert twin.act("release") == DONE
    assert twin.act("claim", key=key) == DONE
    assert twin.seen.claim is None


def test_a_refusal_is_no_answer_for_good(twin: Twin) -> None:
    twin.act("claim", run="another")
    key = twin.key("claim")
    assert twin.act("claim", key=key).result == "refused"
    assert twin.act("release", run="another") == DONE
    assert twin.act("claim", key=key) == DONE


def test_a_key_is_answered_before_the_token_is_asked(twin: Twin) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key) == DONE
    assert twin.act("release", token=2) == DONE
    assert twin.act("claim", key=key, token=1) == DONE
    assert twin.act("claim", token=1).code == "fenced"


def test_a_token_below_the_highest_that_the_host_has_seen_is_fenced(twin: Twin) -> None:
    assert twin.act("claim", token=7) == DONE
    fenced = twin.act("release", token=6)
    assert (fenced.code, fenced.why) == ("fenced", "token 7 has been seen")
    assert twin.act("release", token=7) == DONE


def test_a_host_knows_of_no_token_but_those_that_it_has_seen(twin: Twin) -> None:
    """Whoever has taken over is not known there before it has acted there."""
    twin.act("lease", parameters={"holder": "a", "seconds": "0"}, token=0)
    twin.act("lease", parameters={"holder": "b", "seconds": "60"}, token=0)
    assert twin.act("claim", token=1) == DONE


def test_each_run_has_tokens_of_its_own(twin: Twin) -> None:
    assert twin.act("claim", run="another", token=9) == DONE
    assert twin.act("release", run="another", token=9) == DONE
    assert twin.act("claim", token=1) == DONE


def test_a_token_is_seen_also_by_an_act_that_is_refused_for_another_reason(twin: Twin) -> None:
    twin.act("claim", run="another")
    assert twin.act("claim", token=5).code == "changed"
    assert twin.act("claim", token=4).code == "fenced"


def test_another_machine_under_that_name_is_not_touched(twin: Twin) -> None:
    assert twin.act("claim", uid="0" * 32).code == "gone"
    assert twin.seen.claim is None


def test_what_was_changed_since_the_look_is_not_touched(twin: Twin) -> None:
    before = twin.seen.resource_version
    assert twin.act("claim", resource_version=before) == DONE
    assert twin.act("release", resource_version=before).code == "changed"
    assert twin.act("release", resource_version=twin.seen.resource_version) == DONE


def test_a_version_is_of_the_record_and_the_boot_alone(twin: Twin) -> None:
    """Packages that change, and services that die, make no look out of date."""
    twin.provide("lab-plain")
    twin.act("claim")
    version = twin.seen.resource_version
    assert twin.made("apply", change("lab-plain", "1.0", "1.1")).state == "done"
    assert twin.seen.resource_version == version
    twin.act("release")
    assert twin.act("claim") == DONE
    assert twin.seen.resource_version == version, "the same record in the same boot"


def test_a_reboot_is_of_the_boot_that_was_seen(twin: Twin) -> None:
    assert twin.act("reboot", boot_id="another").code == "changed"
    boot = twin.seen.boot_id
    assert twin.act("reboot", boot_id=boot) == DONE
    twin.until(lambda: twin.seen.boot_id not in ("", boot), "it has another boot")
    assert twin.act("reboot", boot_id=boot).code == "changed"
    twin.up()


@pytest.mark.parametrize("do", ["evict", "delete-pod", "create-node", "delete-node", "dance"])
def test_what_no_host_can_do_is_refused_for_good(twin: Twin, do: str) -> None:
    assert twin.act(do).code == "never"  # type: ignore[arg-type]  # the last is no act at all
    assert twin.seen.up is True


def test_a_host_that_cannot_be_copied_says_so(twin: Twin) -> None:
    assert twin.act("snapshot").code == "never"
    assert twin.act("undo", parameters={"copy": "of another day"}).code == "never"


def test_a_change_of_nothing_is_refused_for_good(twin: Twin) -> None:
    assert twin.act("apply").code == twin.act("undo").code == "never"
    assert twin.seen.work == {}


@pytest.mark.parametrize("name", ["a b", "a;reboot", "$(reboot)", "-o", "A", "../x"])
def test_no_name_of_a_package_is_more_than_a_name(twin: Twin, name: str) -> None:
    assert twin.act("apply", changes=(change(name, "1", "2"),)).code == "never"
    assert twin.act("apply", changes=(change("name", "1", name),)).code == "never" or name == "A"


def test_an_answer_that_does_not_come_is_unknown_and_the_act_is_seen_to_be_done(twin: Twin) -> None:
    key = twin.key("claim")
    with twin.lost():
        assert twin.act("claim", key=key) == UNKNOWN
    twin.until(lambda: twin.seen.claim is not None, "the claim is seen")
    assert twin.act("claim", key=key) == DONE
