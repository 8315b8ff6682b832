"""Hosts by SSH, for one person at a terminal: scanned side by side, each in one round trip, read like this machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from oakum.adapters.packages import rpm
from oakum.adapters.packages.apt import read_policy, software_of
from oakum.adapters.packages.kernels import with_kernel
from oakum.adapters.ssh import collected, commands, remedies
from oakum.adapters.ssh.connections import Connections, Request
from oakum.adapters.ssh.model import Host, Ran, Unanswered
from oakum.adapters.ssh.world import answered
from oakum.changes.state.inventory import InventoryDocument, MachineEntry, SoftwareEntry
from oakum.errors import NotAssessableError, OakumError, UsageError
from oakum.fleet.assets import Asset
from oakum.fleet.rootfs import read_root
from oakum.local.closing import Closes, with_closes
from oakum.local.targets import Target
from oakum.policy.amounts import spoken

#: Seconds that a host may take to collect what a scan reads: hundreds of megabytes of package lists are searched.
_SECONDS = 120.0
#: Seconds by which a clock may differ: the collection itself takes its time.
_CLOCK = 300


class Scanned(msgspec.Struct, frozen=True):
    """One host: what was read of it, or why nothing was."""

    name: str
    target: Target | None = None
    tree: collected.CollectedTree | None = None
    error: OakumError | None = None


def chosen(hosts: Mapping[str, Host], names: Sequence[str]) -> dict[str, Host]:
    """The named hosts, all where none is named. Raises UsageError for one that is not known, or where there is none."""
    if not hosts:
        raise UsageError("no host is known", remedy="oakum host add NAME ADDRESS")
    for name in names:
        if name not in hosts:
            raise UsageError(f"no host {name!r} is known", remedy=f"oakum host add {name} ADDRESS")
    return {name: hosts[name] for name in dict.fromkeys(names or hosts)}


def scan_hosts(hosts: Mapping[str, Host], names: Sequence[str], *, limit: int, plans: bool = True) -> list[Scanned]:
    """Scans hosts, at most ``limit`` at once; in the order of the names. ``plans``: also what only a plan asks."""
    with Connections(hosts, limit=limit) as connections:
        answers = connections.run_all(_request(name, hosts[name], plans) for name in names)
    return [_scanned(name, answer) for name, answer in zip(names, answers, strict=True)]


def _request(name: str, host: Host, plans: bool) -> Request:
    """By the installed program where the account reads by sudo, else by the same program, given in passing."""
    if host.sudo:
        return Request(name, commands.COLLECT, root=True, seconds=_SECONDS, output=collected.PACKED)
    return Request(
        name, commands.COLLECT_ONCE if plans else commands.BRIEF, commands.program(), seconds=_SECONDS,
        output=collected.PACKED,
    )  # fmt: skip


def _scanned(name: str, answer: Ran | Unanswered | OakumError) -> Scanned:
    if isinstance(answer, OakumError):
        return Scanned(name, error=answer)
    if isinstance(answer, Unanswered):
        why = f"{name} does not answer: {answer.why}"
        return Scanned(name, error=NotAssessableError(why, remedy="check the address, the network and sshd"))
    if answer.status != 0:
        return Scanned(name, error=NotAssessableError(f"{name}: {answered(answer)}", remedy="see what it says itself"))
    try:
        tree = collected.CollectedTree(answer.output, name)
        return Scanned(name, Target(read_root(tree, name=name), tree), tree)
    except OakumError as error:
        return Scanned(name, error=error.within(name))


def clock_told(scan: Scanned, now: datetime) -> str:
    """What is wrong with the clock of a host that was just scanned, and what to do; empty where nothing is."""
    try:
        theirs = datetime.fromisoformat(_said(scan.tree, "now").strip()) if scan.tree is not None else now
    except ValueError:
        return ""
    off = int((theirs - now).total_seconds())
    if abs(off) < _CLOCK:
        return ""
    far = f"{spoken(round(abs(off) / 60) * 60)} {'ahead of' if off > 0 else 'behind'}"
    return (
        f"{scan.name}: its clock is {far} ours: runs reckon with that, but its package manager may take signed indexes "
        "for expired (timedatectl set-ntp true)"
    )


def inventory(
    scans: Sequence[Scanned], hosts: Mapping[str, Host], now: datetime, closes: Closes | None = None
) -> bytes:
    """The hosts as an inventory that plans are made from; those that could not be read are not in it.

    ``closes`` are the findings that offered versions close, as a scan has told.
    """
    entries: dict[str, MachineEntry] = {}
    for scan in scans:
        if scan.target is None or scan.tree is None:
            continue
        asset, host = scan.target.asset, hosts[scan.name]
        entries[scan.name] = MachineEntry(
            uid=asset.key, environment=host.environment or None, region=host.region or None, tier=host.tier or None,
            pool=host.pool or None, labels=host.labels, healthy=True, ours=host.ours or None,
            boot_id=asset.host.boot_id if asset.host is not None else "",
            software=with_closes(_software(scan), (closes or {}).get(asset.key, {})),
            snapshots=_snapshots(scan.tree),
        )  # fmt: skip
    document = InventoryDocument(format="oakum-inventory/1", at=_text(now), hosts=entries)
    return msgspec.json.format(msgspec.json.encode(_without_empty(document)), indent=1) + b"\n"


def _snapshots(tree: collected.CollectedTree) -> bool | None:
    """Whether a copy of the host can be made and put back; None where the account may not ask."""
    return None if tree.kind("/.oakum/uncopied") is None else not _said(tree, "uncopied").strip()


def _without_empty(document: InventoryDocument) -> dict[str, object]:
    given = msgspec.to_builtins(document)
    return {name: value for name, value in given.items() if value or name == "hosts"}


def _software(scan: Scanned) -> dict[str, SoftwareEntry]:
    assert scan.target is not None and scan.tree is not None
    asset = scan.target.asset
    if scan.tree.kind("/.oakum/advisories") is not None:
        return _by_rpm(asset, scan.tree) | remedies.software_of(_said(scan.tree, "remediations"))
    packages = [
        each for each in asset.packages.packages if each.type == "deb" and each.state in ("installed", "triggers")
    ]
    native = asset.host.architecture if asset.host is not None else ""
    installed = {each.name: each.version for each in packages if each.arch in (native, "all", "")}
    found = software_of(
        read_policy(_said(scan.tree, "policy")), installed, asset.host.channels if asset.host is not None else (),
        held={each.name for each in packages if each.held},
        kept=_said(scan.tree, "kept").splitlines(), reboot=_said(scan.tree, "reboot").splitlines(),
    )  # fmt: skip
    found |= remedies.software_of(_said(scan.tree, "remediations"))
    return found if asset.host is None else with_kernel(found, _said(scan.tree, "kernels"), asset.host)


def _by_rpm(asset: Asset, tree: collected.CollectedTree) -> dict[str, SoftwareEntry]:
    packages = [each for each in asset.packages.packages if each.type == "rpm"]
    installed: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in packages:
        installed[each.name].add((each.evr, each.arch))
    offered = rpm.read_offered(_said(tree, "offered")) if tree.kind("/.oakum/offered") is not None else None
    advisories, advised = rpm.read_advisories(_said(tree, "advisories"))
    return rpm.software_of(
        installed, offered, advisories, asset.host.channels if asset.host is not None else (), advised=advised,
        held={each.name for each in packages if each.held}, kept=rpm.read_kept(_said(tree, "kept")),
        reboot=_said(tree, "reboot").splitlines(), several=_said(tree, "several").splitlines(),
    )  # fmt: skip


def _said(tree: collected.CollectedTree, name: str) -> str:
    """One of the answers that stand beside the files; empty where it was not asked."""
    try:
        return tree.read(f"/.oakum/{name}", 1 << 26).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def sudoers(user: str, *, read_only: bool = False) -> str:
    """A sudoers file that lets an account run our program on a host as root, by its exact commands, and nothing else.

    Each command is bound to the digest of the program: another one in its place is not run.
    """
    digest = commands.digest()
    words = ("collect", "look") if read_only else ("collect", "look", "act")
    listed = ", \\\n    ".join(f"sha256:{digest} {commands.PLACE} {word}" for word in words)
    return (
        f"# Oakum on this host: /etc/sudoers.d/oakum, mode 0440; check with: visudo -c -f FILE\n"
        f"# The program {commands.PLACE} belongs to root, mode 0755; print it with: oakum host sudoers --program\n"
        f"Cmnd_Alias OAKUM = \\\n    {listed}\n"
        f"Defaults!OAKUM !requiretty, env_reset, secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n"
        f"{user} ALL=(root) NOPASSWD: OAKUM\n"
    )
