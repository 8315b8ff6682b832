"""``oakum host add --from``: all hosts of an inventory with their keys and ways, or none of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

Out = pytest.CaptureFixture[str]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTtJqwpHFvRkZtkBSkd0TMGGyq3zxuqCnDbvHhCNa8l"
INI = """\
[edge]
bastion ansible_host=192.0.2.1 ansible_port=2222 ansible_user=ops
[web]
web[1:2] ansible_become=yes ansible_user=deploy oakum_health=nginx http_port=80
[web:vars]
ansible_ssh_common_args='-J ops@192.0.2.1:2222'
oakum_environment=prod
[windows]
desk ansible_connection=winrm
"""


class Desk:
    """An inventory, the keys of its hosts, and a data folder."""

    def __init__(self, folder: Path, capsys: Out) -> None:
        self.folder, self.capsys = folder, capsys
        self.file, self.keys = folder / "hosts.ini", folder / "known_hosts"
        self.file.write_text(INI)
        self.keys.write_text(f"[192.0.2.1]:2222 {KEY}\nweb1,web2 {KEY}\n")

    def add(self, *words: str) -> int:
        given = ["--known-hosts", str(self.keys), "--data", str(self.folder / "data"), *words]
        return main(["host", "add", "--from", str(self.file), *given])

    def listed(self) -> dict[str, Any]:
        self.capsys.readouterr()
        assert main(["host", "list", "-o", "json", "--data", str(self.folder / "data")]) == 0
        found: dict[str, Any] = json.loads(self.capsys.readouterr().out)["hosts"]
        return found


@pytest.fixture
def desk(tmp_path: Path, capsys: Out) -> Desk:
    return Desk(tmp_path, capsys)


def test_the_hosts_of_an_inventory_are_added_with_keys_ways_and_groups(desk: Desk) -> None:
    assert desk.add("--label", "site=a") == 0
    said = desk.capsys.readouterr()
    assert said.out == "3 added; see oakum host list\n"
    assert "desk is left out: its connection is winrm" in said.err and "not used here: http_port" in said.err
    assert desk.listed() == {
        "bastion": {
            "address": "192.0.2.1", "port": 2222, "user": "ops", "host_keys": [KEY],
            "labels": {"site": "a", "group/edge": "yes"},
        },
        **{name: {
            "address": name, "user": "deploy", "sudo": True, "host_keys": [KEY], "jump": "bastion",
            "environment": "prod", "labels": {"site": "a", "group/web": "yes"}, "health": ["nginx.service"],
        } for name in ("web1", "web2")},
    }  # fmt: skip


def test_the_same_inventory_again_changes_nothing_and_another_one_only_when_asked(desk: Desk) -> None:
    assert desk.add() == 0
    before = desk.listed()
    assert desk.add() == 0
    assert "3 known already" in desk.capsys.readouterr().out
    desk.file.write_text(INI.replace("oakum_environment=prod", "oakum_environment=test"))
    assert desk.add() == 2
    assert "known already, and otherwise: web1, web2" in desk.capsys.readouterr().err
    assert desk.listed() == before
    assert desk.add("--replace") == 0
    assert desk.capsys.readouterr().out == "2 replaced, 1 known already; see oakum host list\n"
    assert desk.listed()["web2"]["environment"] == "test"


def test_only_the_hosts_of_a_group_and_what_they_go_through_has_to_be_known(desk: Desk) -> None:
    assert desk.add("--group", "web") == 2
    assert "web1 is reached through ops@192.0.2.1:2222, which is not known" in desk.capsys.readouterr().err
    assert desk.listed() == {}
    assert desk.add("--group", "edge") == 0
    assert desk.add("--group", "web") == 0
    assert list(desk.listed()) == ["bastion", "web1", "web2"]
    assert desk.add("--group", "nobody") == 2
    assert "the groups: edge, web" in desk.capsys.readouterr().err


def test_without_a_key_of_every_host_none_is_added(desk: Desk) -> None:
    desk.keys.write_text(f"[192.0.2.1]:2222 {KEY}\n")
    assert desk.add() == 2
    assert "nothing says which keys these have: web1 (web1), web2 (web2)" in desk.capsys.readouterr().err
    assert desk.listed() == {}
    desk.keys.write_text(f"@cert-authority * {KEY}\n")
    assert desk.add() == 0
    assert desk.listed()["web2"]["host_cas"] == [KEY]


def test_a_table_may_bring_the_keys_itself(desk: Desk) -> None:
    desk.file = desk.folder / "hosts.csv"
    desk.file.write_text(f"name,address,host_key,jump\nold,192.0.2.9,{KEY},new\nnew,192.0.2.8,{KEY},\n")
    assert desk.add("--user", "admin", "--sudo") == 0
    found = desk.listed()
    assert (found["old"]["jump"], found["old"]["user"], found["new"]["sudo"]) == ("new", "admin", True)
    # Root needs no sudo.
    assert desk.add("--sudo", "--replace") == 0
    assert "sudo" not in desk.listed()["new"]


def test_several_jump_hosts_have_to_be_known_in_their_order(desk: Desk) -> None:
    desk.file.write_text("[x]\na\nb oakum_jump=a\nc oakum_jump=a,b\nd oakum_jump=b,a\n")
    desk.keys.write_text(f"a,b,c,d {KEY}\n")
    assert desk.add() == 2
    assert "d is reached through b and a, but a is not known to be reached through b" in desk.capsys.readouterr().err
    desk.file.write_text("[x]\na\nb oakum_jump=a\nc oakum_jump=a,b\n")
    assert desk.add() == 0
    assert desk.listed()["c"]["jump"] == "b"


def test_nobody_is_reached_through_himself(desk: Desk) -> None:
    desk.file.write_text("a oakum_jump=b\nb oakum_jump=a\n")
    desk.keys.write_text(f"a,b {KEY}\n")
    assert desk.add() == 2
    assert "reached through itself: a, b, a" in desk.capsys.readouterr().err
    # One jump host for all, which is itself among them.
    desk.file.write_text("a\nb\n")
    assert desk.add() == 0
    assert desk.add("--jump", "a", "--replace") == 0
    assert {name: each.get("jump") for name, each in desk.listed().items()} == {"a": None, "b": "a"}


@pytest.mark.parametrize(("words", "said"), [
    (["--trust-first-use"], "for one host"), (["--host-key", KEY], "for one host"), (["--user", "A;B"], "no account"),
    (["--jump", "nobody"], "no host 'nobody'"),
])  # fmt: skip
def test_what_makes_no_sense_for_many_hosts(desk: Desk, words: list[str], said: str) -> None:
    desk.file.write_text("web1\nweb2\n")
    assert desk.add(*words) == 2
    assert said in desk.capsys.readouterr().err
    assert desk.listed() == {}


def test_a_folder_is_put_together_by_ansible_and_variables_beside_are_told(desk: Desk) -> None:
    (desk.folder / "group_vars").mkdir()
    assert desk.add() == 0
    assert "group_vars beside it are not read; ansible-inventory" in desk.capsys.readouterr().err
    desk.file = desk.folder
    assert desk.add() == 2
    assert "ansible-inventory -i FOLDER" in desk.capsys.readouterr().err
    desk.file = desk.folder / "absent"
    assert desk.add() == 2


def test_one_host_still_needs_a_name_and_an_address(desk: Desk) -> None:
    assert main(["host", "add", "web1", "--host-key", KEY]) == 2
    assert "which host?" in desk.capsys.readouterr().err
    assert main(["host", "add", "web1", "h", "--host-key", KEY, "--group", "web"]) == 2
