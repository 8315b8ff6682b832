"""Files of remediations: what they say, the one text that comes of it, and what is refused, where and why."""

from __future__ import annotations

import hashlib
import re
import subprocess
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.remediations.model import LONGEST, PROGRAMS, Remediation, stated
from oakum.changes.remediations.pinned import PINNED
from oakum.changes.remediations.reading import MAX_BYTES, read_remediations
from oakum.errors import InputError, LimitError, OakumError

FILE = """\
format: oakum-remediations/1
seconds: {act: 7}
programs:
  common: |
    wanted() { echo 1; }
  check: |
    [ -e "$FILE" ] || exit 3
  act: |
    wanted >"$FILE"
    program act
  verify: |
    true
  undo: |
    rm "$FILE"
remediations:
  - name: one-more
    version: 3
    title: A title
    against: [CVE-2024-6387]
    sources: [https://example.com/a]
    effect: Nothing is
      missed.
    applies: Everywhere.
    values: {FILE: /etc/one}
    touches: [/etc/one]
"""


def read(text: str) -> tuple[Remediation, ...]:
    return read_remediations(text.encode(), "own.yaml")


def test_the_text_of_a_remediation_says_everything_a_line_each() -> None:
    (one,) = read(FILE)
    assert (
        one.document
        == """\
oakum-remediation/1
name one-more
version 3
title A title
against CVE-2024-6387
source https://example.com/a
effect Nothing is missed.
applies Everywhere.
reboot no
drain no
value FILE /etc/one
touches /etc/one
seconds check 10
seconds act 7
seconds verify 30
seconds undo 60
program common
|wanted() { echo 1; }
program check
|[ -e "$FILE" ] || exit 3
program act
|wanted >"$FILE"
|program act
program verify
|true
program undo
|rm "$FILE"
"""
    )
    assert one.digest == hashlib.sha256(one.document.encode()).hexdigest()
    assert one.label == f"3@{one.digest[:12]}"


def test_how_a_file_is_written_does_not_matter_and_every_word_does() -> None:
    (one,) = read(FILE)
    head, _, entries = FILE.partition("remediations:\n")
    reordered = f"remediations:\n{entries}{head}".replace(
        "effect: Nothing is\n      missed.", "effect: Nothing is missed."
    )
    assert read(f"# a comment\n{reordered}") == (one,)
    digests = {one.digest}
    changes: dict[str, object] = {
        "name": "other", "version": 4, "title": "x", "against": ("CVE-2024-0001",), "sources": ("https://example.com/",),
        "effect": "x", "applies": "x", "common": "", "values": {"FILE": "/etc/two"}, "touches": (), "reboot": True,
        "drain": True, "seconds": {"act": 8},
    }  # fmt: skip
    changes["programs"] = {key: text for key, text in one.programs.items() if key != "undo"}
    assert {*changes} == {*Remediation.__struct_fields__}
    for field, value in changes.items():
        digests.add(msgspec.structs.replace(one, **{field: value}).digest)
    for program in PROGRAMS:
        digests.add(
            msgspec.structs.replace(one, programs=one.programs | {program: one.programs[program] + " \n"}).digest
        )
    assert len(digests) == 1 + len(changes) + len(PROGRAMS)


def test_what_a_plan_rests_on_is_read_from_the_text_alone() -> None:
    (one,) = read(FILE)
    says = {"remediation": "one-more", "version": "3", "digest": one.digest, "reboot": False, "drain": False,
            "forward_only": False, "effect": "Nothing is missed."}  # fmt: skip
    assert stated(one.document) == says
    final = {key: text for key, text in one.programs.items() if key != "undo"}
    other = msgspec.structs.replace(one, reboot=True, drain=True, programs=final)
    assert stated(other.document) == says | {
        "digest": other.digest, "reboot": True, "drain": True, "forward_only": True
    }  # fmt: skip
    # A program that prints such lines says nothing of the remediation.
    lying = final | {"act": "reboot no\nprogram undo\nname other\n"}
    assert stated(msgspec.structs.replace(other, programs=lying).document)["forward_only"] is True
    for text in ("", "name x\nversion 1\n", "oakum-remediation/2\nname x\nversion 1\n", "oakum-remediation/1\n"):
        assert stated(text) == {}


