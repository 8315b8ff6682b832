"""Arch Linux versions: vercmp(8) itself."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from tests.versions.pairs import Pair, debian_versions, differences, mutated_pairs, osv_versions

from oakum.versions import Unparsable, alpm, compare, scheme

# Where separators stand together or at an end, vercmp has cycles, and no key can follow it.
_CYCLIC = re.compile(r"[^0-9A-Za-z]{2}|(?:^|[^0-9A-Za-z])(?:[-:]|$)|[-:][^0-9A-Za-z]")


def vercmp(pair: Pair) -> str:
    done = subprocess.run(["vercmp", *pair], capture_output=True, text=True)
    return {"-1": "<", "0": "=", "1": ">"}[done.stdout.strip()]


def test_mutated_pairs_agree_with_vercmp() -> None:
    if shutil.which("vercmp") is None:
        pytest.skip("vercmp (Debian package makepkg) is not installed")
    versions = sorted(debian_versions() + osv_versions("almalinux.jsonl.gz"))
    pairs = mutated_pairs(versions, "0019aAzZ+.-:_", 2_000, seed=3)
    pairs = [pair for pair in pairs if not any(_CYCLIC.search(text) for text in pair)][:600]
    assert not differences("alpm", pairs, [vercmp(pair) for pair in pairs])


def test_a_missing_release_equals_every_release() -> None:
    known = scheme("arch")
    assert known is not None
    assert [compare(known, "1.5", text).sign for text in ("1.5-1", "1.5-2", "1.5.1-1")] == ["=", "=", "<"]
    assert [compare(known, text, "0:1.5").sign for text in ("1.5-1", "1.5-2", "1:1.5-1")] == ["=", "=", ">"]
    assert compare(known, "1.5-1", "1.5-2").sign == "<"


def test_letters_at_once_sort_before_the_end_and_separated_ones_after() -> None:
    ascending = ["1.0a", "1.0alpha", "1.0b", "1.0rc", "1.0", "1.0.a", "1.0.1", "1.1", "0:1.1a1", "1:0"]
    keys = [alpm.key(text) for text in ascending if text != "0:1.1a1"]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


def test_the_empty_text_is_no_version() -> None:
    assert isinstance(alpm.key(""), Unparsable)
