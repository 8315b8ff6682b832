"""The section ``approvers``: who people are, by their keys; and keys that are none."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from oakum.errors import InputError
from oakum.policy.reading import read
from oakum.policy.ssh_keys import KINDS, read_key, read_signature


def packed(*parts: bytes) -> bytes:
    return b"".join(len(each).to_bytes(4) + each for each in parts)


def line(kind: str, *parts: bytes) -> str:
    return f"{kind} {base64.b64encode(packed(kind.encode(), *parts)).decode()}"


ONE, OTHER = line("ssh-ed25519", b"1" * 32), line("ssh-ed25519", b"2" * 32)
RSA = line("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 256)


def policy(*entries: str) -> bytes:
    return ("roles: {platform: p, security: s}\napprovers:\n" + "".join(f"- {{{each}}}\n" for each in entries)).encode()


def approver(name: str, *keys: str, more: str = "roles: [platform]") -> str:
    return f"name: {name}, {more}, keys: [{', '.join(keys)}]"


def test_people_are_read_by_name_whatever_comment_their_keys_have() -> None:
    found = read({"p.yaml": policy(approver("b", f"{OTHER} somebody@example.com", RSA), approver("a", ONE))}).checked()
    assert [(each.name, each.roles, each.break_glass) for each in found.approvers] == [
        ("b", ("platform",), False), ("a", ("platform",), False),
    ]  # fmt: skip
    assert found.approvers[0].keys == tuple(sorted([OTHER, RSA]))
    assert "example.com" not in found.canonical().decode()


def test_the_digest_knows_people_but_not_their_order() -> None:
    one, two = approver("a", ONE), approver("b", OTHER)
    digest = read({"p.yaml": policy(one, two)}).checked().digest
    assert read({"p.yaml": policy(two, one)}).checked().digest == digest
    for other in (approver("a", RSA), approver("a", ONE, more="roles: [security]"),
                  approver("a", ONE, more="roles: [platform], break_glass: yes")):  # fmt: skip
        assert read({"p.yaml": policy(other, two)}).checked().digest != digest


@pytest.mark.parametrize(("entries", "says"), [
    ([approver("a", ONE), approver("b", OTHER, ONE)], "'b' has a key of 'a'"),
    ([approver("a", ONE), approver("a", OTHER)], "stands twice"),
    ([approver("a")], "keys is no list"),
    ([approver("a", ONE, more="roles: []")], "roles is"),
    ([approver("a", ONE, more="roles: [platform], when: x")], "unknown field"),
    ([approver("a", "ssh-ed25519")], "no public SSH key"),
])  # fmt: skip
def test_entries_that_are_wrong(entries: list[str], says: str) -> None:
    reading = read({"p.yaml": policy(*entries)})
    with pytest.raises(InputError, match=says) as caught:
        reading.checked()
    assert "p.yaml:" in str(caught.value)


WRONG: dict[str, tuple[str, str]] = {
    "another kind": (line("ssh-dss", b"1", b"2", b"3", b"4"), "no public SSH key"),
    "a certificate": (line("ssh-ed25519-cert-v01@openssh.com", b"1"), "no public SSH key"),
    "a private key": ("-----BEGIN OPENSSH PRIVATE KEY-----", "no public SSH key"),
    "no base64": ("ssh-ed25519 A!!!", "not base64"),
    "another kind inside": (f"ssh-rsa {ONE.split()[1]}", "may not sign"),
    "cut off": (f"ssh-ed25519 {ONE.split()[1][:40]}", "may not sign"),
    "too short a key": (line("ssh-ed25519", b"1" * 31), "cut off"),
    "something behind it": (line("ssh-ed25519", b"1" * 32, b"more"), "cut off"),
    "a short RSA key": (line("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 255), "too short"),
    "nothing": ("", "no public SSH key"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_what_is_no_key_of_anybody(text: str, says: str) -> None:
    assert read_key(f"{RSA} comment") == RSA
    with pytest.raises(InputError, match=says):
        read_key(text)


def armoured(data: bytes) -> bytes:
    body = base64.b64encode(data)
    return b"-----BEGIN SSH SIGNATURE-----\n" + body + b"\n-----END SSH SIGNATURE-----\n"


BODY = packed(packed(b"ssh-ed25519", b"1" * 32), b"space", b"", b"sha512", b"signature")
HEAD = b"SSHSIG\0\0\0\x01"


@pytest.mark.parametrize(("change", "says"), [
    (lambda data: armoured(b"SSHSIG\0\0\0\x02" + BODY), "version 1"),
    (lambda data: armoured(b"OTHER" + data), "version 1"),
    (lambda data: armoured(data[:-1]), "cut off"), (lambda data: armoured(data + b"\0"), "cut off"),
    (lambda data: armoured(HEAD + packed(packed(b"ssh-dss", b"1"), b"space", b"", b"sha512", b"s")), "may not sign"),
    (lambda data: armoured(HEAD), "cut off"), (lambda data: b"-----BEGIN SSH SIGNATURE-----", "no SSH signature"),
    (lambda data: armoured(data) + b"more", "no SSH signature"),
    (lambda data: armoured(b"\0" * 20_000), "no SSH signature"),
])  # fmt: skip
def test_what_is_no_signature(change: Callable[[bytes], bytes], says: str) -> None:
    good = read_signature(armoured(HEAD + BODY))
    assert (good.key, good.namespace) == (ONE, "space")
    with pytest.raises(InputError, match=says):
        read_signature(change(HEAD + BODY))


def test_every_kind_is_one_that_ssh_keygen_signs_with() -> None:
    assert not any("cert" in each or "dss" in each for each in KINDS)
