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
from oakum.changes.remediations.reading import read_remediations
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
    head = "oakum-remediation/1\n"
    assert stated(f"{head}name x\nversion 1\n")["remediation"] == "x"
    for text in (
        "", "name x\nversion 1\n", "oakum-remediation/2\nname x\nversion 1\n", head, f"{head}name x\n",
        f"{head}version 1\n",
    ):  # fmt: skip
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
        (replaced("A title", "x" * 401), "title is longer than 400"),
        (replaced("https://example.com/a", "https://example.com/" + "a" * 381), "cannot stand in sources"),
        (replaced("    against: [CVE-2024-6387]\n", ""), "against is missing"),
        (replaced("version: 3", "version: 10000"), "version cannot be '10000'"),
        (replaced("{act: 7}", "{act: 1801}"), "act cannot be '1801'"),
        (replaced("{FILE: /etc/one}", "{FILE: " + "x" * 401 + "}"), "the value of FILE"),
        (replaced("{FILE: /etc/one}", '{FILE: "caf\u00e9"}'), "the value of FILE"),
        (replaced("{FILE: /etc/one}", '{FILE: "a\\tb"}'), "the value of FILE"),
        (replaced("[/etc/one]", f"[/{'x' * 200}]"), "no absolute path"),
        (replaced("[/etc/one]", "[/etc/./root]"), "part . or"),
        (replaced("  check: |\n", "  other: x\n  check: |\n"), "unknown field 'other'"),
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


@pytest.mark.parametrize(
    ("text", "field", "length"),
    [
        (replaced("one-more", "x" * 60), "name", 60),
        (replaced("A title", "x" * 400), "title", 400),
        (replaced("A title", "x"), "title", 1),
        (replaced("https://example.com/a", "https://example.com/" + "a" * 380), "sources", 400),
        (replaced("{FILE: /etc/one}", "{FILE: " + "x" * 400 + "}"), "values", 400),
        (replaced("[/etc/one]", f"[/{'x' * 199}]"), "touches", 200),
    ],
)
def test_a_text_of_just_the_longest_length_is_read(text: str, field: str, length: int) -> None:
    (one,) = read(text)
    held = getattr(one, field)
    (held,) = held.values() if isinstance(held, dict) else (held,) if isinstance(held, str) else held
    assert len(held) == length


@pytest.mark.parametrize("seconds", [1, 1800])
def test_a_program_has_from_a_second_to_half_an_hour(seconds: int) -> None:
    (one,) = read(replaced("{act: 7}", f"{{act: {seconds}, undo: {seconds}}}"))
    assert one.seconds == {"check": 10, "act": seconds, "verify": 30, "undo": seconds}


@pytest.mark.parametrize("version", [1, 9999])
def test_versions_go_from_one_to_four_digits(version: int) -> None:
    (one,) = read(replaced("version: 3", f"version: {version}"))
    assert one.version == version


def test_an_act_that_says_no_time_has_a_minute() -> None:
    (one,) = read(replaced("seconds: {act: 7}\n", ""))
    assert one.seconds == {"check": 10, "act": 60, "verify": 30, "undo": 60}
    assert "seconds act 60" in msgspec.structs.replace(one, seconds={}).document


def test_without_a_way_back_it_is_forward_only() -> None:
    (one,) = read(FILE)
    (final,) = read(replaced("""  undo: |\n    rm "$FILE"\n""", ""))
    assert (one.forward_only, final.forward_only) == (False, True)
    assert {*final.programs} == {"check", "act", "verify"}
    assert "undo" not in final.document


def test_it_neither_reboots_nor_drains_unless_it_says_so() -> None:
    (given,) = read(FILE.replace("    values:", "    reboot: yes\n    drain: yes\n    values:"))
    assert (given.reboot, given.drain) == (True, True)
    (one,) = read(FILE)
    fields = msgspec.structs.asdict(one)
    del fields["reboot"], fields["drain"]
    assert Remediation(**fields) == one
    assert (one.reboot, one.drain) == (False, False)


def test_a_file_holds_a_hundred_remediations_and_no_more() -> None:
    head, found, entry = FILE.partition("remediations:\n")
    entries = [entry.replace("one-more", f"one-{number}") for number in range(101)]
    assert len(read(head + found + "".join(entries[:100]))) == 100
    with pytest.raises(InputError, match="101 remediations"):
        read(head + found + "".join(entries))


def test_nesting_beyond_what_a_file_needs_is_a_limit() -> None:
    with pytest.raises(LimitError, match="nested too deeply"):
        read(f"x: {'[' * 6}a{']' * 6}\n{FILE}")
    with pytest.raises(InputError, match="unknown field 'x'"):
        read(f"x: {'[' * 5}a{']' * 5}\n{FILE}")


def test_large_files_and_texts_are_refused() -> None:
    with pytest.raises(LimitError, match="larger than 256 KiB"):
        read("#" * (256 * 1024 + 1))
    assert read(f"{FILE}{'#' * (256 * 1024 - len(FILE))}")
    many = FILE.replace("[/etc/one]", "[" + ", ".join(f"/etc/{'x' * 190}{number}" for number in range(200)) + "]")
    with pytest.raises(LimitError, match="longer than 32,768 bytes"):
        read(many)
    (one,) = read(FILE)
    assert len(one.document) < LONGEST


def filled(length: int) -> str:
    """A file whose only remediation has a text of that length: every path is a line of it, most of 100 characters."""
    (one,) = read(FILE)
    lines, rest = divmod(length - len(one.document) + len("touches /etc/one\n"), 100)
    paths = [f"/{number:090}" for number in range(lines - 1)] + [f"/{'x' * (90 + rest)}"]
    return replaced("[/etc/one]", f"[{', '.join(paths)}]")


def test_a_text_has_32_kib_and_no_more() -> None:
    assert len(read(filled(LONGEST))[0].document) == LONGEST
    with pytest.raises(LimitError, match="longer than 32,768 bytes"):
        read(filled(LONGEST + 1))


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
