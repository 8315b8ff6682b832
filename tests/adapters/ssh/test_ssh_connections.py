"""Connections to a real sshd: who is let in, who is believed, and what is said when there is no answer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab

from oakum.adapters.ssh.connections import Connections, KnownHosts, Request, fingerprint, host_key
from oakum.adapters.ssh.model import Host, Ran, Unanswered
from oakum.errors import InputError, NotAssessableError, UsageError

TRUE = ("/bin/true",)


def entry(machine: Machine, **changed: object) -> Host:
    """How the shared machine is reached."""
    known = Host(
        address=machine.address, host_keys=(machine.host_key,), identities=(str(machine.lab.key),), agent=False
    )
    return msgspec.structs.replace(known, **changed)


def keygen(*words: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def other_key(tmp_path: Path) -> Path:
    """A key that nobody knows."""
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "other")
    return tmp_path / "other"


def public(key: Path) -> str:
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def run(host: Host, *words: str, **limits: object) -> Ran | Unanswered:
    with Connections({"h": host}) as connections:
        return connections.run(msgspec.structs.replace(Request("h", words or TRUE), **limits))


def test_a_command_has_its_input_its_output_and_its_status(lab_host: Machine) -> None:
    ran = run(entry(lab_host), "/bin/sh", "-c", "cat; echo no >&2; exit 3", input=b"\x00\xff data\n")
    assert ran == Ran(3, b"\x00\xff data\n", "no")


def test_another_host_key_than_the_pinned_one_is_never_talked_to(lab_host: Machine, other_key: Path) -> None:
    with pytest.raises(InputError, match="not the pinned one"):
        run(entry(lab_host, host_keys=(public(other_key),)), "/bin/touch", "/opt/touched")
    assert lab_host.run("ls /opt/touched", check=False) == ""


def test_without_a_pinned_key_there_is_no_connection(lab_host: Machine) -> None:
    with pytest.raises(UsageError, match="no key of"):
        run(entry(lab_host, host_keys=()))


def test_a_host_certificate_of_a_known_authority_is_enough(lab_host: Machine, tmp_path: Path, other_key: Path) -> None:
    authority = tmp_path / "ca"
    keygen("-t", "ed25519", "-N", "", "-f", authority)
    etc = lab_host.root / "etc/ssh"
    (tmp_path / "host.pub").write_text((etc / "ssh_host_ed25519_key.pub").read_text())
    keygen("-s", authority, "-I", "shared", "-h", "-n", lab_host.address, tmp_path / "host.pub")
    (etc / "host-cert.pub").write_text((tmp_path / "host-cert.pub").read_text())
    settings = etc / "sshd_config.d/certificate.conf"
    settings.write_text("HostCertificate /etc/ssh/host-cert.pub\n")
    lab_host.run("systemctl restart ssh")
    try:
        signed = entry(lab_host, host_keys=(), host_cas=(public(authority),))
        assert run(signed) == Ran(0, b"", "")
        with pytest.raises(InputError, match="not the pinned one"):
            run(entry(lab_host, host_keys=(), host_cas=(public(other_key),)))
    finally:
        settings.unlink()
        lab_host.run("systemctl restart ssh")


def test_a_key_that_is_not_let_in_is_said_so(lab_host: Machine, other_key: Path) -> None:
    with pytest.raises(NotAssessableError, match="does not let root in"):
        run(entry(lab_host, identities=(str(other_key),)))


def test_a_certificate_lets_a_key_in(lab_host: Machine, tmp_path: Path, other_key: Path) -> None:
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "users")
    keygen("-s", tmp_path / "users", "-I", "somebody", "-n", "root", other_key.with_suffix(".pub"))
    (lab_host.root / "etc/ssh/users.pub").write_text((tmp_path / "users.pub").read_text())
    settings = lab_host.root / "etc/ssh/sshd_config.d/users.conf"
    settings.write_text("TrustedUserCAKeys /etc/ssh/users.pub\n")
    lab_host.run("systemctl restart ssh")
    try:
        certificate = str(tmp_path / "other-cert.pub")
        signed = entry(lab_host, identities=(str(other_key),), certificates=(certificate,))
        assert run(signed) == Ran(0, b"", "")
    finally:
        settings.unlink()
        lab_host.run("systemctl restart ssh")


@pytest.fixture
def agent(lab_host: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that holds the lab's key."""
    socket = tmp_path / "agent"
    started = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < end:
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", lab_host.lab.key], check=True)
        yield
    finally:
        started.terminate()
        started.wait()


