"""The pages about states, intents and plans: every example is read by the readers, every field has its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import docs_hooks

from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.reading import IntentEntry, read_intents
from oakum.changes.plans import Plan, Step
from oakum.changes.state.inventory import ClusterEntry, MachineEntry, SoftwareEntry
from oakum.changes.state.inventory_reading import read_inventory
from oakum.changes.state.missing import LISTABLE, NEEDED
from oakum.changes.state.of_cluster import CLAIM, CLUSTER, SNAPSHOTS

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = ("reference/state.md", "reference/intents.md", "how-to/plan-a-change.md", "tutorial/plan-a-change.md")
BLOCKS = [
    (page, block)
    for page in PAGES
    if (DOCS / page).exists()
    for block in re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
]


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_example_is_read(page: str, block: str) -> None:
    if "oakum-inventory/1" in block:
        read_inventory(block.encode(), page)
    else:
        assert "intents:" in block
        read_intents({page: block.encode()})


def test_the_page_about_states_names_every_field_of_an_inventory() -> None:
    page = (DOCS / "reference/state.md").read_text()
    for entry in (MachineEntry, SoftwareEntry, ClusterEntry):
        for name in entry.__struct_fields__:
            assert re.search(rf"\b{name}\b", page), name


def test_the_command_for_a_dump_asks_for_every_kind_that_a_plan_needs() -> None:
    resources = {
        "Node": "nodes", "Pod": "pods", "Namespace": "ns", "PodDisruptionBudget": "pdb", "Deployment": "deploy",
        "ReplicaSet": "rs", "StatefulSet": "sts", "DaemonSet": "ds", "ReplicationController": "rc", "Job": "jobs",
        "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
        "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    }  # fmt: skip
    assert resources.keys() == set(LISTABLE) >= NEEDED.keys()
    for page in ("reference/state.md", "how-to/plan-a-change.md"):
        text = (DOCS / page).read_text().replace("\\\n", "")
        (command,) = set(re.findall(r"kubectl get -A -o json (\S+) > prod\.json", text))
        words = command.split(",")
        assert {*resources.values(), "services", "pv", "pvc", "volumeattachments"} == set(words)


def test_the_page_about_annotations_names_those_that_plans_read() -> None:
    page = (DOCS / "reference/annotations.md").read_text()
    for key in (CLAIM, CLUSTER, SNAPSHOTS, "oakum.dev/environment", "oakum.dev/region"):
        assert f"`{key}`" in page


def test_the_page_about_intents_names_every_field_and_every_kind() -> None:
    page = docs_hooks.on_page_markdown((DOCS / "reference/intents.md").read_text())
    for name in IntentEntry.__struct_fields__:
        assert f"`{'for' if name == 'scope' else name}`" in page
    for kind in KINDS.values():
        assert f"| `{kind.name}` | {kind.rank} | {kind.says} |" in page
        assert all(f"`{field}`" in page for field in kind.fields)


def test_the_page_about_plans_names_every_field() -> None:
    page = (DOCS / "reference/plan.md").read_text()
    for type_, without in ((Plan, {"format"}), (Step, {"reboot", "snapshot", "disturbs"})):
        for name in set(type_.__struct_fields__) - without:
            assert f"`{name}`" in page, name
