"""Look over every tracked file for what no repository should carry, and say file and line.

Hosts of package registries and paths of one machine would make the project work only where it was written; a lock
file without hashes can be answered by anybody; a binary can't be reviewed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAXIMUM = 500_000

# Written so that no pattern matches its own text.
LINES = {
    "the host of a package registry": re.compile(
        r"(?:files\.)?(?:pypi|pythonhosted)\.(?:org|io)"
        r"|registry\.(?:npmjs|yarnpkg)\.(?:org|com)"
        r"|(?:index|static)\.crates\.(?:io)|(?:proxy|sum)\.golang\.(?:org)|repo1?\.maven\.(?:org|apache)"
    ),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|root|Users)/[\w.]"),
    # In a comment; as a word of somebody else's format it is data.
    "work left over": re.compile(r"(?:#|<!--).*\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
}
FORBIDDEN_NAMES = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"}
BINARY_SUFFIXES = {".png", ".woff2"}


def tracked() -> list[Path]:
    """Every file that git tracks or would add, so that a fault is seen before it is committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return [ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file()]


def faults(path: Path) -> Iterator[tuple[int, str]]:
    """Line (0 for the whole file) and what is wrong there."""
    if path.name in FORBIDDEN_NAMES:
        yield 0, "a lock file that names hosts (use make lock)"
    data = path.read_bytes()
    if len(data) > MAXIMUM:
        yield 0, f"larger than {MAXIMUM} bytes"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        if path.suffix not in BINARY_SUFFIXES:
            yield 0, "a binary"
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in LINES.items():
            if found := pattern.search(line):
                yield number, f"{what}: {found.group()}"
    if path.suffix == ".lock":
        yield from lock_faults(text)


def lock_faults(text: str) -> Iterator[tuple[int, str]]:
    """A requirement without a hash, or anything that is an address or an option rather than a pinned release."""
    logical = text.replace("\\\n", " ").splitlines()
    for line in logical:
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if "==" not in words[0] or "--hash=sha256:" not in line:
            yield 0, f"not pinned by version and hash: {words[0]}"
        if "://" in line:
            yield 0, f"an address: {words[0]}"


def main() -> int:
    """Print each fault; 1 if there was any."""
    count = 0
    files = tracked()
    for path in files:
        for line, what in faults(path):
            print(f"{path.relative_to(ROOT)}:{line}: {what}")
            count += 1
    print(f"{len(files)} files looked over, {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
