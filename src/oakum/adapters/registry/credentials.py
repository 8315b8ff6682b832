"""Who asks: credentials as Docker's command line keeps them, in ``config.json`` or with a helper.

A helper is a program ``docker-credential-NAME`` that is given the registry's name on standard input and prints a name
and a secret. It runs without a shell. What it says on standard error goes to the person, and nothing that it prints
goes into our messages, since nobody knows what secrets stand in it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from oakum.errors import InputError, Place

#: Docker Hub's name in this file, from its first days.
_HUB = "https://index.docker.io/v1/"
_LARGEST = 1 << 22
#: A person may have to unlock a key ring meanwhile.
_LONGEST = 120.0
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NOT_FOUND = b"credentials not found"
#: What a helper calls a name that stands for an identity token.
_IDENTITY = "<token>"
#: A bearer token stands in a header (RFC 6750, 2.1), and may not end it.
BEARER = re.compile(r"[\x21-\x7e]{1,65536}")


class Credentials(msgspec.Struct, frozen=True):
    """A name with its password, or an identity token to be changed for others, or a token for the registry itself."""

    name: str = ""
    password: str = ""
    identity: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return "Credentials(...)"

    @property
    def basic(self) -> str:
        """The value of ``Authorization`` for a name and a password (RFC 7617)."""
        return f"Basic {base64.b64encode(f'{self.name}:{self.password}'.encode()).decode()}"


class Entry(msgspec.Struct, frozen=True):
    """What a configuration has for one server; ``auth`` is base64 of NAME:PASSWORD."""

    auth: str = ""
    username: str = ""
    password: str = ""
    identity: str = msgspec.field(default="", name="identitytoken")
    token: str = msgspec.field(default="", name="registrytoken")

    def __repr__(self) -> str:
        return "Entry(...)"


class _Config(msgspec.Struct, frozen=True):
    auths: dict[str, Entry] | None = None
    helpers: dict[str, str] | None = msgspec.field(default=None, name="credHelpers")
    store: str | None = msgspec.field(default=None, name="credsStore")


class _Told(msgspec.Struct, frozen=True):
    name: str = msgspec.field(default="", name="Username")
    secret: str = msgspec.field(default="", name="Secret")


def config_file(environment: Mapping[str, str]) -> Path:
    """Where Docker's configuration lies."""
    folder = environment.get("DOCKER_CONFIG") or str(Path(environment.get("HOME") or "~").expanduser() / ".docker")
    return Path(folder) / "config.json"


def credentials(registry: str, environment: Mapping[str, str] = os.environ) -> Credentials | None:
    """What is known for a registry (``docker.io``, ``HOST[:PORT]``); None where nothing is.

    A helper for this registry goes before the store for all, and that before what the file itself holds, as Docker has
    it. Raises InputError that names the file or the helper, never what stands in it.
    """
    file = config_file(environment)
    place = Place(str(file))
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(error.strerror or "it cannot be read", place=place, remedy="check its permissions") from None
    try:
        config = msgspec.json.decode(text if len(text) <= _LARGEST else b"", type=_Config)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The words of the decoder would name other registries.
        raise InputError("no configuration of Docker", place=place, remedy="mend it, or docker login anew") from None
    server = _HUB if registry == "docker.io" else registry
    helper = (config.helpers or {}).get(server) or (config.helpers or {}).get(registry) or config.store
    if helper:
        return _asked(helper, server, environment, place)
    entry = _entry(config.auths or {}, server)
    return None if entry is None else read_entry(entry, place)


def _entry(entries: Mapping[str, Entry], server: str) -> Entry | None:
    if server in entries:
        return entries[server]
    wanted = _host(server)
    return next((entry for key, entry in entries.items() if _host(key) == wanted), None)


def _host(key: str) -> str:
    """The host of a key; older clients wrote it as an address, newer ones name repositories, which is not the same."""
    host, _, path = re.sub(r"^https?://", "", key).partition("/")
    return host.lower() if path.strip("/") in ("", "v1", "v2") else ""


def read_entry(entry: Entry, place: Place) -> Credentials | None:
    """The credentials of an entry; None where it has none. Raises InputError, without a word of it."""
    name, password = entry.username, entry.password
    if entry.auth:
        try:
            name, colon, password = base64.b64decode(entry.auth, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if not colon:
            raise InputError("an entry of auths is no NAME:PASSWORD", place=place, remedy="docker login anew")
    found = Credentials(name, password.rstrip("\0"), entry.identity, entry.token)
    return found if found.password or found.identity or found.token else None


def _asked(helper: str, server: str, environment: Mapping[str, str], place: Place) -> Credentials | None:
    if not _HELPER.fullmatch(helper):
        raise InputError("names a helper that is no name", place=place, remedy="the NAME of docker-credential-NAME")
    command = f"docker-credential-{helper}"
    try:
        done = subprocess.run(  # noqa: S603 (as Docker does: who may write this file runs programs as this person)
            (command, "get"),
            input=server.encode(),
            stdout=subprocess.PIPE,
            env=dict(environment),
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{command} did not answer in {_LONGEST:.0f} s", place=place, remedy="run it by hand"
        ) from None
    except OSError as error:
        remedy = "install it, or take it out of the configuration"
        raise InputError(f"{command} cannot be run: {error.strerror}", place=place, remedy=remedy) from None
    if done.returncode:
        if _NOT_FOUND in done.stdout:
            return None
        raise InputError(f"{command} ended with code {done.returncode}", place=place, remedy="run it by hand")
    try:
        told = msgspec.json.decode(done.stdout, type=_Told)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        remedy = "run it by hand; its output is not shown here, since it may hold secrets"
        raise InputError(f"{command} did not print a name and a secret", place=place, remedy=remedy) from None
    if told.name == _IDENTITY:
        return Credentials(identity=told.secret)
    return Credentials(told.name, told.secret) if told.secret else None
