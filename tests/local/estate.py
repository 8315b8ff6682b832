"""Three hosts, a policy with people and their keys, and a plan for the hosts: what runs at a terminal begin with."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from oakum.changes.approvals import Signed, Statement
from oakum.changes.plans import Plan, canonical
from oakum.changes.state import State
from oakum.local.approvals import check, signed_file
from oakum.local.plans import make_plan, read_intent_files
from oakum.local.states import read_states

NOW = datetime.now(UTC).replace(microsecond=0)
OLD, NEW = "3.0.15", "3.0.16"
HOSTS = ("web-1", "web-2", "web-3")
#: name -> roles, keys, whether they may break the glass
PEOPLE = {
    "approver-1": (["platform"], ["asks", "asks-too"], True),
    "approver-2": (["platform"], ["agrees", "agrees-too"], False),
    "approver-3": (["platform", "security"], ["third"], False),
    "approver-4": (["security"], ["fourth"], True),
}
POLICY = """\
version: 1
roles: {platform: runs the hosts, security: answers for flaws}
windows: [{name: always, always: yes}]
budgets: [{name: one, max_unavailable: 1, max_domains: 9}]
canary: [{name: one, nodes: 1, soak: 2m}]
soak: [{name: all, after_wave: 1m}]
emergency: [{name: exploited, roles: [security], approvals: 2, outside_windows: yes}]
approvals: [{name: all, count: 1, roles: [platform], forward_only_count: 1, forward_only_roles: [security]}]
escalation: [{name: all, steps: [{do: wait, for: 5m}, {do: force-evict, roles: [security]}, {do: stop-and-report}]}]
"""
INTENT = "version: 1\nintents:\n- {name: openssl, kind: packages, wants: {names: [openssl]}}\n"


def make_keys(folder: Path) -> Path:
    """A key of everybody, and one of a stranger."""
    folder.mkdir()
    for name in [*(key for _, keys, _ in PEOPLE.values() for key in keys), "stranger"]:
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return folder


def write_policy(folder: Path, keys: Path) -> Path:
    folder.mkdir()
    lines = [POLICY, "approvers:"]
    for name, (roles, theirs, alone) in PEOPLE.items():
        texts = [(keys / f"{key}.pub").read_text().strip() for key in theirs]
        lines.append(f"- {{name: {name}, roles: {roles}, break_glass: {'yes' if alone else 'no'}, keys: {texts}}}")
    (folder / "policy.yaml").write_text("\n".join(lines) + "\n")
    return folder


def inventory(version: str = OLD, at: datetime = NOW) -> str:
    lines = ["format: oakum-inventory/1", f"at: {at.isoformat()}", "hosts:"]
    for name in HOSTS:
        lines += [
            f"  {name}:", f"    uid: machine-of-{name}", "    environment: prod", "    healthy: true",
            "    cordoned: false", f"    boot_id: boot-of-{name}", "    software:",
            f"      openssl: {{installed: {version}, running: {version}, part: package, effect: restart,"
            f" ecosystem: deb, offers: [{NEW}], kept: [{OLD}]}}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


class Estate:
    """The files of all this in one folder."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.folder, self.keys = folder, keys
        self.policy = write_policy(folder / "policy", keys)
        self.hosts, self.intent = folder / "hosts.yaml", folder / "intent.yaml"
        self.hosts.write_text(inventory())
        self.intent.write_text(INTENT)
        found = make_plan(self.state, read_intent_files([self.intent]), self.policy, NOW)
        assert isinstance(found, Plan)
        self.plan = found
        self.file = folder / "plan.json"
        self.file.write_bytes(canonical(found))
        self.data = str(folder / "data")

    @property
    def state(self) -> State:
        return read_states([str(self.hosts)], NOW)

    def signed(self, key: str, says: str = "approve", **more: object) -> Signed:
        return check(self.approval(key, says, **more), key)

    def approval(self, key: str, says: str = "approve", **more: object) -> bytes:
        """The file of a statement of somebody about the plan."""
        at = more.pop("at", NOW)
        assert isinstance(at, datetime)
        fields = {"says": says, "plan": self.plan.hash, "at": at, "until": at + timedelta(days=1)} | more
        return signed_file(msgspec.convert(fields, Statement), self.keys / key)

    def approved(self, key: str, says: str = "approve", **more: object) -> Path:
        """The same in a file."""
        file = self.folder / f"{key}.{says}"
        file.write_bytes(self.approval(key, says, **more))
        return file
