"""A kernel is brought by packages with names and versions of their own: the plan holds them, for both ways."""

from __future__ import annotations

from tests.changes.state.makings import NOW

from oakum.changes.intents.catalogue import wanted
from oakum.changes.intents.machines import packages_of
from oakum.changes.intents.model import Intent
from oakum.changes.planning.steps import turned
from oakum.changes.plans.model import Change
from oakum.changes.state.inventory import MachineEntry, SoftwareEntry
from oakum.changes.state.laying import host_of
from oakum.changes.state.model import State

OLD, MIDDLE, NEW = "6.1.0-50-cloud-amd64", "6.1.0-53-cloud-amd64", "6.1.0-56-cloud-amd64"
PACKAGES: dict[str, tuple[str, ...]] = {
    NEW: ("linux-image-cloud-amd64=6.1.192-2", f"linux-image-{NEW}=6.1.192-2"),
    OLD: ("linux-image-cloud-amd64=6.1.176-1", f"linux-image-{NEW}="),
}


def change(installed: str, offers: tuple[str, ...]) -> Change:
    entry = SoftwareEntry(
        installed=installed, running=OLD, part="kernel", ecosystem="deb", offers=offers, packages=PACKAGES
    )
    machine = host_of("h", MachineEntry(uid="m", healthy=True, software={"kernel": entry}))
    state = State(at=NOW, digest="", machines=(machine,))
    ((found,),) = wanted(Intent(name="i", kind="kernel"), state).changes.values()
    return found


def test_the_change_names_the_packages_of_the_new_kernel_and_its_way_back_those_of_the_old() -> None:
    found = change(OLD, (NEW,))
    assert (found.before, found.after, found.installed) == (OLD, NEW, "")
    assert packages_of(found) == PACKAGES[NEW]
    assert packages_of(turned(found)) == PACKAGES[OLD]


def test_a_kernel_that_waits_for_its_reboot_alone_needs_no_packages() -> None:
    found = change(MIDDLE, ())
    assert (found.before, found.after, found.installed) == (OLD, MIDDLE, MIDDLE)
    assert packages_of(found) == ()
    assert found.parameters == {f"packages/{OLD}": " ".join(PACKAGES[OLD])}, "nothing is said of what nobody has told"
