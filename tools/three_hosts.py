"""``make hosts``: three real Debian machines to try Oakum on, for as long as it runs.

They are machines of the tests' lab (tests/lab/hosts.py): root on Linux is needed. On each runs an invented service,
``shopd`` 1.0; their repository has 1.1, and with ``offer_bad`` 1.2, which does not stay up. ``hosts/`` in the folder
that is named has a key that they let in, their ``known_hosts``, an Ansible inventory, and ``env``, which sets WEB1 to
WEB3 to their addresses.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.adapters.ssh.labs import DIES, offer
from tests.lab.go import LabUnavailable
from tests.lab.hosts import Host, HostsLab

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("web1", "web2", "web3")


@contextmanager
def three_hosts(folder: Path) -> Iterator[tuple[HostsLab, list[Host]]]:
    """The machines, and ``hosts/`` in a folder. Raises LabUnavailable, with the reason, where they can't be had."""
    with HostsLab() as lab:
        machines = lab.start(*NAMES)
        offer(lab, "shopd", "1.0", "1.1")
        for machine in machines:
            machine.run("apt-get -qq update && apt-get -qq -y install shopd=1.0 >/dev/null 2>&1")
        place = folder / "hosts"
        place.mkdir(exist_ok=True)
        shutil.copy(lab.key, place / "id_ed25519")
        (place / "known_hosts").write_text("".join(f"{each.address} {each.host_key}\n" for each in machines))
        exports = "".join(f"export WEB{at}={each.address}\n" for at, each in enumerate(machines, 1))
        (place / "env").write_text(exports)
        lines = [f"{each.name} ansible_host={each.address}" for each in machines]
        (place / "inventory.ini").write_text("\n".join(["[web]", *lines, ""]))
        yield lab, machines


def offer_bad(lab: HostsLab, machines: list[Host]) -> None:
    """The repository has a ``shopd`` whose service dies, and the machines have heard of it."""
    offer(lab, "shopd", "1.1", "1.2", program=DIES)
    for machine in machines:
        machine.run("apt-get -qq update")


def main(arguments: list[str]) -> int:
    """Starts them and waits."""
    folder = Path(arguments[0] if arguments else ".")
    shutil.copytree(ROOT / "demo/hosts", folder / "demo/hosts", dirs_exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with three_hosts(folder), suppress(KeyboardInterrupt):
            print(f"web1, web2 and web3 are up. Now, in another terminal:  cd {folder}", flush=True)
            print("Ctrl-C ends them, with all that is on them.", flush=True)
            while True:
                time.sleep(3600)
    except LabUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
