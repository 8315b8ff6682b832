"""Signed notes and checkpoints: what is accepted, and what never is."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.ledgers import HAND, ORIGIN, Hand, note, written

from oakum.errors import InputError, OakumError
from oakum.ledger.base64 import decoded, encoded
from oakum.ledger.checkpoints import Checkpoint, open_checkpoint, read_checkpoint, signed
from oakum.ledger.keys import PublicKey, private_text, read_private_key, read_public_key
from oakum.ledger.merkle import EMPTY_ROOT
from oakum.ledger.notes import LARGEST, Note, Signature, read_note, signers
from oakum.ledger.signatures import is_good

#: The note and the key of the tests of Go's signed notes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
OTHER = Hand("example.com/other", "two")
NOTE = note(written(5))
LINES = NOTE.decode().split("\n")


def test_a_note_that_another_program_has_signed_is_verified() -> None:
    key = read_public_key(PETER)
    assert key.text == PETER
    assert signers(read_note(PETERS_NOTE), [key]) == (key,)
    with pytest.raises(InputError, match="signature of PeterNeumann is wrong"):
        signers(read_note(PETERS_NOTE.replace(b"answer", b"Answer")), [key])


def test_a_checkpoint_has_three_lines_and_a_signature() -> None:
    assert LINES[:2] == [ORIGIN, "5"]
    assert LINES[3] == LINES[5] == ""
    assert LINES[4].startswith(f"— {ORIGIN} ")
    assert open_checkpoint(NOTE, [HAND.public]) == Checkpoint(ORIGIN, 5, decoded(LINES[2]))


def test_signatures_of_others_are_ignored_even_under_the_same_name() -> None:
    checkpoint = read_checkpoint(read_note(NOTE))
    stranger = Hand(ORIGIN, "two")
    both = signed(checkpoint, stranger, OTHER, HAND)
    assert open_checkpoint(both, [HAND.public]) == checkpoint
    assert open_checkpoint(both, [stranger.public]) == checkpoint
    with pytest.raises(InputError, match=r"not signed by .*, but by example\.com/oakum"):
        open_checkpoint(note(written(5), stranger), [HAND.public])


def test_a_wrong_signature_of_a_known_key_spoils_the_note_beside_a_good_one() -> None:
    found = read_note(NOTE)
    bad = Signature(OTHER.name, OTHER.public.id, bytes(64))
    spoiled = Note(found.text, (*found.signatures, bad)).encode()
    with pytest.raises(InputError, match=r"signature of example\.com/other is wrong"):
        open_checkpoint(spoiled, [HAND.public, OTHER.public])


def test_sixteen_signatures_are_read() -> None:
    checkpoint = read_checkpoint(read_note(NOTE))
    hands = [Hand(f"witness{number}.example", str(number)) for number in range(16)]
    assert open_checkpoint(signed(checkpoint, *hands, HAND), [HAND.public]) == checkpoint


def test_the_origin_is_the_name_of_the_key_unless_another_is_asked_for() -> None:
    elsewhere = note(written(5), HAND, origin="a ledger with spaces")
    with pytest.raises(InputError, match=r"it is of the ledger 'a ledger with spaces', not of example\.com/oakum"):
        open_checkpoint(elsewhere, [HAND.public])
    assert open_checkpoint(elsewhere, [HAND.public], "a ledger with spaces").size == 5
    with pytest.raises(InputError, match="--origin"):
        open_checkpoint(NOTE, [HAND.public], "another")


def resigned(text: str) -> bytes:
    """A note of any text with a good signature: what is wrong with it is its text alone."""
    return Note(text, (Signature(HAND.name, HAND.public.id, HAND.sign(text.encode())),)).encode()


ROOT = LINES[2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{ORIGIN}\n5\n", "three lines"),
        (f"{ORIGIN}\n\n5\n{ROOT}\n", "three lines"),
        (f"{ORIGIN}\n05\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n-5\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n+5\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n 5\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n5_0\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n٥\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n{'9' * 30}\n{ROOT}\n", "no size"),
        (f"{ORIGIN}\n5\n{ROOT[:-1]}\n", "no hash"),
        (f"{ORIGIN}\n5\n{ROOT} \n", "no hash"),
        (f"{ORIGIN}\n5\n{b64encode(bytes(31)).decode()}\n", "no hash"),
        (f"{ORIGIN}\n5\n{b64encode(bytes(33)).decode()}\n", "no hash"),
        (f"{ORIGIN}\n0\n{ROOT}\n", "an empty ledger"),
    ],
)
def test_what_is_no_checkpoint_is_refused_though_it_is_signed(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        open_checkpoint(resigned(text), [HAND.public])


def test_further_lines_are_kept() -> None:
    found = open_checkpoint(resigned(f"{ORIGIN}\n5\n{ROOT}\nmore\n"), [HAND.public])
    assert found.extensions == ("more",)
    assert found.text == f"{ORIGIN}\n5\n{ROOT}\nmore\n"


def test_an_empty_ledger_has_a_checkpoint() -> None:
    assert open_checkpoint(note([]), [HAND.public]) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no blank line"),
        (b"\n\n", "no blank line"),
        (NOTE[:-1], "cut off"),
        (NOTE[: NOTE.index(b"\n\n") + 1], "no blank line"),
        (NOTE + b"\n", "no blank line|no signature|cut off"),
        (NOTE + b"x\n", "no signature"),
        (NOTE.replace("—".encode(), b"-"), "no signature"),
        (NOTE.replace(b"\n", b"\r\n"), "control"),
        (NOTE.replace(b"5", b"5\0"), "control"),
        (NOTE.decode().encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf" + NOTE, "not signed|wrong"),
        (b"x" * (LARGEST + 1), "larger than"),
        (NOTE + NOTE.split(b"\n\n")[1] * 200, "more than 100 signatures"),
        (NOTE.split(b"\n\n")[0] + "\n\n— a AAAA\n".encode(), "too short"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(OakumError, match=why) as raised:
        open_checkpoint(data, [HAND.public])
    assert raised.value.remedy


@given(st.integers(0, 8 * len(NOTE) - 1))
def test_no_bit_of_a_checkpoint_can_be_flipped(bit: int) -> None:
    bad = bytearray(NOTE)
    bad[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OakumError):
        open_checkpoint(bytes(bad), [HAND.public])


@given(st.integers(0, len(NOTE) - 1))
def test_a_checkpoint_that_was_cut_is_none(length: int) -> None:
    with pytest.raises(OakumError):
        open_checkpoint(NOTE[:length], [HAND.public])


@given(st.binary(max_size=400) | st.text(alphabet="—\n+/= abc019" + ROOT[:3], max_size=300).map(str.encode))
def test_any_bytes_give_a_note_that_is_written_the_same_or_a_clear_error(data: bytes) -> None:
    try:
        found = read_note(data)
    except OakumError as error:
        assert error.remedy
        return
    assert found.encode() == data


@given(st.text(max_size=80))
def test_any_text_is_a_key_that_is_written_the_same_or_a_clear_error(text: str) -> None:
    for read in (read_public_key, read_private_key):
        try:
            read(text)
        except InputError as error:
            assert error.remedy


@given(st.binary(max_size=70))
def test_base64_has_one_form(data: bytes) -> None:
    text = encoded(data)
    assert text == b64encode(data).decode()
    assert decoded(text) == data
    for bad in (f"{text}=", f"{text}\n", f" {text}", text.replace("=", "", 1) if "=" in text else f"{text}A"):
        with pytest.raises(InputError):
            decoded(bad)


def test_base64_whose_spare_bits_were_flipped_is_refused() -> None:
    assert decoded("AA==") == b"\0"
    with pytest.raises(InputError):
        decoded("AB==")


@pytest.mark.parametrize("at", range(len(PETER)))
def test_a_key_of_which_a_character_was_changed_is_another_or_none(at: int) -> None:
    for new in "A+b9":
        changed = PETER[:at] + new + PETER[at + 1 :]
        if changed != PETER:
            with pytest.raises(InputError):
                read_public_key(changed)


def test_a_private_key_is_never_shown_and_never_taken_for_a_public_one() -> None:
    text = private_text(ORIGIN, HAND.public.id, bytes(range(32)))
    found = read_private_key(f"{text}\n")
    assert found.seed == bytes(range(32))
    assert encoded(b"\1" + found.seed) not in repr(found)
    assert str(found.seed) not in repr(found)
    with pytest.raises(InputError, match="this is a private key") as raised:
        read_public_key(text)
    assert encoded(b"\1" + found.seed) not in str(raised.value)
    with pytest.raises(InputError) as raised:
        read_private_key(text[:-3])
    assert text[20:-3] not in str(raised.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u00a0b", "x" * 201, "a\u200bb", "a\0"])
def test_what_can_be_no_name_of_a_ledger(name: str) -> None:
    with pytest.raises(InputError):
        read_public_key(PublicKey(name, bytes(32)).text)


def test_what_is_no_key_verifies_nothing() -> None:
    assert not is_good(b"short", b"", bytes(64))
    assert not is_good(HAND.public_key, b"x", HAND.sign(b"x")[:63])
    assert is_good(HAND.public_key, b"x", HAND.sign(b"x"))
