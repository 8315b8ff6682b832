"""What the native comparators of the language ecosystems need: versions to start from, and a skip without the tool."""

from __future__ import annotations

import itertools
import random
import shutil

import pytest
from tests.data import shared
from tests.versions.pairs import Pair, mutated_pairs

from oakum.versions.schemes import Key


def needs(tool: str, package: str) -> str:
    """The path of a program; the test skips with the name of the Debian package where it is absent."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed (Debian package {package})")
    return found


def listed(name: str) -> list[str]:
    """Every version in one list that a native tool produced, sorted, each once."""
    lines = shared(f"versions/native/{name}-versions.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith(("#", "//")))
    return sorted({version for left, _, right in pairs for version in (left, right)})


def near_and_far_pairs(versions: list[str], alphabet: str, count: int, seed: int) -> list[Pair]:
    """Mutated pairs, and a quarter as many of two versions drawn without regard to each other."""
    chance = random.Random(seed)
    drawn = [(chance.choice(versions), chance.choice(versions)) for _ in range(count // 4)]
    return mutated_pairs(versions, alphabet, count, seed) + drawn


def in_order(key: Key, texts: list[str]) -> bool:
    """Whether every text has a key and sorts before the next."""
    keys = [each for each in map(key, texts) if isinstance(each, bytes)]
    return len(keys) == len(texts) and all(left < right for left, right in itertools.pairwise(keys))
