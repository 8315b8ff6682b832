"""Which operating system release something belongs to, in one vocabulary for inventories and advisories."""

from __future__ import annotations

import msgspec


class Release(msgspec.Struct, frozen=True):
    """An operating system release as advisories scope it.

    ``product`` is the lower-case id in os-release's own words (debian, ubuntu, alpine, almalinux, rocky, rhel, ol,
    amzn, opensuse-leap, sles, wolfi ...); ``version`` is cut to what that vendor scopes advisories by ("12" for Debian
    12.13, "3.18" for Alpine 3.18.12, "8" for AlmaLinux 8.10, "24.04" for Ubuntu) and empty for a rolling release or
    where it is unknown. ``given`` is the text of the input, ``full`` the whole version where the input gave it.
    ``parent`` is the scope of the distribution this one is derived from, where that one's advisories hold here too
    ("ubuntu:22.04" for Linux Mint 21), else empty.
    """

    product: str
    version: str = ""
    full: str = ""
    rolling: bool = False
    given: str = ""
    parent: str = ""

    @property
    def scope(self) -> str:
        """The key under which advisories for this release stand: ``debian:12``, ``wolfi``."""
        return f"{self.product}:{self.version}" if self.version else self.product

    @property
    def known(self) -> bool:
        """Whether advisories can be scoped at all: a release is named, or the product has none."""
        return bool(self.version) or self.rolling
