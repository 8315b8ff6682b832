"""Business context: what somebody said with its line, and a marked default for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fleet.examples import at_least

from oakum.errors import InputError, LimitError, OakumError
from oakum.fleet.context import DEFAULTS, VALUES, ContextRules, parse

YAML = b"""\
# who owns what
assets:
  - name: "*"
    owner: operations
    public_exposure: no
  - name: web-*
    kind: host
    tier: 1
    public_exposure: true
    human_impact: very_high
    system_exposure: ~
"""
CSV = b"""\
name,kind,owner,tier,data_sensitivity
# a comment
*,,"operations, night",3,
db-?,image,,1,restricted
"""


def test_later_rules_override_fact_by_fact_and_name_their_line() -> None:
    rules = parse(YAML, "context.yaml")
    web = rules.of("web-1", "host")
    assert (web.owner.value, web.owner.source, web.owner.default) == (
        "operations",
        "context file context.yaml:4",
        False,
    )
    assert (web.tier.value, web.tier.source) == ("1", "context file context.yaml:8")
    assert (web.public_exposure.value, web.human_impact.value) == ("yes", "very high")
    assert web.system_exposure.default
    other = rules.of("web-1", "image")
    assert (other.public_exposure.value, other.public_exposure.default) == ("no", False)
    assert other.tier.default


def test_csv_says_the_same_and_an_empty_cell_says_nothing() -> None:
    rules = parse(CSV, "context.CSV")
    database = rules.of("db-1", "image")
    assert (database.owner.value, database.owner.source) == ("operations, night", "context file context.CSV:3")
    assert (database.tier.value, database.data_sensitivity.value) == ("1", "restricted")
    assert rules.of("db-1", "host").tier.value == "3"
    assert rules.of("db-1", "host").data_sensitivity.default


def test_every_default_is_marked_and_unknown_exposure_never_lowers_urgency() -> None:
    context = ContextRules().of("x", "host")
    for key in VALUES:
        fact = getattr(context, key)
        assert fact.default
        assert fact.value == DEFAULTS[key][0]
        assert not VALUES[key] or fact.value in VALUES[key]
        assert fact.source.startswith("default: ")
    assert (context.public_exposure.value, context.system_exposure.value) == ("yes", "open")


def test_who_is_not_public_is_not_open_but_that_stays_a_default() -> None:
    context = parse(b"- name: x\n  public_exposure: 'no'\n", "c.yaml").of("x", "host")
    assert (context.system_exposure.value, context.system_exposure.default) == ("controlled", True)
    context = parse(b"- name: x\n  public_exposure: no\n  system_exposure: small\n", "c.yaml").of("x", "host")
    assert (context.system_exposure.value, context.system_exposure.default) == ("small", False)


def test_globs_match_whole_names_and_case() -> None:
    rules = parse(b"- {name: 'web[12]', tier: 1}", "c.yaml")
    assert [rules.of(name, "host").tier.value for name in ("web1", "web3", "web11", "WEB1")] == ["1", "2", "2", "2"]


LAUGHS = b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(20))
BAD: dict[str, tuple[str, bytes, int | None, str]] = {
    "empty": ("c.yaml", b"", None, "no rules"),
    "empty csv": ("c.csv", b"", None, "no rules"),
    "only a header": ("c.csv", b"name,tier\n", None, "no rules"),
    "no rules": ("c.yaml", b"assets: []", None, "no rules"),
    "latin-1": ("c.yaml", "- name: x\n  owner: é".encode("latin-1"), 2, "not UTF-8"),
    "truncated": ("c.yaml", b'- name: x\n  owner: "ab', 2, "not valid YAML"),
    "control": ("c.yaml", b"- name: \x00", 1, "not valid YAML"),
    "a text": ("c.yaml", b"hello", None, "not a list"),
    "a mapping": ("c.yaml", b"web: {tier: 1}", None, "unknown key 'web'"),
    "a list of texts": ("c.yaml", b"- web", None, "a rule is a mapping"),
    "a list as value": ("c.yaml", b"- name: x\n  owner: [a]", None, "plain text"),
    "a mapping as key": ("c.yaml", b"- {a: b}: c", 1, "plain word"),
    "unknown key": ("c.yaml", b"- name: x\n  tear: 1", 2, "unknown key 'tear'"),
    "unknown column": ("c.csv", b"name,tear\nx,1\n", 2, "unknown key 'tear'"),
    "unknown value": ("c.yaml", b"- name: x\n  tier: 9", 2, "cannot be '9'"),
    "unknown kind": ("c.yaml", b"- name: x\n  kind: planet", 2, "unknown kind"),
    "no selector": ("c.yaml", b"- tier: 1", 1, "selects no asset"),
    "duplicate key": ("c.yaml", b"- name: x\n  tier: 1\n  tier: 2", 3, "stands twice"),
    "duplicate column": ("c.csv", b"name,tier,tier\nx,1,2\n", 1, "stands twice"),
    "alias": ("c.yaml", b"- name: &a x\n- name: *a", 2, "alias"),
    "billion laughs": ("c.yaml", LAUGHS, 2, "alias"),
    "tag": ("c.yaml", b"- name: !!python/object/apply:os.system [id]", 1, "tag"),
    "two documents": ("c.yaml", b"- name: x\n---\n- name: y", 2, "several documents"),
    "deep": ("c.yaml", b"[" * 10_000, 1, "deeply"),
    "long value": ("c.yaml", b"- name: x\n  owner: " + b"a" * 300, 2, "256"),
    "star bomb": ("c.yaml", b"- name: '" + b"*a" * 60 + b"'", 1, "stars"),
    "ragged": ("c.csv", b"name,tier\nx,1,2\n", 2, "3 fields"),
    "open quote": ("c.csv", b'name,tier\n"x,1\n', 2, "not valid CSV"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_where_and_the_remedy(case: str) -> None:
    name, data, line, words = BAD[case]
    with pytest.raises(InputError) as caught:
        parse(data, name)
    assert words in caught.value.what
    assert caught.value.remedy
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == (name, line)


def test_an_unknown_key_or_value_lists_what_is_allowed() -> None:
    with pytest.raises(InputError) as caught:
        parse(b"- name: x\n  system_exposure: wide", "c.yaml")
    assert "small, controlled, open" in caught.value.remedy
    with pytest.raises(InputError) as caught:
        parse(b"- name: x\n  colour: red", "c.yaml")
    assert all(key in caught.value.remedy for key in VALUES)


def test_huge_files_are_refused() -> None:
    with pytest.raises(LimitError):
        parse(b"#" * (9 << 20), "c.yaml")
    with pytest.raises(LimitError):
        parse(b"name\n" + b"x\n" * 20_001, "c.csv")


@given(st.text(alphabet="-: \n[]{}&*!'\"#,name|>%@tier1~\t", max_size=60), st.sampled_from(["c.csv", "c.yaml"]))
@settings(max_examples=at_least(400))
def test_no_text_raises_anything_else(text: str, name: str) -> None:
    for data in (text.encode(), b"- name: x\n  owner: " + text.encode()):
        try:
            parse(data, name).of("x", "host")
        except OakumError as error:
            assert error.remedy


@given(st.binary(max_size=60), st.sampled_from(["c.csv", "c.yaml"]))
@settings(max_examples=at_least(200))
def test_no_bytes_raise_anything_else(data: bytes, name: str) -> None:
    try:
        parse(data, name)
    except OakumError as error:
        assert error.remedy
