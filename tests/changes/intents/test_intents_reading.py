"""Intents as people write them: every mistake is named with file, line, field and remedy."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.model import Intent
from oakum.changes.intents.reading import MAX_BYTES, MAX_INTENTS, IntentEntry, read_intents
from oakum.errors import InputError, LimitError, OakumError
from oakum.policy.scopes import Scope

WHOLE = """\
version: 1
intents:
  - name: kubelets to 1.31
    kind: kubelet
    for: {cluster: prod, node_role: [worker, control-plane], labels: {team: shop}}
    when: pool != "gpu"
    wants:
      to: 1.31.4
  - name: security updates
    kind: packages
    wants: {security: yes}
    after: kubelets to 1.31
    whole: yes
  - name: ingress
    kind: add-on
    wants:
      object: Deployment/ingress/controller
      image: registry.example/controller:v1.11.5
      managed: no
  - {name: one, kind: packages, wants: {names: openssl}}
  - {name: two, kind: packages, wants: {names: [openssl, bash]}, after: [one, ingress]}
"""


def read(text: str) -> tuple[Intent, ...]:
    return read_intents({"i.yaml": text.encode()})


def test_intents_are_read_as_they_stand() -> None:
    kubelets, updates, ingress, one, two = read(WHOLE)
    assert kubelets == Intent(
        name="kubelets to 1.31", kind="kubelet", wants={"to": "1.31.4"},
        scope=Scope(
            {"cluster": ("prod",), "node_role": ("control-plane", "worker")}, {"team": ("shop",)}, 'pool != "gpu"'
        ),
    )  # fmt: skip
    assert updates == Intent(
        name="security updates", kind="packages", wants={"security": True}, after=("kubelets to 1.31",), whole=True
    )
    assert ingress.wants["managed"] is False
    assert (one.wants["names"], two.wants["names"]) == (("openssl",), ("openssl", "bash"))
    assert two.after == ("one", "ingress")


def test_a_name_of_a_hundred_characters_is_short_enough() -> None:
    (intent,) = read(f"version: 1\nintents: [{{name: {'x' * 100}, kind: kernel}}]")
    assert len(intent.name) == 100


def test_a_field_that_is_left_empty_is_not_given() -> None:
    (intent,) = read("version: 1\nintents: [{name: k, kind: kernel, wants: {to: }}]")
    assert intent.wants == {}


def test_a_field_that_a_kind_has_not_is_answered_by_what_its_fields_say() -> None:
    with pytest.raises(InputError) as raised:
        read("version: 1\nintents: [{name: k, kind: kubelet, wants: {too: 1.31.4}}]")
    assert raised.value.remedy == "its fields are to: the version to go to, as 1.31.4"


def test_without_any_intent_the_files_are_named_where_there_are_any() -> None:
    empty = b"version: 1\n"
    with pytest.raises(InputError, match=r"^1\.yaml, 2\.yaml: there is no intent"):
        read_intents({"1.yaml": empty, "2.yaml": empty})
    with pytest.raises(InputError, match=r"^there is no intent"):
        read_intents({})


def test_what_is_not_written_is_no() -> None:
    """So says the schema as well."""
    assert msgspec.convert({"name": "a", "kind": "kernel"}, IntentEntry).whole is False
    (intent,) = read("version: 1\nintents: [{name: a, kind: kernel}]")
    assert (intent.whole, intent.after, intent.wants) == (False, (), {})


def test_a_version_stays_the_text_that_was_written() -> None:
    (intent,) = read("version: 1\nintents: [{name: k, kind: kubelet, wants: {to: 1.30}}]")
    assert intent.wants["to"] == "1.30"


def test_several_files_are_one_list_in_their_order() -> None:
    one = b"version: 1\nintents: [{name: a, kind: kernel, after: b}]\n"
    other = b"version: 1\nintents: [{name: b, kind: kernel}]\n"
    assert [each.name for each in read_intents({"1.yaml": one, "2.yaml": other})] == ["a", "b"]


def test_a_name_stands_once_in_all_files() -> None:
    file = b"version: 1\nintents:\n  - {name: a, kind: kernel}\n"
    with pytest.raises(InputError, match=r"2\.yaml:3: intents\[1\]\.name: .*'a' stands twice .*1\.yaml:3"):
        read_intents({"1.yaml": file, "2.yaml": file})


def test_the_error_of_an_unknown_kind_lists_the_kinds() -> None:
    with pytest.raises(InputError) as raised:
        read(WHOLE.replace("kind: kubelet", "kind: kublet"))
    assert "i.yaml:4: intents[1].kind: 'kublet' is no kind of change" in str(raised.value)
    assert all(kind in raised.value.remedy for kind in KINDS)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1", "version: 2", "i.yaml:1: version: version '2' of the format is not known"),
        ("version: 1", "", "version is missing"),
        ("intents:", "intent:", "i.yaml:3: intent: unknown section 'intent'"),
        ("  - name: kubelets to 1.31\n", "  - label: x\n", "intents[1].name: name is missing"),
        ("    kind: packages\n", "", "intents[2].kind: kind is missing"),
        ("    whole: yes", "    hole: yes", "i.yaml:13: intents[2].hole"),
        ("whole: yes", "whole: perhaps", "intents[2].whole: whole cannot be 'perhaps'"),
        ("cluster: prod", "clutser: prod", "i.yaml:5: intents[1].for.clutser: unknown fact 'clutser'"),
        ('pool != "gpu"', "pool !=", "i.yaml:6: intents[1].when"),
        ('pool != "gpu"', "pod", "i.yaml:6: intents[1].when"),
        ("to: 1.31.4", "too: 1.31.4", "i.yaml:8: intents[1].wants.too: the kind kubelet has no field 'too'"),
        ("to: 1.31.4", "to: [1, 2]", "i.yaml:8: intents[1].wants.to: to is no plain text"),
        ("to: 1.31.4", "to:", "intents[1].wants.to: to is missing"),
        ("security: yes", "security: [yes]", "security is no plain text"),
        ("security: yes", "security: often", "i.yaml:11: intents[2].wants.security: security cannot be 'often'"),
        ("security: yes", "security: no", "i.yaml:11: intents[2].wants: 0 of names, closes and security are given"),
        ("security: yes", "security: yes, names: [a]", "intents[2].wants: 2 of names, closes and security are given"),
        ("names: openssl", "names: {a: b}", "names is no list of texts"),
        ("after: kubelets to 1.31", "after: kubelets", "i.yaml:12: intents[2].after: there is no intent 'kubelets'"),
        ("{names: openssl}}", "{names: openssl}, after: two}", "in a circle: one after two after one"),
        ("{names: openssl}}", "{names: openssl}, after: one}", "in a circle: one after one"),
        ("wants: {security: yes}", "wants: security", "intents[2].wants: wants is no mapping"),
        ("name: one", 'name: "a\\tb"', "a name of more than 100 characters, or of odd ones"),
        ("name: one", f"name: {'x' * 101}", "a name of more than 100 characters"),
        ("name: one", "name: two", "the name 'two' stands twice"),
    ],
)
def test_mistakes_are_named_with_their_place(old: str, new: str, says: str) -> None:
    assert old in WHOLE
    with pytest.raises(InputError) as raised:
        read(WHOLE.replace(old, new, 1))
    assert says in str(raised.value)
    assert str(raised.value).startswith("i.yaml")
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is no mapping"),
        ("[]", "this is no mapping"),
        ("version: 1\n", "there is no intent"),
        ("version: 1\nintents: []\n", "there is no intent"),
        ("version: 1\nintents: {name: a}\n", "intents is no list"),
        ("version: 1\nintents: [a]\n", "intents[1]: this is no mapping"),
        ("version: 1\nintents: &a [*a]\n", "an alias"),
        ("version: 1\nintents: !x []\n", "a tag"),
        ("version: 1\nversion: 1\n", "the key 'version' stands twice"),
        ("version: 1\nintents: [\n", "not valid YAML"),
        ("version: 1\n---\nversion: 1\n", "several documents"),
        ("version: 1\nintents: " + "[" * 40, "nested too deeply"),
    ],
)
def test_files_that_hold_no_intents(text: str, says: str) -> None:
    with pytest.raises(InputError, match=r"i\.yaml") as raised:
        read(text)
    assert says in str(raised.value)


def test_as_much_as_the_reference_allows_is_read() -> None:
    """docs/reference/intents.md: at most 1 MiB, with at most 1,000 intents."""
    many = "".join(f"  - {{name: a{number}, kind: kernel}}\n" for number in range(1000))
    text = f"version: 1\nintents:\n{many}".encode()
    assert len(read_intents({"i.yaml": text + b"#" * (1_048_576 - len(text))})) == 1000
    with pytest.raises(LimitError, match="larger than 1 MiB"):
        read_intents({"i.yaml": text + b"#" * (1_048_577 - len(text))})
    with pytest.raises(LimitError, match="more than 1000 intents"):
        read_intents({"i.yaml": text, "j.yaml": b"version: 1\nintents: [{name: b, kind: kernel}]"})


def test_intents_may_meet_again_without_a_circle() -> None:
    lines = ["{name: a, kind: kernel, after: [b, c, d]}", "{name: b, kind: kernel, after: [d]}",
             "{name: c, kind: kernel, after: [b, d]}", "{name: d, kind: kernel}"]  # fmt: skip
    assert len(read("version: 1\nintents:\n" + "".join(f"  - {each}\n" for each in lines))) == 4


def test_many_ways_from_one_intent_to_another_are_looked_at_once() -> None:
    many = "".join(
        f"  - {{name: a{number}, kind: kernel, after: [a{number + 1}, a{number + 2}]}}\n" for number in range(60)
    )
    text = f"version: 1\nintents:\n{many}  - {{name: a60, kind: kernel}}\n  - {{name: a61, kind: kernel}}\n"
    assert len(read(text)) == 62


def test_a_circle_is_told_without_what_leads_to_it_and_at_the_line_that_closes_it() -> None:
    lines = [
        "{name: a, kind: kernel, after: [x, b]}", "{name: x, kind: kernel}", "{name: b, kind: kernel, after: [y, c]}",
        "{name: c, kind: kernel, after: [x, d]}", "{name: d, kind: kernel, after: b}", "{name: y, kind: kernel}",
    ]  # fmt: skip
    with pytest.raises(InputError) as raised:
        read("version: 1\nintents:\n" + "".join(f"  - {each}\n" for each in lines))
    says = "i.yaml:7: intents[5].after: these come after each other in a circle: b after c after d after b"
    assert str(raised.value).startswith(says)


def test_what_is_too_much_is_refused() -> None:
    many = "".join(f"  - {{name: a{number}, kind: kernel}}\n" for number in range(MAX_INTENTS + 1))
    with pytest.raises(LimitError, match=f"more than {MAX_INTENTS} intents"):
        read(f"version: 1\nintents:\n{many}")
    with pytest.raises(LimitError, match="larger than 1 MiB"):
        read_intents({"i.yaml": b" " * (MAX_BYTES + 1)})
    with pytest.raises(InputError, match=r"i\.yaml:2: the file is not UTF-8"):
        read_intents({"i.yaml": b"version: 1\nintents: \xff\n"})


def test_a_long_chain_of_intents_is_no_circle_and_no_recursion() -> None:
    many = "".join(f"  - {{name: a{number}, kind: kernel, after: a{number + 1}}}\n" for number in range(900))
    assert len(read(f"version: 1\nintents:\n{many}  - {{name: a900, kind: kernel}}\n")) == 901


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written(kind: str) -> None:
    """With all that it needs; and a field that it needs and that is not there is named."""
    values = {str: "/usr/local/bin/x", tuple: ["x"], bool: True}
    wants = {name: values[field.form] for name, field in KINDS[kind].fields.items() if field.needed}
    if kind == "packages":
        wants = {"names": ["openssl"]}
    if kind == "script":
        wants = {"run": "/usr/local/bin/x", "check": "/usr/local/bin/y"}
    document = {"version": 1, "intents": [{"name": "x", "kind": kind, "wants": wants}]}
    (intent,) = read(json.dumps(document))
    assert intent.kind == kind
    for name in wants:
        document["intents"] = [{"name": "x", "kind": kind, "wants": {key: wants[key] for key in wants if key != name}}]
        with pytest.raises(InputError, match=r"is missing|are given"):
            read(json.dumps(document))


PIECES = st.sampled_from([*"{}[]:,\n\t'\"é0#", "  ", "- ", "&a ", "*a", "!!x ", "after: one", "yes"])


@given(at=st.integers(0, len(WHOLE)), length=st.integers(0, 12), piece=PIECES)
def test_intents_with_anything_anywhere(at: int, length: int, piece: str) -> None:
    try:
        found = read(WHOLE[:at] + piece + WHOLE[at + length :])
    except OakumError as error:
        assert "i.yaml" in str(error)
        assert error.what
    else:
        assert all(each.kind in KINDS for each in found)


@given(data=st.binary(max_size=60))
def test_bytes_that_are_no_intents(data: bytes) -> None:
    try:
        read_intents({"i.yaml": b"version: 1\nintents: " + data})
    except OakumError as error:
        assert error.what
