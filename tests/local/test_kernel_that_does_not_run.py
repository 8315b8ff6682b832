"""A host that restarts and runs its old kernel again is not patched: told so, and taken back to the former packages.

The lab's machines share the kernel of this one, so a new kernel that is installed there never runs, as where somebody
has pinned the old one in the boot loader. The boot loader is a stand-in, which writes a menu as GRUB's does.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab.hosts import Host, HostsLab
from tests.lab.hosts_repo import package
from tests.local.desk import Desk

from oakum.adapters.packages.kernels import flavour
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

Out = pytest.CaptureFixture[str]
OLD = platform.release()
NEW = f"99.0.0-{flavour(OLD)}".rstrip("-")
MENU = """\
#!/bin/sh
{
    echo "submenu 'Advanced options' \\$menuentry_id_option 'gnulinux-advanced-1' {"
    for image in /boot/vmlinuz-*; do
        release=${image#/boot/vmlinuz-}
        printf "\\tmenuentry 'Linux' \\$menuentry_id_option 'gnulinux-$release-advanced-1' {\\n\\t}\\n"
    done
    echo '}'
} >/boot/grub/grub.cfg
"""
BOOT = "cat /proc/sys/kernel/random/boot_id"


def kernel(lab: HostsLab, release: str, version: str, *, security: bool) -> None:
    """A kernel's package, and the one without a release in its name that brings it."""
    work = lab.folder / "packages"
    work.mkdir(exist_ok=True)
    update = dict.fromkeys(("postinst", "postrm"), "#!/bin/sh\nupdate-grub\n")
    image = package(work, f"linux-image-{release}", version, files={f"/boot/vmlinuz-{release}": "x"}, scripts=update)
    brings = package(work, "linux-image-lab", version, depends=f"linux-image-{release} (= {version})")
    for deb in (image, brings):
        lab.repository.add(deb, security=security)


@pytest.fixture(scope="module")
def machine(hosts_lab: HostsLab) -> Iterator[Host]:
    """A host with the kernel that runs in a package, and a newer one in its security channel."""
    if not re.fullmatch(r"[a-z0-9+.-]+", OLD):
        pytest.skip(f"no package can have {OLD} in its name")
    with hosts_lab.running("old-kernel") as (made,):
        made.run("mkdir -p /boot/grub; cat >/usr/sbin/update-grub; chmod 755 /usr/sbin/update-grub", input=MENU)
        kernel(hosts_lab, OLD, "1.0", security=False)
        hosts_lab.repository.publish()
        made.run("apt-get -qq update; apt-get -qq -y install linux-image-lab >/dev/null")
        kernel(hosts_lab, NEW, "2.0", security=True)
        hosts_lab.repository.publish()
        made.run("apt-get -qq update")
        yield made


def test_a_host_that_restarts_into_its_old_kernel_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: Path, machine: Host, capsys: Out
) -> None:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    desk, boot = Desk(tmp_path, keys, [machine]), machine.run(BOOT)
    (step,) = desk.plan_of("kernel", "kind: kernel").steps.values()
    assert [(each.component, each.before, each.after) for each in step.changes] == [("kernel", OLD, NEW)]
    assert desk.run("kernel.json") == 1
    assert "not effective" in capsys.readouterr().out
    run = open_run(None, run_names(None)[0])
    found = summary_of(run, datetime.now(UTC))
    run.close()
    assert (found.state, found.counts) == ("stopped", {"undone": 1})
    assert machine.run(BOOT) != boot
    assert [machine.version(f"linux-image-{each}") for each in ("lab", OLD, NEW)] == ["1.0", "1.0", ""]
    assert machine.run("ls /boot").split() == ["grub", f"vmlinuz-{OLD}"]
    assert NEW not in machine.run("cat /boot/grub/grub.cfg")
