"""The programs of the test control plane: built once from source by pinned modules, then taken from a cache.

``KUBEBUILDER_ASSETS`` is used instead where it is set and holds every program that is asked for. The cache is
``OAKUM_LAB_CACHE``, by default ``oakum-lab`` below the user's cache folder. It is keyed by what the programs are built
from (go.mod, go.sum, the architecture and the build's flags), not by the Go release, which changes nothing that a test
looks at: so a filled cache serves where no Go is left.

``python -m tests.lab.build`` builds everything and says where it is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.go import HERE, LabUnavailable, environment, toolchain

#: Module folder -> its programs and the packages they are built from.
MODULES = {
    "etcd": {"etcd": "go.etcd.io/etcd/server/v3"},
    "kube": {
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    },
    "kwok": {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
}
_TIME_LIMIT = 1_800  # seconds for one program; a cold build of the largest takes four minutes on two cores


def programs(*names: str) -> dict[str, Path]:
    """The path of each program, all from one place; built first where need be.

    Raises LabUnavailable where they can be neither found nor built.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    given = {name: Path(assets, name) for name in names}
    if assets and all(os.access(path, os.X_OK) for path in given.values()):
        return given
    modules = {name: module for module, built in MODULES.items() for name in built}
    return {name: _built(modules[name]) / name for name in names}


def cache_folder() -> Path:
    """Where the built programs are kept."""
    own = os.environ.get("OAKUM_LAB_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum-lab"


def _built(module: str) -> Path:
    """The folder with a module's programs. Whoever comes first builds it; others wait for the lock."""
    if sys.platform != "linux":
        raise LabUnavailable("the test control plane runs on Linux only")
    cache = cache_folder()
    flags = _flags(module)
    sources = [(HERE / module / name).read_bytes() for name in ("go.mod", "go.sum")]
    key = hashlib.sha256(b"\0".join([*sources, " ".join(flags).encode(), platform.machine().encode()])).hexdigest()
    folder = cache / f"{module}-{key[:16]}"
    if folder.is_dir():
        return folder
    with _locked(cache):
        if not folder.is_dir():
            _build(module, flags, toolchain(cache), folder)
    return folder


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "lock").open("w")
    except OSError as error:
        raise LabUnavailable(f"the cache of built programs can't be written (OAKUM_LAB_CACHE): {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob(".new-*"):  # nobody else builds now: a build that was broken off
            shutil.rmtree(left)
        yield


def _flags(module: str) -> list[str]:
    """Small static programs that name no path of this machine; Kubernetes takes its version from the linker alone."""
    linker = "-s -w"
    if module == "kube":
        found = re.search(r"k8s\.io/kubernetes (v(\d+)\.(\d+)\S*)", (HERE / "kube/go.mod").read_text())
        assert found, "kube/go.mod requires k8s.io/kubernetes"
        for name, value in zip(("gitVersion", "gitMajor", "gitMinor"), found.groups(), strict=True):
            linker += f" -X k8s.io/component-base/version.{name}={value}"
    return ["-trimpath", f"-ldflags={linker}"]


def _build(module: str, flags: list[str], go: Path, folder: Path) -> None:
    """Build into a temporary folder and rename it, so that a broken off build is never taken for a whole one."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-", ignore_cleanup_errors=True) as new:
        target = Path(new) / "bin"
        for name, package in MODULES[module].items():
            command = ["nice", "-n", "10", str(go), "build", *flags, "-o", str(target / name), package]
            done = subprocess.run(
                command,
                cwd=HERE / module,
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIME_LIMIT,
            )
            if done.returncode != 0:
                raise LabUnavailable(f"{name} of the test control plane can't be built:\n{done.stderr[-3_000:]}")
        target.rename(folder)


def main() -> None:
    """Build every program, and say where it is and how long that took."""
    for built in MODULES.values():
        before = time.monotonic()
        try:
            found = programs(*built)
        except LabUnavailable as error:
            sys.exit(str(error))
        for name, path in found.items():
            print(f"{name}: {path} ({time.monotonic() - before:.0f} s)", flush=True)
    from tests.lab.hosts_base import base

    before = time.monotonic()
    try:
        print(f"hosts: {base()} ({time.monotonic() - before:.0f} s)", flush=True)
    except LabUnavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