def test_the_agent_signs_where_no_file_is_named(lab_host: Machine, agent: None) -> None:
    assert run(entry(lab_host, identities=(), agent=True)) == Ran(0, b"", "")
    with pytest.raises(NotAssessableError):
        run(entry(lab_host, identities=(), agent=False))


def test_a_jump_host_is_gone_through_and_each_is_known_by_its_own_key(lab_host: Machine, other_key: Path) -> None:
    inner = entry(lab_host, address="127.0.0.1", jump="door")
    hosts = {"door": entry(lab_host), "inner": inner}
    with Connections(hosts) as connections:
        assert connections.run(Request("inner", TRUE)) == Ran(0, b"", "")
    hosts["door"] = entry(lab_host, host_keys=(public(other_key),))
    with Connections(hosts) as connections, pytest.raises(InputError, match="not the pinned one"):
        connections.run(Request("inner", TRUE))


def test_the_users_own_configuration_is_read_where_it_is_named(lab_host: Machine, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(f"Host web\n  HostName {lab_host.address}\n  User root\n  IdentityFile {lab_host.lab.key}\n")
    assert run(entry(lab_host, address="web", identities=(), config=str(file))) == Ran(0, b"", "")


def test_a_command_without_an_end_is_unanswered_and_may_have_taken_effect(lab_host: Machine) -> None:
    before = time.monotonic()
    answer = run(entry(lab_host), "/bin/sleep", "30", seconds=0.5)
    assert answer == Unanswered("no answer in time", begun=True)
    assert time.monotonic() - before < 15


def test_nobody_there_is_unanswered_and_nothing_was_begun(lab_host: Machine) -> None:
    answer = run(entry(lab_host, port=9))
    assert isinstance(answer, Unanswered)
    assert not answer.begun


def test_a_program_that_ends_without_reading_is_told_by_its_status(lab_host: Machine) -> None:
    for size in (10, 5_000_000):
        answer = run(entry(lab_host), "/nowhere/program", input=bytes(size))
        assert isinstance(answer, Ran), answer
        assert answer.status == 127


def test_more_output_than_is_read_is_an_error(lab_host: Machine) -> None:
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        run(entry(lab_host), "/usr/bin/head", "-c", "1000000", "/dev/zero", output=1000)


def test_hosts_are_asked_side_by_side_and_answers_keep_their_order(lab_host: Machine) -> None:
    hosts = {f"h{number}": entry(lab_host) for number in range(8)}
    hosts["gone"] = entry(lab_host, port=9)
    with Connections(hosts, limit=8) as connections:
        before = time.monotonic()
        answers = connections.run_all(
            Request(name, ("/bin/sh", "-c", f"sleep 1; echo {name}")) for name in hosts if name != "gone"
        )
        assert [each.output.decode().strip() for each in answers if isinstance(each, Ran)] == [
            f"h{n}" for n in range(8)
        ]
        assert time.monotonic() - before < 8, "they were asked one after the other"
        several = connections.run_all([Request("gone", TRUE), Request("nobody", TRUE), Request("h1", TRUE)])
    assert isinstance(several[0], Unanswered)
    assert isinstance(several[1], UsageError)
    assert several[2] == Ran(0, b"", "")


def test_the_key_that_a_host_shows_is_told_with_its_fingerprint(lab_host: Machine, hosts_lab: HostsLab) -> None:
    shown = host_key(lab_host.address, 22)
    assert shown.split()[0].startswith(("ssh-", "ecdsa-"))
    said = subprocess.run(["ssh-keygen", "-lf", "-"], input=shown, capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == fingerprint(shown)


def test_keys_are_taken_from_a_known_hosts_file(lab_host: Machine, other_key: Path) -> None:
    text = f"{lab_host.address} {lab_host.host_key}\n@cert-authority * {public(other_key)}\n"
    keys, authorities = KnownHosts(text).of(lab_host.address, 22)
    assert keys == (lab_host.host_key,)
    assert authorities == (public(other_key),)


def test_a_damaged_key_is_named() -> None:
    with pytest.raises(InputError, match="no public key"):
        fingerprint("ssh-ed25519 AAAA")
