"""Remediations in plans: pinned to one text, signed where they are a site's own, and refused where anything differs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.local.estate import NOW, inventory, write_policy

from oakum.adapters.ssh.remedies import documents_of, shipped, software_of, wanted
from oakum.changes.intents.catalogue import kind_of
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan, WhyNot, canonical
from oakum.changes.remediations.model import stated
from oakum.changes.verify import verify
from oakum.cli.main import main
from oakum.errors import InputError, NotAssessableError, OakumError
from oakum.local.compat import knowledge
from oakum.local.plans import make_plan, parse_plan, read_intent_files, verify_plan
from oakum.local.policies import calendar_of
from oakum.local.remediations import NAMESPACE, check_pinned
from oakum.local.states import read_states

NAME = "setting-tcp-sack-off"
OWN = """\
format: oakum-remediations/1
programs:
  check: |
    [ -e /etc/own ] || exit 3
  act: |
    touch /etc/own
  verify: |
    [ -e /etc/own ]
  undo: |
    rm -f /etc/own
remediations:
  - name: own-fix
    version: 1
    title: Our own
    against: [CVE-2026-1000]
    sources: [https://example.com/own]
    effect: None.
    applies: Everywhere.
    touches: [/etc/own]
"""


class Site:
    """A policy with people, hosts, and a folder of remediations."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.folder, self.keys = folder, keys
        self.policy = write_policy(folder / "policy", keys)
        self.own = folder / "own"
        self.own.mkdir()
        self.file = self.own / "own.yaml"
        self.file.write_text(OWN)

    def sign(self, key: str, *, namespace: str = NAMESPACE, digest: str = "") -> None:
        from oakum.changes.remediations.reading import read_remediations

        (one,) = read_remediations(self.file.read_bytes(), "own")
        words = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.keys / key)]
        done = subprocess.run(words, input=f"{digest or one.digest}\n".encode(), capture_output=True, check=True)
        (self.own / "own-fix.sig").write_bytes(done.stdout)

    def plan(self, wants: str, software: str = "") -> Plan | WhyNot:
        intent, hosts = self.folder / "intent.yaml", self.folder / "hosts.yaml"
        intent.write_text(f"version: 1\nintents:\n- {{name: fix, kind: script, wants: {{{wants}}}}}\n")
        text = inventory()
        if software:
            text = text.replace("    software:\n", f"    software:\n      {software}\n")
        hosts.write_text(text)
        self.state = read_states([str(hosts)], NOW)
        return make_plan(self.state, read_intent_files([intent]), self.policy, NOW, remediations=[self.own])

    def planned(self, wants: str, software: str = "") -> Plan:
        found = self.plan(wants, software)
        assert isinstance(found, Plan), found
        return found


@pytest.fixture
def site(tmp_path: Path, keys: Path) -> Site:
    return Site(tmp_path, keys)


def test_a_shipped_one_is_pinned_by_version_and_digest_for_what_is_approved(site: Site) -> None:
    plan, one = site.planned(f"remediation: {NAME}"), shipped()[NAME]
    (intent,) = plan.intents
    assert intent.wants == stated(one.document)
    changes = [change for step in plan.steps.values() for change in step.changes]
    assert len(changes) == 3
    for change in changes:
        assert (change.component, change.before, change.after) == (f"remediation/{NAME}", "absent", one.label)
        assert change.parameters == {"remediation": NAME, "digest": one.digest, "effect": one.effect}
        assert (change.reversibility, change.reboot) == ("reversible", False)
        assert list(wanted(change, {})) == [f"remediation {NAME} in {one.label} {one.digest}"]
    back = [change for step in plan.steps.values() for change in step.back]
    assert [list(wanted(change, {})) for change in back] == [[f"remediation {NAME} out {one.label} {one.digest}"]] * 3
    assert verify_plan(plan, site.state, site.policy) == ()
    assert parse_plan(canonical(plan), "plan") == plan
    noticed = {text for step in plan.steps.values() for text in step.disturbs}
    assert noticed == {f"{NAME}: {one.effect.rstrip('.')}"}


@pytest.mark.parametrize(
    ("software", "steps"),
    [
        ("", 3),
        ("remediation/setting-tcp-sack-off: {installed: absent, part: remediation}", 3),
        ("remediation/setting-tcp-sack-off: {installed: present, part: remediation}", 0),
        ("remediation/setting-tcp-sack-off: {installed: LABEL, part: remediation}", 0),
        ("remediation/setting-tcp-sack-off: {installed: LABEL, running: absent, part: remediation}", 3),
    ],
)
def test_only_hosts_where_it_is_not_in_effect_are_changed(site: Site, software: str, steps: int) -> None:
    software = software.replace("LABEL", shipped()[NAME].label)
    found = site.plan(f"remediation: {NAME}", software)
    assert isinstance(found, Plan)
    assert len(found.steps) == steps
    assert verify_plan(found, site.state, site.policy) == ()


def test_where_it_applies_nowhere_the_intent_is_for_nothing(site: Site) -> None:
    with pytest.raises(InputError, match="it is for nothing in the state"):
        site.plan(f"remediation: {NAME}", f"remediation/{NAME}: {{installed: not-applicable, part: remediation}}")


