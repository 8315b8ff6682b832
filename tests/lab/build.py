"""The programs of the test control plane: built once from source by pinned modules, then taken from a cache.

``KUBEBUILDER_ASSETS`` is used instead where it is set and holds every program that is asked for. The cache is keyed by
what the programs are built from (go.mod, go.sum, the architecture and the build's flags), not by the Go release, which
changes nothing that a test looks at: so a filled cache serves where no Go is left.

``python -m tests.lab.build`` builds everything and says where it is.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.cache import cache_folder, cached
from tests.lab.go import HERE, LabUnavailable, environment, toolchain

#: Module folder -> its programs and the packages they are built from.
MODULES = {
    "etcd": {"etcd": "go.etcd.io/etcd/server/v3"},
    "kube": {
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
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


def kubeadm(version: str) -> Path:
    """A kubeadm that takes itself for ``version`` (v1.35.4), from which it derives what it supports.

    Only that word differs from one to the next: the rules are those of the release that ``kube/go.mod`` names.
    Raises LabUnavailable.
    """
    flags, package = _flags("kube", version), "k8s.io/kubernetes/cmd/kubeadm"
    recipe = _recipe("kube", flags)
    return cached(f"kubeadm-{version}-", recipe, lambda part: _go("kube", flags, part, "kubeadm", package)) / "kubeadm"


def _built(module: str) -> Path:
    """The folder with a module's programs."""
    if sys.platform != "linux":
        raise LabUnavailable("the test control plane runs on Linux only")
    flags = _flags(module)
    return cached(f"{module}-", _recipe(module, flags), lambda part: _build(module, flags, part))


def _recipe(module: str, flags: list[str]) -> list[str]:
    sources = [(HERE / module / name).read_text() for name in ("go.mod", "go.sum")]
    return [*sources, " ".join(flags), platform.machine()]


def _flags(module: str, version: str = "") -> list[str]:
    """Small static programs that name no path of this machine; Kubernetes takes its version from the linker alone."""
    linker = "-s -w"
    if module == "kube":
        text = f"k8s.io/kubernetes {version}" if version else (HERE / "kube/go.mod").read_text()
        found = re.search(r"k8s\.io/kubernetes (v(\d+)\.(\d+)\S*)", text)
        assert found, "kube/go.mod requires k8s.io/kubernetes"
        for name, value in zip(("gitVersion", "gitMajor", "gitMinor"), found.groups(), strict=True):
            linker += f" -X k8s.io/component-base/version.{name}={value}"
    return ["-trimpath", f"-ldflags={linker}"]


def _build(module: str, flags: list[str], part: Path) -> None:
    for name, package in MODULES[module].items():
        _go(module, flags, part, name, package)


def _go(module: str, flags: list[str], part: Path, name: str, package: str) -> None:
    command = ["nice", "-n", "10", str(toolchain(cache_folder())), "build", *flags, "-o", str(part / name), package]
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
