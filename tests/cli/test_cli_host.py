"""``oakum host`` on real machines: who is known and how, one round trip to scan, the least that root has to allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lab.hosts import Host, HostsLab

from oakum.adapters.files.tree import DirectoryTree
from oakum.adapters.ssh.commands import PLACE, digest, program
from oakum.cli.main import main
from oakum.fleet.rootfs import read_root

Out = pytest.CaptureFixture[str]
SUDO_PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/sudo.md"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTtJqwpHFvRkZtkBSkd0TMGGyq3zxuqCnDbvHhCNa8l"


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def add(data: str, name: str, address: str, *words: str) -> int:
    return main(["host", "add", name, address, "--data", data, *words])


def listed(data: str, capsys: Out) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["host", "list", "-o", "json", "--data", data]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["hosts"]
    return found


def test_a_host_is_added_listed_and_removed(data: str, capsys: Out) -> None:
    facts = ["--environment", "prod", "--tier", "1", "--label", "zone=a", "--health", "nginx", "--sudo"]
    assert add(data, "web1", "admin@192.0.2.1:2222", "--host-key", KEY, *facts) == 0
    assert "SHA256:" in capsys.readouterr().out
    assert listed(data, capsys)["web1"] == {
        "address": "192.0.2.1", "port": 2222, "user": "admin", "sudo": True, "host_keys": [KEY], "environment": "prod",
        "tier": "1", "labels": {"zone": "a"}, "health": ["nginx.service"],
    }  # fmt: skip
    assert add(data, "web2", "192.0.2.2", "--host-ca", KEY, "--jump", "web1") == 0
    assert main(["host", "list", "--data", data]) == 0
    table = capsys.readouterr().out
    assert "admin@192.0.2.1:2222 (sudo)" in table
    assert "an authority" in table
    assert main(["host", "remove", "web1", "--data", data]) == 2, "web2 is reached through it"
    assert main(["host", "remove", "web1", "web2", "--data", data]) == 0
    assert listed(data, capsys) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing says which key"),
        (["--host-key", "ssh-ed25519 AAAA"], "no public key"),
        (["--host-key", KEY, "--jump", "nobody"], "no host 'nobody'"),
        (["--host-key", KEY, "--label", "zone"], "no label"),
        (["--host-key", KEY, "--health", "a;b"], "no name of a service"),
        (["--host-key", KEY, "--identity", "/nowhere"], "no such file"),
        (["--known-hosts", "/nowhere"], "No such file"),
    ],
)
def test_a_host_that_cannot_be_known_is_not_added(data: str, capsys: Out, words: list[str], said: str) -> None:
    assert add(data, "web1", "192.0.2.1", *words) == 2
    assert said in capsys.readouterr().err
    assert listed(data, capsys) == {}


@pytest.mark.parametrize("address", ["-oProxyCommand=x", "a b", "root@", "x@y@z", "h:0", "h:99999", "Root!@h", ""])
def test_an_address_that_is_none_is_refused(data: str, address: str) -> None:
    with pytest.raises(SystemExit) if address.startswith("-") else pytest.MonkeyPatch.context():
        assert add(data, "h", address, "--host-key", KEY) == 2


def test_what_is_known_is_replaced_only_when_asked(data: str, capsys: Out) -> None:
    assert add(data, "h", "192.0.2.1", "--host-key", KEY) == 0
    assert add(data, "h", "192.0.2.9", "--host-key", KEY) == 2
    assert listed(data, capsys)["h"]["address"] == "192.0.2.1"
    assert add(data, "h", "192.0.2.9", "--host-key", KEY, "--replace") == 0
    assert listed(data, capsys)["h"]["address"] == "192.0.2.9"


def test_a_damaged_file_of_hosts_is_named(data: str, capsys: Out) -> None:
    Path(data).mkdir()
    (Path(data) / "hosts.json").write_text('{"format": "oakum-hosts/1", "hosts": {"a": {}}}')
    assert main(["host", "list", "--data", data]) == 2
    assert "hosts.json" in capsys.readouterr().err


def test_nothing_is_scanned_where_no_host_is_known(data: str, capsys: Out) -> None:
    assert main(["host", "scan", "--data", data]) == 2
    assert "oakum host add" in capsys.readouterr().err


def known(data: str, lab_host: Host, *words: str) -> int:
    identity = ["--identity", str(lab_host.lab.key), "--no-agent"]
    return add(data, "shared", f"root@{lab_host.address}", "--host-key", lab_host.host_key, *identity, *words)


def test_a_key_is_trusted_on_first_use_only_when_asked_and_its_fingerprint_is_told(
    data: str, lab_host: Host, capsys: Out
) -> None:
    identity = ["--identity", str(lab_host.lab.key), "--no-agent"]
    assert add(data, "shared", lab_host.address, *identity) == 2
    assert add(data, "shared", lab_host.address, "--trust-first-use", *identity) == 0
    said = capsys.readouterr()
    assert "compare it with the host's own: SHA256:" in said.err
    assert main(["host", "scan", "--data", data, "-o", "json"]) == 3


def test_a_scan_by_ssh_finds_what_a_scan_of_the_disk_finds(
    data: str, lab_host: Host, tmp_path: Path, capsys: Out
) -> None:
    assert known(data, lab_host, "--environment", "test", "--label", "zone=a") == 0
    capsys.readouterr()
    saved = tmp_path / "inventory.json"
    assert main(["host", "scan", "shared", "--save", str(saved), "--data", data, "-o", "json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    asset = answer["assets"][0]
    disk = read_root(DirectoryTree(lab_host.root), name="disk")
    assert asset["package_set"] == disk.packages.digest
    assert asset["key"] == (lab_host.root / "etc/machine-id").read_text().strip()
    assert asset["host"]["boot_id"] == lab_host.run("cat /proc/sys/kernel/random/boot_id")
    assert asset["host"]["stale_known"]
    assert {channel["pocket"] for channel in asset["host"]["channels"]} == {"main", "security"}
    assert {gap["kind"] for gap in answer["not_assessable"]} == {"unowned-kernel", "no-feed"}

    entry = json.loads(saved.read_text())["hosts"]["shared"]
    openssl = entry["software"]["openssl"]
    assert entry["labels"] == {"zone": "a"}
    assert openssl["installed"] == lab_host.version("openssl")
    assert openssl["kept"] == [lab_host.version("openssl")]
    assert openssl["offers"] == openssl["security"]
    assert lab_host.run("apt-cache policy openssl | sed -n 's/  Candidate: //p'") == openssl["offers"][-1]
    assert entry["software"]["libc6"]["effect"] == "reboot", "dbus uses it, which nobody restarts"
    assert entry["software"]["openssl"]["effect"] == "at-once"


def test_a_host_that_does_not_answer_is_not_assessed_and_the_others_are(data: str, lab_host: Host, capsys: Out) -> None:
    assert known(data, lab_host) == 0
    assert add(data, "gone", f"{lab_host.address}:9", "--host-key", KEY) == 0
    capsys.readouterr()
    accepted = ["--accept-unassessed", "unowned-kernel", "--accept-unassessed", "no-feed"]
    assert main(["host", "scan", "--data", data, "-o", "json", *accepted]) == 3
    said = capsys.readouterr()
    assert "gone does not answer" in said.err
    assert [asset["name"] for asset in json.loads(said.out)["assets"]] == ["shared"]


@pytest.fixture
def account(lab_host: Host) -> Iterator[str]:
    """An account on the machine that is not root and lets our key in; our program is not installed yet."""
    # The machine is shared: another test's run as root may have installed it.
    lab_host.run(f"rm -f {PLACE}")
    lab_host.run("useradd --create-home --shell /bin/sh oakum")
    lab_host.authorize("oakum", lab_host.lab.public_key)
    lab_host.run("chown -R oakum: /home/oakum")
    yield "oakum"
    lab_host.run(f"userdel --remove --force oakum; rm -rf /etc/sudoers.d/oakum {PLACE}", check=False)


def test_the_sudoers_file_is_sound_and_lets_just_our_program_run(
    data: str, lab_host: Host, account: str, capsys: Out
) -> None:
    assert main(["host", "sudoers", "--user", account]) == 0
    text = capsys.readouterr().out
    assert main(["host", "sudoers", "--program"]) == 0
    assert capsys.readouterr().out.encode() == program()
    assert digest() in text
    # As the page says, in two steps.
    install, allow = re.findall(r"^(?:install|visudo) .*", SUDO_PAGE.read_text(), re.MULTILINE)
    lab_host.run("cat >oakum-sudoers", input=text)
    assert "parsed OK" in lab_host.run(allow)
    identity = ["--identity", str(lab_host.lab.key), "--no-agent", "--sudo", "--host-key", lab_host.host_key]
    assert add(data, "h", f"{account}@{lab_host.address}", *identity) == 0
    assert main(["host", "scan", "--data", data]) == 3
    assert "our program is not installed" in (said := capsys.readouterr().err) or "sudo does not let" in said

    lab_host.run("cat >oakum-host", input=program().decode())
    lab_host.run(install)
    assert main(["host", "scan", "--data", data, "-o", "json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["assets"][0]["host"]["stale_known"], "all processes are seen, as root sees them"

    def may(*words: str) -> bool:
        done = lab_host.run(f"sudo -n -- {' '.join(words)} >/dev/null 2>&1 && echo yes", user=account, check=False)
        return done == "yes"

    assert may(PLACE, "look")
    assert not may(PLACE, "work", "0")
    assert not may(PLACE)
    assert not may(PLACE, "look", "more")
    assert not may("/bin/sh", "-c", "true")
    lab_host.run(f"echo '# another' >>{PLACE}")
    assert not may(PLACE, "look"), "another program in its place is not run"


def test_an_account_without_sudo_scans_with_a_gap_and_never_calls_that_clean(
    data: str, lab_host: Host, account: str, capsys: Out
) -> None:
    identity = ["--identity", str(lab_host.lab.key), "--no-agent", "--host-key", lab_host.host_key]
    assert add(data, "h", f"{account}@{lab_host.address}", *identity) == 0
    capsys.readouterr()
    assert main(["host", "scan", "--data", data, "-o", "json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert not answer["assets"][0]["host"]["stale_known"]
    assert any("processes" in gap["what"] for gap in answer["not_assessable"])


def test_hosts_are_scanned_by_a_program_that_needs_no_python(hosts_lab: HostsLab, lab_host: Host) -> None:
    assert lab_host.run("command -v python3", check=False) == ""
    assert program().startswith(b"#!/bin/sh\n")
