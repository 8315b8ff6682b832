"""Entries: one form, and nothing in it that anybody would want taken out again."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.ledgers import BEGIN, entry

from oakum.errors import InputError, OakumError
from oakum.ledger.discretion import looks_like, pseudonym
from oakum.ledger.entries import KINDS, Entry, canonical, digest, read_entry, tellable

DIGEST = digest(b"")


def test_an_entry_has_one_form() -> None:
    made = Entry(kind="plan", at=BEGIN, actor="oakum", body=DIGEST)
    expected = f'{{"actor":"oakum","at":"2026-01-31T06:00:00Z","body":"{DIGEST}","kind":"plan"}}'.encode()
    assert canonical(made) == expected
    assert read_entry(expected) == made


@given(
    st.sampled_from(sorted(KINDS)), st.datetimes(timezones=st.just(UTC)), st.binary(),
    st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True),
    st.from_regex(r"[a-z]{0,5}/[a-z0-9.-]{1,20}", fullmatch=True),
)  # fmt: skip
def test_every_entry_is_read_as_it_was_written(kind: str, at: datetime, body: bytes, what: str, subject: str) -> None:
    made = entry(0, kind=kind, at=at, body=digest(body), what=what, subject=subject)
    assert read_entry(canonical(made)) == made


@pytest.mark.parametrize(
    "change",
    [
        (b'"actor"', b' "actor"'),
        (b"06:00:00Z", b"06:00:00+00:00"),
        (b"06:00:00Z", b"06:00:00.000Z"),
        (b"06:00:00Z", b"08:00:00+02:00"),
        (b"06:00:00Z", b"06:00:00"),
        (b'"evict"', b'"\\u0065vict"'),
        (b"}", b',"more":1}'),
        (b"}", b"} "),
        (b"}", b',"what":"evict"}'),
        (b'"plan"', b'"planx"'),
        (b'"act"', b'"acts"'),
        (b'"subject":"shop/w-0"', b'"subject":""'),
        (b'"subject":"shop/w-0"', b'"subject":null'),
        (b'"subject":"shop/w-0"', b'"subject":["shop/w-0"]'),
        (b"shop/w-0", b"shop/\xff"),
        (b"shop/w-0", b"shop/w 0"),
        (b"sha256:", b"sha512:"),
    ],
)
def test_any_other_form_is_no_entry(change: tuple[bytes, bytes]) -> None:
    good = canonical(entry(0))
    assert change[0] in good
    with pytest.raises(InputError, match="no entry"):
        read_entry(good.replace(*change, 1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", datetime(2026, 1, 1)),
        ("at", datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        ("actor", "jo"),
        ("actor", "jo@example.org"),
        ("actor", ""),
        ("actor", "p-123"),
        ("body", ""),
        ("body", "sha256:123"),
        ("plan", DIGEST.upper()),
        ("policy", "mine"),
        ("feeds", DIGEST + "0"),
        ("what", "Evict the pod"),
        ("what", "evict\n"),
        ("what", "a" * 65),
        ("subject", "has space"),
        ("subject", "x" * 513),
        ("subject", "esc\x1b[0m"),
        ("run", 'quo"te'),
        ("step", "tab\t"),
    ],
)
def test_a_value_that_is_not_of_its_form_is_refused_with_the_field(field: str, value: object) -> None:
    with pytest.raises(InputError) as raised:
        canonical(entry(0, **{field: value}))
    assert raised.value.place is not None
    assert raised.value.place.field == field
    assert raised.value.remedy


# No value below was ever a secret: the forms are the published ones, the rest is made up. Put together here, so that
# no scanner of this repository takes one for real.
SECRETS = [
    "jo@example.org",
    "jo.doe+x@mail.example.co",
    "-----BEGIN" + "-OPENSSH-PRIVATE-KEY-----",
    "PRIVATE+KEY" + "+example+00000000+AAAA",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1" * 18,
    "github_pat_" + "a1" * 20,
    "glpat-" + "a1" * 10,
    "xoxb-" + "1234567890-abcdefghij",
    "sk-" + "a1" * 20,
    "hvs." + "a1" * 20,
    "AIza" + "a" * 35,
    "eyJhbGciOi" + "J9.eyJzdWIiOiIx",
    "password=hunter2",
    "db_passwd:hunter2",
    "API_KEY=x",
    "token=abc",
    "https://jo:hunter2@example.org/x",
    "a" * 10 + "B" * 10 + "0" * 12,
]


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("field", ["subject", "run", "step"])
def test_what_looks_like_a_secret_is_refused_and_not_repeated(text: str, field: str) -> None:
    with pytest.raises(InputError) as raised:
        canonical(entry(0, **{field: text}))
    assert text not in str(raised.value)
    assert tellable(text) == digest(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "shop/w-1",
        "web1.example.org",
        "Deployment/shop/token-broker",
        "Secretary/x",
        "secret-store",
        "ValidatingWebhookConfiguration/cert-manager-webhook",
        "3f0c77aa-1b2c-4d5e-8f90-abcdefabcdef",
        "registry.example.org/team/app@sha256:" + "0f" * 32,
        "kernel+packages",
        "undo-kernel~2",
        "r-2026-01-31T06:00:00Z",
        "i-0abcd1234efgh5678",
        "gke-prod-pool-1-a1b2c3d4-x7k2",
    ],
)
def test_names_of_things_are_told(text: str) -> None:
    assert looks_like(text) == ""
    assert tellable(text) == text
    assert read_entry(canonical(entry(0, subject=text))).subject == text


@given(st.text(max_size=60))
def test_any_name_can_be_told_or_stands_as_its_digest(text: str) -> None:
    told = tellable(text)
    read = read_entry(canonical(entry(0, subject=told, run=told, step=told)))
    assert (read.subject, read.run, read.step) == (told, told, told)
    assert told == text or told == digest(text.encode(errors="surrogatepass"))


def test_a_pseudonym_is_the_same_for_the_same_and_tells_nothing() -> None:
    one = pseudonym("jo@example.org", b"secret")
    assert one == pseudonym("jo@example.org", b"secret")
    assert one not in (pseudonym("kim@example.org", b"secret"), pseudonym("jo@example.org", b"other"))
    assert "jo" not in one.removeprefix("p-") or len(one) == 34
    canonical(entry(0, actor=one))


def test_a_plan_s_hash_is_the_digest_of_its_body() -> None:
    assert digest(b"plan").startswith("sha256:")


@given(
    st.binary(max_size=300)
    | st.dictionaries(st.sampled_from(Entry.__struct_fields__), st.text(max_size=20) | st.integers()).map(
        msgspec.json.encode
    )
)
def test_any_bytes_are_an_entry_that_is_written_the_same_or_a_clear_error(data: bytes) -> None:
    try:
        found = read_entry(data)
    except OakumError as error:
        assert str(error).startswith(
            ("no entry", "actor", "at", "body", "plan", "policy", "feeds", "what", "subject", "run", "step")
        )
        return
    assert canonical(found) == data


@given(st.integers(0, 8 * len(canonical(entry(0))) - 1))
def test_an_entry_of_which_a_bit_was_flipped_is_another_or_none(bit: int) -> None:
    data = bytearray(canonical(entry(0)))
    data[bit // 8] ^= 1 << bit % 8
    with suppress(InputError):
        assert read_entry(bytes(data)) != entry(0)


def test_an_entry_that_no_bundle_can_hold_is_none() -> None:
    with pytest.raises(InputError, match="larger than"):
        read_entry(b"{" * 70_000)


def test_deep_nesting_is_a_clear_error() -> None:
    with pytest.raises(InputError, match="no entry"):
        read_entry(b'{"kind":' + b"[" * 60_000)
