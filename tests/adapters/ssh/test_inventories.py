"""Inventories of Ansible and tables: hosts as Ansible itself would reach them, hostile files named by line, no program
run and no template evaluated.

The expected values are those of ``ansible-inventory --list`` (ansible-core 2.19), and of its documentation.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.ssh.inventories.model import MOST_BYTES, Entry, Hop, Inventory
from oakum.adapters.ssh.inventories.reading import COLUMNS, read_inventory
from oakum.adapters.ssh.inventories.variables import MEANT
from oakum.errors import InputError, LimitError, OakumError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTtJqwpHFvRkZtkBSkd0TMGGyq3zxuqCnDbvHhCNa8l"
INI = """\
# the shop
mail.example ansible_user=postmaster

[web]
web[01:03].example ansible_host=192.0.2.7
badwolf.example:5309 http_port=80           # a comment

[db]
db-[a:c] ansible_ssh_private_key_file='~/keys/db key'

[db:vars]
ansible_user = admin
ansible_become="yes"
oakum_environment=prod

[shop:children]
web
db

[shop:vars]
ansible_user=deploy
oakum_environment=test
oakum_tier=2
ansible_ssh_common_args='-o ProxyJump=ops@bastion.example:2222 -o StrictHostKeyChecking=no'
"""
YAML = """\
all:
  vars: {ansible_user: deploy, http: {nested: [1, 2]}}
  hosts:
    mail.example:
  children:
    shop:
      children:
        db:
          hosts:
            db-[1:2]: {ansible_host: 192.0.2.8, oakum_labels: {zone: a}, oakum_health: [postgresql]}
          vars: {ansible_become: true, ansible_port: 22022}