def replaced(old: str, new: str) -> str:
    assert old in FILE
    return FILE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no mapping"),
        ("[]", "no mapping"),
        (replaced("remediations/1", "remediations/2"), r"own\.yaml:1: format: .* is not known"),
        (replaced("format: ", "formal: "), "format is missing"),
        (replaced("  act: |\n    wanted >", "  run: |\n    wanted >"), "act is missing"),
        (replaced("  check: |\n", "  check: [x]\n  other: |\n"), "check is no plain text"),
        (replaced("    true\n", "    true \x07\n"), "not valid YAML|printable ASCII"),
        (replaced("    true\n", "    echo caf\u00e9\n"), "printable ASCII"),
        (replaced("    true\n", "    " + "x" * 5000 + "\n"), "has 500[01] characters"),
        (replaced("{act: 7}", "{act: 0}"), "act cannot be '0'"),
        (replaced("{act: 7}", "{act: 99999}"), "act cannot be '99999'"),
        (replaced("{act: 7}", "{run: 7}"), "unknown field 'run'"),
        (replaced("one-more", "../one"), "no name of a remediation"),
        (replaced("one-more", "One"), "no name of a remediation"),
        (replaced("one-more", "a--b"), "no name of a remediation"),
        (replaced("one-more", "x" * 61), "no name of a remediation"),
        (replaced("version: 3", "version: 3.1"), "version cannot be '3.1'"),
        (replaced("version: 3", "version: 0"), "version cannot be '0'"),
        (replaced("    version: 3\n", ""), "version is missing"),
        (replaced("A title", '"a\\tb \\x01"'), "title is longer|odd"),
        (replaced("CVE-2024-6387", "GHSA-1"), "cannot stand in against"),
        (replaced("[CVE-2024-6387]", "[]"), "against is"),
        (replaced("https://example.com/a", "http://example.com/a"), "cannot stand in sources"),
        (replaced("https://example.com/a", '"https://example.com/a b"'), "cannot stand in sources"),
        (replaced("{FILE: /etc/one}", "{file: /etc/one}"), "cannot be the name of a value"),
        *((replaced("{FILE: /etc/one}", f"{{{name}: x}}"), "cannot be the name of a value")
          for name in ("PATH", "IFS", "ENV", "LD_PRELOAD", "LC_ALL", "PS4", "HOME", "A-B", "1A")),
        (replaced("{FILE: /etc/one}", '{FILE: "a\\nb"}'), "the value of FILE"),
        (replaced("{FILE: /etc/one}", '{FILE: ""}'), "the value of FILE"),
        (replaced("[/etc/one]", "[etc/one]"), "no absolute path"),
        (replaced("[/etc/one]", "[/etc/../root]"), "part . or"),
        (replaced("[/etc/one]", '["/etc/a b"]'), "no absolute path"),
        (replaced("[/etc/one]", '["/etc/$(x)"]'), "no absolute path"),
        (replaced("[/etc/one]", "[/]"), "no absolute path"),
        (replaced("    values:", "    unknown: 1\n    values:"), "unknown field 'unknown'"),
        (replaced("remediations:\n", "others: 1\nremediations:\n"), "unknown field 'others'"),
        (FILE + FILE.partition("remediations:\n")[2], "the name 'one-more' stands twice"),
        (FILE.partition("remediations:\n")[0] + "remediations: []\n", "0 remediations"),
        (replaced("A title", "&a [*a]"), "alias|anchor|plain text|not"),
        (replaced("A title", "!!python/object/apply:os.system [id]"), "tag"),
    ],
)  # fmt: skip
def test_what_a_host_could_misunderstand_is_refused(text: str, said: str) -> None:
    with pytest.raises(OakumError, match=said) as found:
        read(text)
    assert str(found.value).startswith("own.yaml")


def test_large_files_and_texts_are_refused() -> None:
    with pytest.raises(LimitError, match="larger than 256 KiB"):
        read("#" * (MAX_BYTES + 1))
    many = FILE.replace("[/etc/one]", "[" + ", ".join(f"/etc/{'x' * 190}{number}" for number in range(200)) + "]")
    with pytest.raises(LimitError, match="longer than 32,768 bytes"):
        read(many)
    (one,) = read(FILE)
    assert len(one.document) < LONGEST


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_stumble(data: bytes) -> None:
    for whole in (data, FILE.encode() + data, FILE.encode()[: len(data) * 2] + data):
        try:
            found = read_remediations(whole, "own.yaml")
        except InputError as refused:
            assert str(refused).startswith("own.yaml")
        else:
            assert found and all(stated(one.document)["remediation"] == one.name for one in found)


def all_shipped() -> list[Remediation]:
    folder = resources.files("oakum.changes.remediations").joinpath("data")
    return [one for file in folder.iterdir() for one in read_remediations(file.read_bytes(), file.name)]


SHIPPED = {one.name: one for one in all_shipped()}


def test_the_shipped_ones_are_those_that_are_pinned() -> None:
    assert {name: one.digest for name, one in SHIPPED.items()} == PINNED
    assert len(SHIPPED) == len(all_shipped()) >= 8


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_program_is_one_that_every_shell_reads(name: str) -> None:
    one = SHIPPED[name]
    for program, text in one.programs.items():
        whole = one.common + text
        for shell in ("sh", "bash --posix"):
            subprocess.run([*shell.split(), "-n", "-c", whole], check=True)
        assert not re.search(r"\[\[ |\bfunction\b|\blocal\b|<\(|&>|\beval\b", whole), program
    named = {*re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", one.common + "".join(one.programs.values()))}
    assert {*one.values} <= named, "a value that no program reads"
    for path in one.touches:
        assert not path.startswith(("/var/lib/oakum", "/proc/self", "/tmp/"))
    for value in one.values.values():
        if value.startswith("/etc/") and "/" in value:
            assert value in one.touches, "a file that it writes is among what it touches"
