"""A signed apt repository for the lab's hosts, served on the lab's own network: what a test publishes is offered.

Two suites, as Debian has them: ``bookworm`` (what the base was made of, older packages of a test) and
``bookworm-security`` (the updates). ``package`` builds a small package for a test.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.lab.hosts_base import SIGNER, SUITE, run

PORT = 8900
SECURITY = f"{SUITE}-security"
_LABELS = {SUITE: ("Debian", "stable"), SECURITY: ("Debian-Security", "stable-security")}


@contextmanager
def signing(base: Path) -> Iterator[dict[str, str]]:
    """The variables with which gpg signs by a base's key: its agent is of this process alone, for it is ended after."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        home = Path(folder, "h")
        shutil.copytree(base / "gpg", home, ignore=shutil.ignore_patterns("S.*", "*.lock", ".#*"))
        home.chmod(0o700)
        try:
            yield {"GNUPGHOME": str(home)}
        finally:
            run("gpgconf", "--homedir", home, "--kill", "all")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Repository:
    """The repository of one run in ``folder``; its packages of the base are those in the cache."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder, self._base = folder, base
        self._server: ThreadingHTTPServer | None = None
        self._published = 0.0
        for suite, kept in ((SUITE, "old"), (SECURITY, "new")):
            pool = folder / "pool" / suite
            pool.mkdir(parents=True)
            for deb in (base / kept).iterdir():
                (pool / deb.name).hardlink_to(deb)
        self.publish()

    def add(self, deb: Path, *, security: bool = True) -> None:
        """Puts a package into one of the suites; ``publish`` shows it."""
        shutil.copy(deb, self.folder / "pool" / (SECURITY if security else SUITE) / deb.name)

    def withdraw(self, name: str, version: str = "*", *, suites: Iterable[str] = (SUITE, SECURITY)) -> None:
        """Takes a package away; ``publish`` shows it."""
        for suite in suites:
            for deb in (self.folder / "pool" / suite).glob(f"{name}_{version.replace(':', '%3a')}_*.deb"):
                deb.unlink()

    def publish(self) -> None:
        """Writes the indexes of both suites and signs them.

        Clients ask in whole seconds whether an index is newer: no two are of the same second.
        """
        time.sleep(max(0.0, self._published + 1.1 - time.time()))
        for suite, (label, name) in _LABELS.items():
            place = self.folder / "dists" / suite
            binary = place / "main/binary-amd64"
            binary.mkdir(parents=True, exist_ok=True)
            packages = run("apt-ftparchive", "packages", f"pool/{suite}", cwd=self.folder)
            (binary / "Packages").write_text(packages)
            facts = {"Origin": "Debian", "Label": label, "Suite": name, "Codename": suite, "Components": "main",
                     "Architectures": "amd64"}  # fmt: skip
            (place / "InRelease").unlink(missing_ok=True)
            options = [
                word for key, value in facts.items() for word in ("-o", f"APT::FTPArchive::Release::{key}={value}")
            ]
            release = run("apt-ftparchive", *options, "release", str(place))
            with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix=".release-") as unsigned:
                unsigned.write(release)
                unsigned.flush()
                signed = self.folder / f".signed-{suite}"
                signed.unlink(missing_ok=True)
                with signing(self._base) as env:
                    run("gpg", "--batch", "--yes", "--local-user", SIGNER, "--clearsign", "--output", signed,
                        unsigned.name, env=env)  # fmt: skip
                signed.rename(place / "InRelease")
        self._published = time.time()

    def serve(self, address: str) -> None:
        """Answers at an address of this machine."""
        self.stop()
        handler = partial(_Quiet, directory=str(self.folder))
        server = self._server = ThreadingHTTPServer((address, PORT), handler)
        threading.Thread(target=server.serve_forever, name="lab-repository", daemon=True).start()

    def stop(self) -> None:
        """Answers no more: the repository is dead."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def package(
    folder: Path,
    name: str,
    version: str,
    *,
    files: Mapping[str, str] | None = None,
    scripts: Mapping[str, str] | None = None,
    conffiles: Iterable[str] = (),
    depends: str = "",
) -> Path:
    """Builds ``NAME_VERSION_all.deb`` in a folder. Files that begin with ``#!`` are programs."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        root = Path(work)
        (root / "DEBIAN").mkdir(mode=0o755)
        root.chmod(0o755)
        fields = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": f"lab <{SIGNER}>",
                  "Depends": depends, "Description": "a package of the lab"}  # fmt: skip
        control = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
        (root / "DEBIAN/control").write_text(control)
        listed = "".join(f"{each}\n" for each in conffiles)
        if listed:
            (root / "DEBIAN/conffiles").write_text(listed)
        for script, text in (scripts or {}).items():
            (root / "DEBIAN" / script).write_text(text)
            (root / "DEBIAN" / script).chmod(0o755)
        for path, text in (files or {}).items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if text.startswith("#!") else 0o644)
        deb = folder / f"{name}_{version.replace(':', '%3a')}_all.deb"
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", root, deb,
            env={"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "0")})  # fmt: skip
        return deb