"""


def read(text: str, file: str = "hosts.ini") -> Inventory:
    return read_inventory(text.encode(), file)


def entries(text: str, file: str = "hosts.ini") -> dict[str, Entry]:
    return {each.name: each for each in read(text, file).entries}


def one(words: str, section: str = "") -> Entry:
    (found,) = read(f"h {words}\n{section}").entries
    return found


def test_an_ini_inventory_gives_hosts_as_ansible_reaches_them() -> None:
    found = entries(INI)
    assert list(found) == [
        "mail.example", "web01.example", "web02.example", "web03.example", "badwolf.example", "db-a", "db-b", "db-c",
    ]  # fmt: skip
    assert (found["mail.example"].user, found["mail.example"].groups) == ("postmaster", ())
    web = found["web02.example"]
    assert (web.address, web.user, web.environment, web.tier, web.groups) == (
        "192.0.2.7", "deploy", "test", "2", ("shop", "web"),
    )  # fmt: skip
    assert web.jump == (Hop("bastion.example", "ops", 2222),)
    assert found["badwolf.example"].port == 5309
    db = found["db-b"]
    assert (db.user, db.sudo, db.environment, db.identity) == ("admin", True, "prod", "~/keys/db key")


def test_a_yaml_inventory_gives_hosts_as_ansible_reaches_them() -> None:
    found = entries(YAML, "hosts.yaml")
    assert list(found) == ["mail.example", "db-1", "db-2"]
    assert (found["mail.example"].user, found["mail.example"].port) == ("deploy", 0)
    db = found["db-2"]
    assert (db.address, db.port, db.sudo, db.groups) == ("192.0.2.8", 22022, True, ("shop", "db"))
    assert (db.labels, db.health) == ({"zone": "a"}, ("postgresql",))


def test_a_table_gives_hosts() -> None:
    text = (
        "Name,address,port,user,sudo,identity,jump,host_key,environment,tier,labels,rack\n"
        f'web1,192.0.2.1,2222,admin,yes,,"a,ops@b:23",{KEY} me,prod,1,"zone=a,row=3",17\n'
        "# not in use\n"
        "web2,,,,,,,,,,,\n"
    )  # fmt: skip
    found = read(text, "hosts.csv")
    first, second = found.entries
    assert (first.address, first.port, first.user, first.sudo) == ("192.0.2.1", 2222, "admin", True)
    assert first.jump == (Hop("a"), Hop("b", "ops", 23))
    assert (first.host_keys, first.tier, first.labels) == ((KEY,), "1", {"zone": "a", "row": "3"})
    assert second == Entry(name="web2", line=4, address="web2")
    assert found.notes == ("not used here: rack",)


def test_a_nearer_group_goes_before_one_further_out_and_the_host_before_all() -> None:
    text = "[a]\nh\nown oakum_pool=own\n[b:children]\na\n[all:vars]\noakum_pool=all\n[b:vars]\noakum_pool=b\n"
    assert entries(text)["h"].pool == "b"
    assert entries(text + "[a:vars]\noakum_pool=a\n")["h"].pool == "a"
    assert entries(text)["own"].pool == "own"
    # On one level the last by name wins, unless a priority says otherwise.
    level = "[a]\nh\n[b]\nh\n[a:vars]\noakum_pool=a\n[b:vars]\noakum_pool=b\n"
    assert entries(level)["h"].pool == "b"
    assert entries(f"{level}[a:vars]\nansible_group_priority=2\n")["h"].pool == "a"


def test_a_port_behind_a_name_counts_where_the_host_is_first_met() -> None:
    assert entries("h ansible_port=22\n[g]\nh:2201\n")["h"].port == 22
    assert entries("h:2201\n[g]\nh ansible_host=a\n")["h"].port == 2201
    assert entries("h:2201\n[g]\nh ansible_port=22\n")["h"].port == 22


@pytest.mark.parametrize(("pattern", "names"), [
    ("w[1:3]", ["w1", "w2", "w3"]), ("w[01:10:4]", ["w01", "w05", "w09"]), ("w[9:11]", ["w9", "w10", "w11"]),
    ("w[a:c]", ["wa", "wb", "wc"]), ("[a:b]-[1:2]", ["a-1", "a-2", "b-1", "b-2"]), ("w[0:1]", ["w0", "w1"]),
])  # fmt: skip
def test_ranges_hold_both_ends(pattern: str, names: list[str]) -> None:
    assert list(entries(pattern)) == names


@pytest.mark.parametrize(("words", "hops"), [
    ("ansible_ssh_common_args='-J b'", "b"), ("ansible_ssh_common_args='-Jb,c'", "b,c"),
    ("ansible_ssh_extra_args='-4C -o \"ProxyJump b\"'", "b"),
    ("ansible_ssh_common_args='-oProxyJump=[::1]:22'", "[::1]:22"),
    ("ansible_ssh_common_args='-J none'", ""), ("oakum_jump=b ansible_ssh_common_args='-J c'", "b"),
    ("ansible_ssh_common_args='-J a -J b' ansible_ssh_extra_args='-J c'", "a"),
])  # fmt: skip
def test_jump_hosts_are_those_that_ssh_would_take(words: str, hops: str) -> None:
    assert ",".join(map(str, one(words).jump or ())) == hops


def test_without_a_word_about_jump_hosts_nothing_is_said() -> None:
    assert one("ansible_user=a").jump is None
    assert one("ansible_ssh_common_args='-o ControlMaster=auto'").jump is None


def test_what_is_not_followed_is_told_once_and_never_with_its_value() -> None:
    words = "ansible_password=geheim ansible_ssh_common_args='-o StrictHostKeyChecking=no -vvv' a=1 b=2 c=3 d=4 e=5 f=6"
    (note, options) = read(f"h1 {words}\nh2 {words}\n").notes
    assert note == "not used here: a, ansible_password, b, c, d and 2 more"
    assert options.startswith("options of ssh that are not followed: -o StrictHostKeyChecking, -v")
    assert "geheim" not in repr(read(f"h1 {words}\n"))


@pytest.mark.parametrize(("words", "why"), [
    ("ansible_connection=local", "its connection is local"), ("ansible_connection=winrm", "winrm"),
    ("ansible_become=yes ansible_become_method=su", "become_method su"),
    ("ansible_become=yes ansible_become_user=oracle", "become_user oracle"),
])  # fmt: skip
def test_a_host_that_is_not_reached_by_ssh_is_left_out_and_told(words: str, why: str) -> None:
    found = read(f"left {words}\nstays ansible_connection=ssh\n")
    assert [each.name for each in found.entries] == ["stays"]
    assert found.notes[0].startswith("left is left out") and why in found.notes[0]


@pytest.mark.parametrize(("text", "line", "said"), [
    ("ok\nh ansible_host={{ lookup('pipe', 'id') }}", 2, "no variable"), ("h ansible_host='{{x}}'", 1, "template"),
    ("h\n[all:vars]\nansible_user={% raw %}", 3, "template"), ("h ansible_port=70000", 1, "no port"),
    ("h:0", 1, "no port"), ("h ansible_user='a;b'", 1, "cannot be"), ("h ansible_host=-oFile=x", 1, "cannot be"),
    ("h ansible_become=perhaps", 1, "cannot be"), ("h oakum_tier=5", 1, "cannot be"), ("h oakum_labels=z", 1, "label"),
    ("h geheim", 1, "no variable"), ("h 'a", 1, "quotation"), ("[a:b:c]", 1, "range"), ("[a:what]", 1, "cannot be of"),
    ("h\n[a:children]\nb", 3, "no group 'b'"), ("h\n[a:vars]\nx=1", 2, "no group 'a'"),
    ("h\n[a]\n[a:vars]\nx", 4, "variable"),
    ("[a:children]\nb\n[b:children]\na", 2, "holds itself"), ("[a:children]\na", 2, "holds itself"),
    ("w[3:1]", 1, "empty"), ("w[01:100]", 1, "length"), ("w[1:b]", 1, "both ends"), ("w[]", 1, "no range"),
    ("w[1:3:0]", 1, "no range"), ("../etc", 1, "no name"), ("-oFile=x", 1, "no name"), ("a b\x00", 1, "no text"),
    ("2001:db8::1", 1, "no name"), ("h ansible_ssh_common_args='-o ProxyCommand=\"nc %h\"'", 1, "program"),
    ("h ansible_ssh_common_args='-J \"'", 1, "quotation"), ("h ansible_ssh_common_args='-J a;b'", 1, "no jump host"),
    ("#!/usr/bin/python\nprint()", 1, "program"), ("", None, "no host"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(text)
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == ("hosts.ini", line)
    assert caught.value.remedy
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(("text", "line", "said"), [
    ("all: !!python/object/apply:os.system [id]", 1, "tag"), ("all:\n  hosts: &a {h: }\n  vars: *a", 3, "alias"),
    ("all:\n  hosts: [h]", 2, "no mapping"), ("- h", 1, "mapping of groups"), ("all:\n  host: {h: }", 2, "no 'host'"),
    ("all:\n  hosts:\n    h: 7", 3, "no mapping"), ("all:\n  hosts:\n    h: {ansible_host: [a]}", 3, "no text"),
    ("all:\n  hosts:\n    h: {ansible_host: '{{ x }}'}", 3, "template"), ("a:\n  hosts: {h: }\na: {}", 3, "twice"),
    ("all:\n  hosts:\n    h: {ansible_password: !vault x}", 3, "tag"), ("_meta: {hostvars: {h: {a: b}}}", 1, "dynamic"),
    ("a:\n  children:\n    b:\n      children: {a: {vars: {x: y}}}", None, "holds itself"), ("a: [", 2, "YAML"),
])  # fmt: skip
def test_what_is_wrong_in_yaml_is_named_with_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(text, "hosts.yaml")
    assert caught.value.place is not None and caught.value.place.file == "hosts.yaml"
    assert line is None or caught.value.place.line == line


@pytest.mark.parametrize(("text", "said"), [
    ("address\n192.0.2.1\n", "called name"), ("name,name\na,b\n", "twice"), ("name\na\na\n", "one host"),
    ("name\nw[1:2]\n", "one host"), ("name,port\na,b,c\n", "3 fields"), ('name\n"a\n', "CSV"), ("name\n", "no host"),
    ("name,host_key\na,{{ key }}\n", "template"),
])  # fmt: skip
def test_what_is_wrong_in_a_table_is_named(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(text, "hosts.csv")
    assert caught.value.place is not None and caught.value.place.file == "hosts.csv"


@pytest.mark.parametrize("text", [
    "w[1:999999999]", "w[1:200][1:200]", "\n".join(f"[g{at}]" for at in range(3000)), f"h {'a' * 20_000}=1",
    "\n".join(f"[g{at}]\nw[1:9999]" for at in range(20)), "w[1:9999]\nx[1:9999]",
])  # fmt: skip
def test_what_is_too_much_is_refused_before_memory_is_spent(text: str) -> None:
    with pytest.raises(LimitError):
        read(text)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(LimitError):
        read_inventory(b"#" * (MOST_BYTES + 1), "hosts.ini")
    with pytest.raises(InputError, match="UTF-8"):
        read_inventory(b"web\nw\xffb\n", "hosts.ini")


def test_every_column_of_a_table_means_something() -> None:
    assert set(COLUMNS.values()) - {""} <= MEANT


PIECES = st.sampled_from([
    "[", "]", ":", "=", "'", '"', "#", ";", "\n", " ", "web", "[1:3]", "[a:c]", ":children", ":vars", "ansible_host",
    "ansible_port", "22", "{{ x }}", "- ", "all:", "  hosts:", "children:", "vars:", "&a", "*a", "!x", "\0", ",",
    "name", "-J ", "ansible_ssh_common_args", "ansible_become", "yes", "\t", "é", "\u2028", "{", "}",
])  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from(["h.ini", "h.yaml", "h.csv"]))
def test_no_file_does_more_than_give_hosts_or_one_clear_error(text: str, file: str) -> None:
    try:
        found = read_inventory(text.encode(), file)
    except OakumError as error:
        assert error.place is None or error.place.file == file
        return
    for each in found.entries:
        assert "{{" not in each.address + each.user + each.identity
        assert each.port in range(65536)
        assert not each.address.startswith("-") and not each.name.startswith("-")


@given(st.binary(max_size=200), st.sampled_from(["h.ini", "h.yaml", "h.csv"]))
def test_no_bytes_do_more(data: bytes, file: str) -> None:
    with suppress(OakumError):
        read_inventory(data, file)


NAME = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
HOSTS = st.dictionaries(
    NAME, st.fixed_dictionaries({}, optional={
        "ansible_host": NAME, "ansible_port": st.integers(1, 65535).map(str), "ansible_user": NAME,
        "oakum_pool": NAME,
    }), min_size=1, max_size=6,
)  # fmt: skip


@given(HOSTS)
def test_the_three_forms_of_one_inventory_say_the_same(hosts: dict[str, dict[str, str]]) -> None:
    ini = "".join(
        f"{name} {' '.join(f'{key}={value}' for key, value in said.items())}\n" for name, said in hosts.items()
    )
    yaml = "all:\n  hosts:\n" + "".join(
        f"    '{name}': {{{', '.join(f'{key}: {value!r}' for key, value in said.items())}}}\n"
        for name, said in hosts.items()
    )
    columns = ("ansible_host", "ansible_port", "ansible_user", "oakum_pool")
    table = "name,address,port,user,pool\n" + "".join(
        f"{name},{','.join(said.get(key, '') for key in columns)}\n" for name, said in hosts.items()
    )

    def told(text: str, file: str) -> list[tuple[str, ...]]:
        return [(each.name, each.address, str(each.port), each.user, each.pool) for each in read(text, file).entries]

    assert told(ini, "h.ini") == told(yaml, "h.yaml") == told(table, "h.csv")
