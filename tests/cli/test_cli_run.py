"""``oakum approve``, ``run``, ``resume``, ``stop``, ``rollback`` and ``runs`` from files to exit codes."""

from __future__ import annotations

import json
import shlex
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.local.estate import HOSTS, NEW, NOW, OLD, Estate, inventory, make_keys
from tests.local.simulated import Simulated

from oakum.changes.plans import Plan, canonical
from oakum.changes.run import Ended
from oakum.cli.main import main
from oakum.cli.run import tell
from oakum.local.policies import policy_files
from oakum.local.rehearsal import rehearse
from oakum.local.running import carry_out
from oakum.local.runs import make_run, open_run, run_names, runs_folder

Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("people") / "keys")


@pytest.fixture
def estate(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("OAKUM_KEY", raising=False)
    return Estate(tmp_path, keys)


def words(estate: Estate, *more: str) -> list[str]:
    return ["run", str(estate.file), "--from", str(estate.hosts), "--policy", str(estate.policy), *more]


def asks(estate: Estate, *more: str) -> list[str]:
    return words(estate, "--key", str(estate.keys / "asks"), *more)


def ran(estate: Estate, name: str = "run-1", *, most: int = 10_000) -> Simulated:
    """A run that was carried out on simulated hosts, or whose process ended after so many waits."""
    run = make_run(
        None, name, estate.plan, policy_files(estate.policy), NOW,
        request=estate.approval("asks", "request"), approvals=[estate.approval("agrees")],
    )  # fmt: skip
    world = Simulated(estate, patience=most)
    try:
        carry_out(run, world, world, world)
    except TimeoutError:
        pass
    finally:
        run.close()
    return world


# Approve


def test_an_approval_says_what_is_signed_and_is_worth_what_the_policy_says(estate: Estate, capsys: Out) -> None:
    file, request = estate.folder / "plan.approval", estate.folder / "plan.request"
    key = str(estate.keys / "agrees")
    assert main(["approve", str(estate.file), "--key", key, "--out", str(file)]) == 0
    err = capsys.readouterr().err
    assert f"approve: 2 waves, 3 steps on web-1, web-2, web-3\nopenssl {OLD} -> {NEW}\n" in err
    assert estate.plan.hash in err
    asker = str(estate.keys / "asks")
    assert main(["approve", str(estate.file), "--key", asker, "--request", "--out", str(request)]) == 0
    capsys.readouterr()
    check = ["approve", str(estate.file), "--check", str(file), "--policy", str(estate.policy)]
    assert main([*check, "--requested-by", str(request)]) == 0
    assert "approver-2: approve the plan: counts until" in capsys.readouterr().out
    assert main([*check, "--requested-by", str(request), "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["enough"] and [each["by"] for each in answer["approvals"]] == ["approver-2"]
    assert main(check) == 1, "nobody has asked"
    assert "nobody that the policy lists has asked" in capsys.readouterr().out


def test_the_text_alone_can_be_signed_elsewhere(estate: Estate, capsys: Out) -> None:
    assert main(["approve", str(estate.file), "--text", "--reason", "the patch of May"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[:4] == [
        "oakum-approval/1", "says: approve", f"plan: {estate.plan.hash}", "reason: the patch of May",
    ]  # fmt: skip


@pytest.mark.parametrize(("more", "says"), [
    ([], "--key is missing"), (["--text", "--step", "packages@db"], "no step 'packages@db'"),
    (["--text", "--expires", "soon"], "no duration"), (["--text", "--expires", "31d"], "30 days"),
    (["--text", "--force-evict"], "one machine at a time"), (["--text", "--break-glass", " "], "needs a reason"),
    (["--text", "--request", "--step", "packages@web-1"], "agrees to nothing"), (["--key", "none"], "no such key"),
    (["--check", "none"], "--policy is missing"),
])  # fmt: skip
def test_what_cannot_be_approved(estate: Estate, capsys: Out, more: list[str], says: str) -> None:
    assert main(["approve", str(estate.file), *more]) == 2
    assert says in capsys.readouterr().err


# Run: what is asked before anything begins


def other_policy(estate: Estate) -> list[str]:
    path = estate.policy / "policy.yaml"
    path.write_text(path.read_text().replace("count: 1", "count: 2"))
    return asks(estate)


def old_state(estate: Estate) -> list[str]:
    estate.hosts.write_text(inventory(at=datetime(2020, 1, 1, tzinfo=UTC)))
    return asks(estate)


def sick_host(estate: Estate) -> list[str]:
    estate.hosts.write_text(inventory().replace("healthy: true", "healthy: false", 1))
    return asks(estate, "--approval", str(estate.approved("agrees")))


def other_plan(estate: Estate) -> list[str]:
    approval = str(estate.approved("agrees"))
    estate.file.write_bytes(canonical(msgspec.structs.replace(estate.plan, at=NOW.replace(year=2027))))
    return asks(estate, "--approval", approval)


def tampered_approval(estate: Estate) -> list[str]:
    file = estate.approved("agrees")
    file.write_bytes(file.read_bytes().replace(b"says: approve\n", b"says: request\n"))
    return asks(estate, "--approval", str(file))


BEFORE: dict[str, tuple[Any, int, str]] = {
    "no state": (lambda e: ["run", str(e.file), "--policy", str(e.policy)], 2, "--from is missing"),
    "no policy": (lambda e: ["run", str(e.file), "--from", str(e.hosts)], 2, "--policy is missing"),
    "no plan": (lambda e: ["run", str(e.intent), "--from", str(e.hosts), "--policy", str(e.policy)], 2, "no plan"),
    "another policy": (other_policy, 2, "made under another policy"),
    "an old state": (old_state, 3, "old, so that nobody knows"),
    "a rule is broken now": (sick_host, 1, "violation"),
    "nobody asks": (words, 2, "nobody says who asks"),
    "a stranger asks": (
        lambda e: words(e, "--key", str(e.keys / "stranger")), 2, "lists nobody with the key that asks"
    ),
    "an approval as a request": (
        lambda e: words(e, "--request", str(e.approved("agrees"))), 2, "no request for a run of this plan"
    ),
    "a request that has ended": (
        lambda e: words(e, "--request", str(e.approved("asks", "request", at=NOW - timedelta(days=2)))), 2, "has ended"
    ),
    "nobody agrees": (asks, 1, "1 more person of platform"),
    "whoever asks agrees": (lambda e: asks(e, "--approval", str(e.approved("asks"))), 1, "approves nothing of it"),
    "they agreed to another plan": (other_plan, 1, "it is about another plan"),
    "an approval that was changed": (tampered_approval, 2, "not that of this text"),
    "an approval that is not there": (lambda e: asks(e, "--approval", "none"), 2, "none: No such file"),
    "alone without leave": (
        lambda e: words(e, "--key", str(e.keys / "agrees"), "--break-glass", "it burns"), 1, "does not let approver-2"
    ),
    "a word that is no duration": (lambda e: asks(e, "--max-state-age", "long"), 2, "no duration"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "code", "says"), BEFORE.values(), ids=BEFORE)
def test_what_is_asked_before_a_run_begins(estate: Estate, capsys: Out, given: Any, code: int, says: str) -> None:
    assert main(given(estate)) == code
    assert says in capsys.readouterr().err
    assert run_names(None) == [], "nothing was begun"


def test_hosts_to_which_nobody_knows_a_way_are_told_and_nothing_is_begun(estate: Estate, capsys: Out) -> None:
    assert main(asks(estate, "--approval", str(estate.approved("agrees")))) == 3
    assert "web-1" in capsys.readouterr().err
    assert run_names(None) == []


# Rehearsals


def test_a_rehearsal_says_that_it_is_one_on_every_line_and_keeps_nothing(estate: Estate, capsys: Out) -> None:
    assert main(words(estate, "--rehearse")) == 0
    out, err = capsys.readouterr()
    assert "nothing real is touched" in err
    lines = out.split("\n\n")[0].splitlines()
    assert lines and all(line.startswith("rehearsal ") for line in lines)
    change = f"openssl {OLD} -> {NEW}"
    order = [line.split()[3].rstrip(":") for line in lines if line.endswith(f": {change} is in effect")]
    assert order == ["web-1", "web-2", "web-3"]
    assert any("waits for web-1: the changes are under way; looks again by" in line for line in lines)
    # The soak of the whole wave, not the next look.
    (watched,) = [line for line in lines if "w1 canary: it is watched until " in line]
    over = next(line for line in lines if line.endswith("wave w1 canary is over"))
    assert watched.endswith(f"until {over.split()[2]} UTC")
    assert "oakum stop" not in out, "there is nothing to stop"
    assert "a simulation: nothing real was touched" in out and "NOW" not in out
    assert run_names(None) == []


def test_a_rehearsal_for_machines(estate: Estate, capsys: Out) -> None:
    assert main(words(estate, "--rehearse", "-o", "json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rehearsal"] and found["state"] == "done" and found["counts"] == {"done": 3}


def test_a_rehearsal_of_what_would_wait_for_ever_comes_to_an_end(estate: Estate) -> None:
    policy = estate.policy / "policy.yaml"
    never = "windows: [{name: always, time_zone: UTC, dtstart: 2020-01-01T00:00, duration: 1h}]"
    policy.write_text(policy.read_text().replace("windows: [{name: always, always: yes}]", never))
    listener = Simulated(estate)
    found = rehearse(estate.plan, estate.state, estate.policy, NOW, listener)
    assert found.ended is None and found.summary.counts == {"waiting": 3}
    assert "never open" in found.summary.notes[0]


# Runs


def test_runs_are_listed_and_shown(estate: Estate, capsys: Out) -> None:
    ran(estate)
    ran(estate, "run-2", most=12)
    assert main(["runs", "list"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["RUN", "STATE", "WAVES", "DONE", "BEGAN", "(UTC)", "WHY"]
    assert first.split()[:4] == ["run-2", "interrupted", "0/2", "0/3"]
    assert second.split()[:4] == ["run-1", "done", "2/2", "3/3"]
    assert main(["runs", "show", "run-2"]) == 0
    out = capsys.readouterr().out
    assert "oakum resume run-2" in out and "asked for by approver-1; agreed: approver-2" in out
    assert main(["runs", "show", "run-1", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"done": 3} and [each["state"] for each in found["steps"]] == ["done"] * 3
    assert "oakum rollback run-1" in found["now"][0]


@pytest.mark.parametrize("policy", ["policy", "/srv/our own; oakum's {policy}", 'a "b"; c'])
def test_what_to_type_names_the_folder_of_the_policy_as_a_shell_reads_it(
    estate: Estate, capsys: Out, policy: str
) -> None:
    ran(estate)
    for more, folder in ({"policy": policy}, policy), ({}, "DIR"):
        assert tell(None, "run-1", Ended(result="done"), "table", **more) == 0
        lines = capsys.readouterr().out.splitlines()
        at = lines.index("- take all of it back:")
        assert lines[at + 1] == "    oakum host scan --save now.json"
        back = ["oakum", "rollback", "run-1", "--all", "--from", "now.json", "--policy", folder, "--out", "back.json"]
        assert shlex.split(lines[at + 2]) == back


def test_a_damaged_run_hides_no_other(estate: Estate, capsys: Out) -> None:
    ran(estate)
    ran(estate, "run-2", most=12)
    with sqlite3.connect(runs_folder(None) / "run-1/run.sqlite") as other:
        other.execute("DROP TRIGGER records_DELETE")
        other.execute("DELETE FROM records WHERE number = 3")
    assert main(["runs", "list"]) == 2
    out, err = capsys.readouterr()
    assert "run-2" in out and "record 3 is not as it was written" in err
    assert main(["resume", "run-1"]) == 2


def test_a_run_without_records_is_new(estate: Estate, capsys: Out) -> None:
    make_run(None, "run-1", estate.plan, policy_files(estate.policy), NOW).close()
    assert main(["runs", "show", "run-1"]) == 0
    out = capsys.readouterr().out
    assert "run-1: new" in out and "asked for by nobody known" in out
    assert main(["runs", "list"]) == 0


def test_stop_is_kept_for_whoever_resumes(estate: Estate, capsys: Out) -> None:
    ran(estate, most=12)
    assert main(["stop", "run-1", "--reason", "called off"]) == 0
    assert "oakum resume run-1" in capsys.readouterr().out
    run = open_run(None, "run-1")
    assert run.file.wishes() == {"stop"}
    world = Simulated(estate)
    assert carry_out(run, world, world, world).result == "stopped"
    run.close()
    for command in (["stop", "run-1"], ["resume", "run-1"]):
        assert main(command) == 2
        assert "run-1 is over" in capsys.readouterr().err


def test_resume_is_refused_while_another_process_carries_the_run_out(estate: Estate, capsys: Out) -> None:
    ran(estate, most=12)
    run = open_run(None, "run-1")
    with run.holding():
        assert main(["resume", "run-1"]) == 2
        assert "run-1 is carried out by process" in capsys.readouterr().err
        assert main(["runs", "show", "run-1", "-o", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["state"] == "running"
        assert main(["stop", "run-1"]) == 0
        assert "finishes or restores" in capsys.readouterr().out
    run.close()


@pytest.mark.parametrize("command", [["resume"], ["stop"], ["runs", "show"]])
def test_a_run_that_is_not_there(estate: Estate, capsys: Out, command: list[str]) -> None:
    assert main([*command, "run-9"]) == 2
    assert "there is no run 'run-9'" in capsys.readouterr().err


# Rollback


def test_the_way_back_is_a_plan_that_is_approved_and_run_like_any_other(estate: Estate, capsys: Out) -> None:
    ran(estate)
    estate.hosts.write_text(inventory(NEW))
    back = estate.folder / "back.json"
    given = ["--from", str(estate.hosts), "--policy", str(estate.policy), "--out", str(back)]
    assert main(["rollback", "run-1", *given]) == 0
    assert "Nothing to do" in capsys.readouterr().out, "nothing has failed"
    assert main(["rollback", "run-1", "--all", *given]) == 0
    said = capsys.readouterr().out.splitlines()
    assert f"    oakum approve {back} --key SSHKEY --out {back}.approval" in said
    rest = f"--from {estate.hosts} --policy {estate.policy} --key SSHKEY"
    assert f"    oakum run {back} --approval {back}.approval {rest}" in said
    found = msgspec.json.decode(back.read_bytes(), type=Plan)
    assert found.undoes == estate.plan.hash
    assert sorted(step.subject.id for step in found.steps.values()) == sorted(HOSTS)
    again = ["run", str(back), "--from", str(estate.hosts), "--policy", str(estate.policy)]
    assert main([*again, "--key", str(estate.keys / "asks"), "--approval", str(estate.approved("agrees"))]) == 1
    assert "it is about another plan" in capsys.readouterr().err
    assert main([*again, "--rehearse"]) == 0


def test_a_run_that_is_not_over_is_not_taken_back(estate: Estate, capsys: Out) -> None:
    ran(estate, most=12)
    assert main(["rollback", "run-1", "--from", str(estate.hosts), "--policy", str(estate.policy)]) == 2
    assert "oakum stop run-1" in capsys.readouterr().err
