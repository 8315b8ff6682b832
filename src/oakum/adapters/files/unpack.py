"""Formats of apt's lists that the standard library cannot unpack: lz4 and zstd, by apt's own helper or the tool.

A tool is used rather than a library because every machine with such lists has apt-helper.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from oakum.errors import InputError, LimitError

_APT_HELPER = "/usr/lib/apt/apt-helper"


def unpackers() -> dict[str, Callable[[bytes, int], bytes]]:
    """The formats that this machine can unpack, by suffix, as ``oakum.fleet.apt_lists.offers`` takes them."""
    found: dict[str, Callable[[bytes, int], bytes]] = {}
    for suffix in (".lz4", ".zst"):
        tool = shutil.which({".lz4": "lz4", ".zst": "zstd"}[suffix])
        if tool is not None:
            found[suffix] = partial(_run, (tool, "-d", "-c"), suffix)
        elif Path(_APT_HELPER).is_file():
            found[suffix] = partial(_run, (_APT_HELPER, "cat-file"), suffix)
    return found


def _run(command: tuple[str, ...], suffix: str, data: bytes, limit: int) -> bytes:
    """Unpack through a file, whose name tells apt-helper the format; never more than ``limit`` bytes come back."""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        with subprocess.Popen(  # noqa: S603 (fixed command, own file)
            (*command, file.name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            unpacked = process.stdout.read(limit + 1)
            if len(unpacked) > limit:
                process.kill()
                raise LimitError(f"unpacked it is larger than {limit} bytes")
        if process.returncode != 0:
            raise InputError(f"it cannot be unpacked by {Path(command[0]).name}")
        return unpacked
