"""Whose agreement counts: a table of who asks, who agrees to what, and what that earns; and files that are none."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.local.estate import NOW, Estate

from oakum.changes.approvals import NAMESPACE, Earned, earned, read_statement, text_of
from oakum.changes.plans import Override, Plan
from oakum.errors import InputError, OakumError, UsageError
from oakum.local.approvals import check, read_approvals
from oakum.local.policies import calendar_of
from oakum.local.signatures import sign

STEP = "packages@web-2"


def outcome(estate: Estate, plan: Plan, asks: str | None, agree: list[tuple[str, dict[str, Any]]]) -> Earned:
    policy, _ = calendar_of(estate.policy)
    estate.plan = plan
    request = None if asks is None else estate.signed(asks, "request")
    return earned(plan, policy, request, [estate.signed(key, **said) for key, said in agree], NOW)


def needing(plan: Plan, **approval: Any) -> Plan:
    groups = tuple(
        msgspec.structs.replace(each, approval=msgspec.structs.replace(each.approval, **approval))
        for each in plan.groups
    )
    return msgspec.structs.replace(plan, groups=groups)


def final(plan: Plan) -> Plan:
    """The plan with a step that has no way back."""
    waves = tuple(
        msgspec.structs.replace(
            wave,
            steps=tuple(
                msgspec.structs.replace(step, reversibility="forward-only") if step.id == STEP else step
                for step in wave.steps
            ),
        )
        for wave in plan.waves
    )
    return msgspec.structs.replace(plan, waves=waves)


def emergency(plan: Plan) -> Plan:
    until = NOW + timedelta(hours=4)
    override = Override(emergency="exploited", reason="it burns", by=("a", "b"), until=until, outside_windows=True)
    return msgspec.structs.replace(plan, override=override)


def same(plan: Plan) -> Plan:
    return plan


def two(plan: Plan) -> Plan:
    return needing(plan, count=2)


ALONE = {"says": "break-glass", "reason": "it burns"}
TABLE: dict[str, tuple[Callable[[Plan], Plan], str | None, list[tuple[str, dict[str, Any]]], bool, str]] = {
    "another person of the role": (same, "asks", [("agrees", {})], True, ""),
    "nobody": (same, "asks", [], False, "1 more person of platform"),
    "whoever asks": (same, "asks", [("asks", {})], False, "whoever asks for a run"),
    "whoever asks, with another key": (same, "asks", [("asks-too", {})], False, "whoever asks for a run"),
    "whoever asks beside another": (same, "asks", [("asks", {}), ("third", {})], True, "whoever asks for a run"),
    "another role": (same, "asks", [("fourth", {})], False, "1 more person of platform"),
    "a stranger": (same, "asks", [("stranger", {})], False, "lists nobody with this key"),
    "a stranger asks": (same, "stranger", [("agrees", {})], False, "nobody that the policy lists has asked"),
    "nobody asks": (same, None, [("agrees", {})], False, "nobody that the policy lists has asked"),
    "another plan": (same, "asks", [("agrees", {"plan": "sha256:" + "0" * 64})], False, "another plan"),
    "it is over": (same, "asks", [("agrees", {"at": NOW - timedelta(days=1)})], False, "it ended at"),
    "it is over in a second": (same, "asks", [("agrees", {"until": NOW + timedelta(seconds=1)})], True, ""),
    "it is to come": (same, "asks", [("agrees", {"at": NOW + timedelta(hours=1)})], False, "which is to come"),
    "a clock that is a little ahead": (same, "asks", [("agrees", {"at": NOW + timedelta(minutes=4)})], True, ""),
    "only a request": (same, "asks", [("agrees", {"says": "request"})], False, "agrees to nothing"),
    "one person twice": (two, "asks", [("agrees", {}), ("agrees", {})], False, "1 more person"),
    "one person with two keys": (two, "asks", [("agrees", {}), ("agrees-too", {})], False, "1 more person"),
    "two people": (two, "asks", [("agrees", {}), ("third", {})], True, ""),
    "only a step": (final, "asks", [("third", {"step": STEP})], False, "1 more person of platform"),
    "a step that can be undone": (same, "asks", [("agrees", {"step": STEP})], False, "needs no approval of its own"),
    "a step that is not there": (same, "asks", [("agrees", {"step": "packages@db"})], False, "has no step packages@db"),
    "alone, as the policy lets them": (same, "asks", [("asks", ALONE)], True, ""),
    "alone, as it does not let them": (same, "asks", [("agrees", ALONE)], False, "does not let approver-2 break"),
    "an emergency with one of two": (emergency, "asks", [("third", {})], False, "for the emergency exploited"),
    "an emergency with two": (emergency, "asks", [("third", {}), ("fourth", {})], True, ""),
    "an emergency alone": (emergency, "asks", [("fourth", ALONE)], True, ""),
}  # fmt: skip


@pytest.mark.parametrize(("change", "asks", "agree", "enough", "says"), TABLE.values(), ids=TABLE)
def test_who_may_agree_to_a_plan(
    estate: Estate, change: Callable[[Plan], Plan], asks: str | None, agree: list[tuple[str, dict[str, Any]]],
    enough: bool, says: str,
) -> None:  # fmt: skip
    plan = change(estate.plan)
    found = outcome(estate, plan, asks, agree)
    told = " | ".join([*found.missing, *(each.refused for each in found.judged)])
    assert (f"approve:{plan.hash}" in found.wishes) == enough, told
    assert says in told
    assert not enough or all(each.startswith("step ") for each in found.missing)


@pytest.mark.parametrize(("agree", "wishes"), [
    ([("agrees", {})], {""}),
    ([("agrees", {}), ("third", {"step": STEP})], {"", f"/{STEP}"}),
    ([("agrees", {}), ("agrees", {"step": STEP})], {""}),
    ([("agrees", {}), ("asks", {"step": STEP})], {""}),
    ([("third", {"step": STEP})], {f"/{STEP}"}),
    ([("agrees", {}), ("fourth", {**ALONE, "step": STEP})], {"", f"/{STEP}"}),
    ([("fourth", {"step": STEP, "force_evict": True})], {f"/{STEP}/force-evict"}),
    ([("agrees", {"step": STEP, "force_evict": True})], set()),
])  # fmt: skip
def test_a_step_without_a_way_back_and_pods_past_their_budget_have_approvals_of_their_own(
    estate: Estate, agree: list[tuple[str, dict[str, Any]]], wishes: set[str]
) -> None:
    plan = final(estate.plan)
    found = outcome(estate, plan, "asks", agree)
    assert found.wishes == {f"approve:{plan.hash}{each}" for each in wishes}


@pytest.mark.parametrize("said", [{"says": "approve"}, {"plan": "sha256:" + "0" * 64}])
def test_only_a_request_for_this_plan_asks_for_it(estate: Estate, said: dict[str, Any]) -> None:
    policy, _ = calendar_of(estate.policy)
    given = [estate.signed("agrees")]
    asked = estate.signed("asks", **({"says": "request"} | said))
    assert earned(estate.plan, policy, estate.signed("asks", "request"), given, NOW).wishes
    assert not earned(estate.plan, policy, asked, given, NOW).wishes


def test_what_is_broken_glass_is_told_with_its_reason(estate: Estate) -> None:
    found = outcome(estate, estate.plan, "asks", [("asks", ALONE), ("agrees", ALONE)])
    assert [(each.who, each.signed.statement.reason) for each in found.broken_glass] == [("approver-1", "it burns")]


def test_what_is_earned_is_so_until_the_first_statement_ends(estate: Estate) -> None:
    until = NOW + timedelta(hours=2)
    found = outcome(estate, estate.plan, "asks", [("agrees", {"until": until}), ("third", {})])
    assert found.until == until


# Files


def tampered(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def signature_of(estate: Estate, namespace: str) -> bytes:
    text = estate.approval("agrees").partition(b"-----BEGIN")[0]
    words = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(estate.keys / "agrees")]
    return text + subprocess.run(words, input=text, capture_output=True, check=True).stdout


WRONG: dict[str, tuple[Callable[[Estate, bytes], bytes], str]] = {
    "another plan": (lambda e, d: tampered(d, e.plan.hash[-8:].encode(), b"00000000"), "not that of this text"),
    "a longer time": (lambda e, d: tampered(d, b"until: 20", b"until: 21"), "up to 30 days"),
    "a later end": (lambda e, d: tampered(d, b"says: approve\n", b"says: request\n"), "not that of this text"),
    "a step more": (lambda e, d: tampered(d, b"at: ", b"step: packages@web-1\nat: "), "not that of this text"),
    "a line out of order": (lambda e, d: tampered(d, b"at: ", b"reason: \nat: "), "not in its one form"),
    "a line twice": (lambda e, d: tampered(d, b"at: ", b"says: approve\nat: "), "no line of a statement"),
    "an unknown line": (lambda e, d: tampered(d, b"at: ", b"also: yes\nat: "), "no line of a statement"),
    "another word": (lambda e, d: tampered(d, b"says: approve", b"says: agree"), "cannot say 'agree'"),
    "another format": (lambda e, d: tampered(d, b"approval/1", b"approval/2"), "this is no statement"),
    "line ends of Windows": (lambda e, d: d.replace(b"\n", b"\r\n"), "this is no statement"),
    "no signature": (lambda e, d: d.partition(b"-----BEGIN")[0], "there is no signature"),
    "a signature that is cut off": (lambda e, d: d[:-60], "this is no SSH signature"),
    "a signature of something else": (
        lambda e, d: d.partition(b"-----BEGIN")[0] + sign(e.keys / "agrees", b"something else"), "not that of this text"
    ),
    "a signature for something else": (lambda e, d: signature_of(e, "git"), "was made for 'git'"),
    "not text": (lambda e, d: b"\xff" + d, "not UTF-8"),
    "far too much": (lambda e, d: d + b" " * 40_000, "larger than an approval"),
    "nothing": (lambda e, d: b"", "there is no signature"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), WRONG.values(), ids=WRONG)
def test_a_file_that_was_changed_is_no_approval(
    estate: Estate, change: Callable[[Estate, bytes], bytes], says: str
) -> None:
    data = estate.approval("agrees")
    assert check(data, "a").statement.plan == estate.plan.hash
    with pytest.raises(InputError, match=says) as caught:
        check(change(estate, data), "a.approval")
    assert "a.approval" in str(caught.value)


def test_every_bit_of_an_approval_counts(estate: Estate) -> None:
    data = estate.approval("agrees")
    good = check(data, "a")
    # Whitespace in the armour says nothing; the rest does.
    places = [at for at in range(len(data)) if data[at] not in b"\n="][::29]
    for at in places:
        flipped = data[:at] + bytes([data[at] ^ 0x04]) + data[at + 1 :]
        try:
            found = check(flipped, "a")
        except OakumError:
            continue
        assert found == good and flipped.strip() == data.strip(), f"byte {at}"  # pragma: no cover (it must not)


@pytest.mark.parametrize(("kind", "bits"), [("ecdsa", "256"), ("rsa", "2048")])
def test_other_kinds_of_keys_and_a_signature_made_without_oakum(
    estate: Estate, tmp_path: Path, kind: str, bits: str
) -> None:
    key, text = tmp_path / kind, tmp_path / "text"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", str(key)], check=True)
    text.write_bytes(estate.approval("agrees").partition(b"-----BEGIN")[0])
    subprocess.run(["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(text)], check=True)
    file = tmp_path / "approval"
    file.write_bytes(text.read_bytes() + Path(f"{text}.sig").read_bytes())
    ((_, signed),) = read_approvals([file])
    assert signed.key == " ".join((key.with_suffix(".pub")).read_text().split()[:2])


def test_a_key_of_the_agent_signs_by_its_public_half(
    estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        only = tmp_path / "only.pub"
        only.write_text((estate.keys / "agrees.pub").read_text())
        for _ in range(100):
            words = ["ssh-add", "-q", str(estate.keys / "agrees")]
            if subprocess.run(words, capture_output=True, check=False).returncode == 0:
                break
        text = text_of(read_statement(estate.approval("agrees").partition(b"-----BEGIN")[0]))
        assert check(text + sign(only, text), "agent").key == estate.signed("agrees").key
    finally:
        agent.terminate()
        agent.wait()


def test_a_key_that_is_not_there_or_locked_is_told_and_nobody_is_asked(estate: Estate, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such key"):
        sign(tmp_path / "none", b"text")
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", str(locked)], check=True)
    with pytest.raises(UsageError, match="did not sign"):
        sign(locked, b"text")


@pytest.mark.parametrize(("change", "says"), [
    ({"reason": ""}, "needs a reason"), ({"reason": "two\nlines"}, "nobody sees"), ({"reason": "x" * 501}, "too long"),
    ({"until": NOW + timedelta(days=31)}, "30 days"), ({"until": NOW}, "30 days"),
    ({"force_evict": True}, "one machine at a time"),
])  # fmt: skip
def test_what_no_statement_may_say(estate: Estate, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        estate.approval("asks", "break-glass", **({"reason": "it burns"} | change))
