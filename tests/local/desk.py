"""One person's desk: a data folder with hosts of the lab, a policy with people and their keys, and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.adapters.ssh.labs import offer
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.lab.vm import VirtualMachine
from tests.local.estate import write_policy

from oakum.changes.plans import Plan
from oakum.cli.main import main
from oakum.local.plans import read_plan

POLICY = """\
soak: [{name: all, after_wave: 1s}]
canary: [{name: one, nodes: 1, soak: 1s}]
gates: [{name: all, ready_within: 10s}]
"""


class Desk:
    """``health`` are services that have to be active on every host, ``ready`` is how long they may take for that."""

    def __init__(
        self, folder: Path, keys: Path, machines: Sequence[Machine | VirtualMachine], *health: str, ready: str = "10s"
    ) -> None:
        self.folder, self.keys = folder, keys
        self.policy = write_policy(folder / "policy", keys)
        file = self.policy / "policy.yaml"
        kept = [line for line in file.read_text().splitlines() if not line.startswith(("soak:", "canary:"))]
        file.write_text("\n".join(kept) + "\n" + POLICY.replace("10s", ready))
        for each in machines:
            words = ["--host-key", each.host_key, "--identity", str(each.key), "--no-agent"]
            words += [word for unit in health for word in ("--health", unit)]
            assert main(["host", "add", each.name, each.address, *words, "--environment", "prod"]) == 0
        self.state = folder / "inventory.json"

    def scan(self) -> str:
        main(["host", "scan", "--save", str(self.state)])
        return str(self.state)

    def plan(self, package: str) -> Plan:
        return self.plan_of(package, f"kind: packages, wants: {{names: [{package}]}}")

    def plan_of(self, name: str, kind: str) -> Plan:
        intent = self.folder / "intent.yaml"
        intent.write_text(f"version: 1\nintents:\n- {{name: {name}, {kind}}}\n")
        file = self.folder / f"{name}.json"
        words = ["--from", self.scan(), "--intent", str(intent), "--policy", str(self.policy), "--out", str(file)]
        assert main(["plan", *words]) == 0
        return read_plan(file)

    def run(self, file: str) -> int:
        """Approved by another, and run."""
        path, approval = self.folder / file, self.folder / f"{file}.approval"
        assert main(["approve", str(path), "--key", str(self.keys / "agrees"), "--out", str(approval)]) == 0
        words = ["--from", self.scan(), "--policy", str(self.policy), "--key", str(self.keys / "asks")]
        return main(["run", str(path), *words, "--approval", str(approval)])


def provide(machines: list[Machine], lab: HostsLab, name: str, *versions: str) -> None:
    offer(lab, name, *versions)
    for each in machines:
        each.run(f"apt-get -qq update; apt-get -qq -y install {name}={versions[0]} >/dev/null")