@pytest.mark.parametrize(("installed", "rule"), [("7@0123456789ab", "other-version"), ("unknown", "version-unknown")])
def test_another_version_or_an_unknown_one_is_left_out(site: Site, installed: str, rule: str) -> None:
    found = site.plan(f"remediation: {NAME}", f"remediation/{NAME}: {{installed: {installed}, part: remediation}}")
    rules = {each.rule for each in (found.left_out if isinstance(found, Plan) else found.reasons)}
    assert rules == {rule}


def test_a_forward_only_one_has_no_way_back(site: Site) -> None:
    plan = site.planned("remediation: restart-services-of-openssl")
    assert {step.reversibility for step in plan.steps.values()} == {"forward-only"}
    assert not any(step.back for step in plan.steps.values())
    assert verify_plan(plan, site.state, site.policy) == ()


@pytest.mark.parametrize(
    ("wants", "said"),
    [
        ("remediation: nothing-such", "no remediation 'nothing-such' is known"),
        (f"remediation: {NAME}, version: 2", f"version: {NAME} has another than the intent asks for"),
        (f"remediation: {NAME}, digest: {'0' * 64}", f"digest: {NAME} has another"),
        (f"remediation: {NAME}, reboot: yes", f"reboot: {NAME} has another"),
        (f"remediation: {NAME}, run: /bin/x", "run: a remediation has it"),
        ("remediation: own-fix", r"own-fix is not signed: .*\(echo [0-9a-f]{64} \| ssh-keygen"),
    ],
)  # fmt: skip
def test_what_is_not_known_or_not_what_was_asked_for_makes_no_plan(site: Site, wants: str, said: str) -> None:
    with pytest.raises(OakumError, match=said) as found:
        site.plan(wants)
    assert found.value.remedy or "ssh-keygen" in str(found.value)


def test_a_sites_own_takes_its_text_and_signature_into_the_plan(site: Site) -> None:
    site.sign("agrees")
    plan = site.planned("remediation: own-fix")
    (intent,) = plan.intents
    documents = documents_of(plan)
    assert list(documents) == [intent.wants["digest"]]
    assert verify_plan(plan, site.state, site.policy) == ()
    change = next(iter(plan.steps.values())).changes[0]
    first, second = wanted(change, documents)
    assert first.startswith("remediation own-fix in 1@")
    assert second.startswith("document own-fix ")
    site.file.unlink()
    again = parse_plan(canonical(plan), "plan")
    assert verify_plan(again, site.state, site.policy) == (), "the plan needs the folder no more"


def test_a_signature_by_a_stranger_for_something_else_or_of_another_text_does_not_count(site: Site) -> None:
    for key, more, said in (
        ("stranger", {}, "a key that the policy does not list"),
        ("agrees", {"namespace": "oakum-plan@oakum.dev"}, "was made for 'oakum-plan@oakum.dev'"),
        ("agrees", {"digest": "0" * 64}, "is not that of its text"),
    ):
        site.sign(key, **more)
        with pytest.raises(InputError, match=said):
            site.plan("remediation: own-fix")
    site.sign("agrees")
    site.file.write_text(OWN.replace("touch /etc/own", "touch /etc/shadow"))
    with pytest.raises(InputError, match="is not that of its text"):
        site.plan("remediation: own-fix")
    (site.own / "own-fix.sig").write_text("-----BEGIN SSH SIGNATURE-----\n!!!\n-----END SSH SIGNATURE-----\n")
    with pytest.raises(InputError, match=r"own-fix\.sig.*base64"):
        site.plan("remediation: own-fix")


def test_a_name_that_oakum_uses_or_that_stands_twice_is_refused(site: Site) -> None:
    site.file.write_text(OWN.replace("own-fix", NAME))
    with pytest.raises(InputError, match="Oakum itself has a remediation"):
        site.plan(f"remediation: {NAME}")
    site.file.write_text(OWN)
    (site.own / "two.yml").write_text(OWN)
    with pytest.raises(InputError, match=r"own\.yaml has a remediation 'own-fix'"):
        site.plan("remediation: own-fix")


def forged(plan: Plan, **wants: object) -> Plan:
    """The plan with other wants, as somebody might write it by hand."""
    (intent,) = plan.intents
    other = msgspec.structs.replace(intent, wants={k: v for k, v in (intent.wants | wants).items() if v is not None})
    return msgspec.structs.replace(plan, intents=(other,))


