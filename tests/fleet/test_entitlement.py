"""Whose channels prove that a fix for subscribers alone is for this machine."""

from __future__ import annotations

import pytest

from oakum.fleet.assets import Channel, Host
from oakum.fleet.entitlement import entitled

PRO = Channel("UbuntuESMApps jammy-apps-security/main", "esm-apps", "https://esm.ubuntu.com/apps/ubuntu")
INFRA = Channel("UbuntuESM jammy-infra-security/main", "esm-infra", "https://esm.ubuntu.com/infra/ubuntu")
FIPS = Channel("UbuntuFIPSUpdates focal-updates/main", "extended", "https://esm.ubuntu.com/fips-updates/ubuntu")


ELTS = Channel("deb.freexian.com buster-lts/main", "extended", "http://deb.freexian.com/extended-lts")


def repository(name: str, *, enabled: bool = True) -> Channel:
    return Channel(name, "extended", f"https://aus.mirror.example/{name}", enabled=enabled)


@pytest.mark.parametrize(
    ("channel", "own", "expected"),
    [
        ("esm-apps", PRO, True),
        ("esm-infra", PRO, False),
        ("esm-apps", INFRA, False),
        ("esm-infra", INFRA, True),
        ("fips-updates", FIPS, True),
        ("realtime", FIPS, False),
        ("elts", ELTS, True),
        ("elts", PRO, False),
        ("eus:9.2", repository("rhel-9-for-x86_64-baseos-eus-rpms"), True),
        ("aus:8.6", repository("rhel-8-for-x86_64-appstream-aus-rpms"), True),
        ("e4s:9.0", repository("rhel-9-for-x86_64-baseos-e4s-rpms"), True),
        ("els:7", repository("rhel-7-server-els-rpms"), True),
        ("ltss", repository("SLES15-SP2-LTSS-Updates"), True),
        ("openshift:4.13", repository("rhocp-4.13-for-rhel-8-x86_64-rpms"), True),
        # Neither another kind of support, nor the plain repositories, nor the name of a mirror, nor what is off.
        ("eus:9.2", repository("rhel-9-for-x86_64-baseos-e4s-rpms"), False),
        ("aus:8.6", repository("rhel-8-for-x86_64-baseos-rpms"), False),
        ("eus:9.2", repository("rhel-9-for-x86_64-baseos-eus-rpms", enabled=False), False),
        ("openshift:4.13", repository("rhel-8-for-x86_64-baseos-rpms"), False),
    ],
)
def test_trap_05_the_entitlement_is_an_enabled_channel_of_that_kind(channel: str, own: Channel, expected: bool) -> None:
    assert entitled(Host(live=False, channels=(own,)), channel) is expected


@pytest.mark.parametrize("host", [None, Host(live=False)])
def test_trap_05_no_entitlement_is_known_where_no_channel_is(host: Host | None) -> None:
    assert not entitled(host, "esm-apps")
