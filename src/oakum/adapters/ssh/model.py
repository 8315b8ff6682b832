"""What is kept of a host: where it is, how it proves who it is, how we prove who we are, and what policies ask for."""

from __future__ import annotations

from typing import Literal

import msgspec

FORMAT = "oakum-hosts/1"


class Host(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One host. ``address`` is a name or an address; ``user`` the account, which needs ``sudo`` where it is not root.

    ``host_keys`` are its public keys as ``known_hosts`` writes them (``ssh-ed25519 AAAA...``), ``host_cas`` those of
    certificate authorities that sign host certificates; without either no connection is made. ``identities`` are files
    with private keys (else those of the agent are tried), ``certificates`` those that go with them. ``jump`` is the
    name of the host that connections go through. ``config`` is a file in OpenSSH's form that is read first.
    ``environment``, ``region``, ``tier``, ``pool`` and ``labels`` are what policies ask for; ``health`` are services
    that have to be active for the host to count as up. ``ours`` marks a host that Oakum itself runs on.
    """

    address: str
    port: int = 22
    user: str = "root"
    sudo: bool = False
    host_keys: tuple[str, ...] = ()
    host_cas: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    agent: bool = True
    jump: str = ""
    config: str = ""
    environment: str = ""
    region: str = ""
    tier: Literal["1", "2", "3", "4", ""] = ""
    pool: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    health: tuple[str, ...] = ()
    ours: bool = False


class Ran(msgspec.Struct, frozen=True):
    """A command that was carried out to its end: exit status (-1 where a signal ended it), and what it wrote."""

    status: int
    output: bytes
    errors: str


class Unanswered(msgspec.Struct, frozen=True):
    """A command without an end that we know of. ``begun`` says that it may have taken effect; ``why`` in words."""

    why: str
    begun: bool