def test_a_plan_that_was_tampered_with_is_not_run(site: Site) -> None:
    site.sign("agrees")
    plan = site.planned("remediation: own-fix")
    text = str(plan.intents[0].wants["document"])
    rules, calendar = calendar_of(site.policy)
    unnoticed: list[dict[str, object]] = [
        {"document": text.replace("touch", "chmod")}, {"document": ""}, {"document": None}, {"signature": ""},
        {"digest": "0" * 64},
    ]  # fmt: skip
    for wants in unnoticed:
        with pytest.raises(OakumError):
            check_pinned(forged(plan, **wants).intents, rules)
            documents_of(forged(plan, **wants))
            raise AssertionError(f"{wants} was not noticed")
    lies: list[dict[str, object]] = [{"reboot": True}, {"forward_only": True}, {"version": "2"}]
    for wants in lies:
        other = forged(plan, **wants)
        assert verify(other, site.state, policy=rules, calendar=calendar, knowledge=knowledge()), wants
    shipped_plan = site.planned(f"remediation: {NAME}")
    lies += [{"digest": "0" * 64}, {"document": text}]
    for wants in lies:
        with pytest.raises(InputError, match=f"does not ship the {NAME}"):
            check_pinned(forged(shipped_plan, **wants).intents, rules)


def test_a_text_that_says_otherwise_than_its_intent_is_a_mistake_of_the_plan(site: Site) -> None:
    site.sign("agrees")
    plan = site.planned("remediation: own-fix")
    kind_of(plan.intents[0])
    other: dict[str, object] = {"reboot": True, "drain": True, "forward_only": True, "version": "2", "effect": "x"}
    for field, value in (other | {"digest": "0" * 64, "remediation": "other"}).items():
        with pytest.raises(InputError, match=f"{field}: the document says otherwise"):
            kind_of(forged(plan, **{field: value}).intents[0])


def test_whoever_verifies_or_runs_a_plan_asks_for_the_signature_again(site: Site) -> None:
    site.sign("agrees")
    plan = site.planned("remediation: own-fix")
    site.sign("stranger")
    stranger = (site.own / "own-fix.sig").read_text()
    with pytest.raises(InputError, match="a key that the policy does not list"):
        verify_plan(forged(plan, signature=stranger), site.state, site.policy)
    with pytest.raises(InputError, match="does not ship"):
        verify_plan(forged(site.planned(f"remediation: {NAME}"), digest="0" * 64), site.state, site.policy)


def test_what_hosts_say_of_remediations_is_believed_as_far_as_it_makes_sense() -> None:
    said = f"""\
is {NAME} 1@0123456789ab present
is own-fix 2@0123456789ab absent
is own-two 3@0123456789ab unknown
can setuid-pkexec-off not-applicable
can nothing-such absent
can service-rpcbind-off maybe
is own-four latest present
is own-five 1@0123456789ab
"""
    found = {name: (each.installed, each.running) for name, each in software_of(said).items()}
    assert found == {
        f"remediation/{NAME}": ("1@0123456789ab", ""),
        "remediation/own-fix": ("2@0123456789ab", "absent"),
        "remediation/own-two": ("3@0123456789ab", "unknown"),
        "remediation/setuid-pkexec-off": ("not-applicable", ""),
    }
    assert {each.part for each in software_of(said).values()} == {"remediation"}


def test_hosts_are_not_asked_for_scripts_of_their_own_or_for_another_version(site: Site) -> None:
    from oakum.adapters.ssh.remedies import check

    plan = site.planned("run: /opt/on, check: /opt/check, undo: /opt/off")
    with pytest.raises(NotAssessableError, match="runs a script of the machine"):
        check("s", next(iter(plan.steps.values())).changes[0], {})
    change = next(iter(site.planned(f"remediation: {NAME}").steps.values())).changes[0]
    check("s", change, {})
    for parameters in ({"remediation": NAME, "digest": "0" * 64}, {"remediation": "own-fix", "digest": "0" * 64}):
        with pytest.raises(NotAssessableError, match=r"ships another|does not hold the text"):
            check("s", msgspec.structs.replace(change, parameters=parameters), {})


def test_the_command_says_what_is_missing_and_plans_what_is_signed(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.sign("agrees")
    site.planned("remediation: own-fix")
    words = ["plan", "--from", str(site.folder / "hosts.yaml"), "--intent", str(site.folder / "intent.yaml"),
             "--policy", str(site.policy), "--out", str(site.folder / "plan.json")]  # fmt: skip
    assert main(words) == 2
    assert "--remediations" in capsys.readouterr().err
    assert main([*words, "--remediations", str(site.own)]) == 0
    assert main([*words, "--remediations", "/nowhere"]) == 2


def test_an_intent_without_remediations_reads_no_folder(site: Site) -> None:
    site.file.write_text("broken")
    plan = site.planned("run: /opt/on, check: /opt/check")
    assert isinstance(plan.intents[0], Intent)


def test_a_plan_with_a_remediation_can_be_rehearsed(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    plan = site.planned(f"remediation: {NAME}")
    (site.folder / "plan.json").write_bytes(canonical(plan))
    words = ["run", str(site.folder / "plan.json"), "--from", str(site.folder / "hosts.yaml"), "--rehearse"]
    assert main([*words, "--policy", str(site.policy)]) == 0, capsys.readouterr()
    assert "3" in capsys.readouterr().out


def test_a_host_outside_of_any_cluster_restarts_without_a_drain(site: Site) -> None:
    plan = site.planned("run: /opt/on, check: /opt/check, undo: /opt/off, reboot: yes, drain: yes")
    changes = [change for step in plan.steps.values() for change in step.changes]
    assert [(each.reboot, each.drain) for each in changes] == [(True, False)] * 3
