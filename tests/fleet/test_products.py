"""Systems that are shipped as one image are known by os-release and by what a node says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.memory_tree import MemoryTree

from oakum.fleet import os_release
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.products import of_os_image, of_os_release
from oakum.fleet.rootfs import read_root

#: As the vendors write them, without the addresses and colours.
FILES = {
    "bottlerocket": 'NAME=Bottlerocket\nID=bottlerocket\nVERSION="1.20.3 (aws-k8s-1.29)"\n'
    'PRETTY_NAME="Bottlerocket OS 1.20.3 (aws-k8s-1.29)"\nVARIANT_ID=aws-k8s-1.29\n'
    "VERSION_ID=1.20.3\nBUILD_ID=5d2b2ea\n",
    "flatcar": 'NAME="Flatcar Container Linux by Kinvolk"\nID=flatcar\nID_LIKE=coreos\nVERSION=3815.2.2\n'
    "VERSION_ID=3815.2.2\nBUILD_ID=2024-04-10-2034\n"
    'PRETTY_NAME="Flatcar Container Linux by Kinvolk 3815.2.2 (Oklo)"\n',
    "talos": 'NAME="Talos"\nID=talos\nVERSION_ID=v1.7.0\nPRETTY_NAME="Talos (v1.7.0)"\n',
    "cos": 'NAME="Container-Optimized OS"\nID=cos\nPRETTY_NAME="Container-Optimized OS from Google"\nVERSION=109\n'
    "VERSION_ID=109\nBUILD_ID=17800.147.54\nKERNEL_COMMIT_ID=0\n",
    "rhcos": 'NAME="Red Hat Enterprise Linux CoreOS"\nID="rhcos"\nID_LIKE="rhel fedora"\n'
    'VERSION="414.92.202403270157-0"\n'
    'VERSION_ID="4.14"\nVARIANT="CoreOS"\nVARIANT_ID=coreos\nRHEL_VERSION="9.2"\nOPENSHIFT_VERSION="4.14"\n'
    'PRETTY_NAME="Red Hat Enterprise Linux CoreOS 414.92.202403270157-0 (Plow)"\n'
    "OSTREE_VERSION='414.92.202403270157-0'\n",
    "rhcos of 2020": 'ID="rhcos"\nVERSION="43.81.202003052336.0"\nVERSION_ID="4.3"\nOPENSHIFT_VERSION="4.3"\n'
    'RHEL_VERSION=8.0\nPRETTY_NAME="Red Hat Enterprise Linux CoreOS 43.81.202003052336.0 (Ootpa)"\n'
    "OSTREE_VERSION='43.81.202003052336.0'\n",
    "rhcos as a variant": 'ID="rhel"\nVERSION_ID="9.6"\nVARIANT_ID=coreos\nOPENSHIFT_VERSION="4.19"\n'
    "OSTREE_VERSION='9.6.20250523-0'\nPRETTY_NAME=\"Red Hat Enterprise Linux CoreOS 9.6.20250523-0 (Plow)\"\n",
}
EXPECTED = {
    "bottlerocket": ("bottlerocket", [("bottlerocket", "bottlerocket", "1.20.3")]),
    "flatcar": ("flatcar", [("flatcar", "flatcar", "3815.2.2")]),
    "talos": ("talos", [("talos", "talos", "v1.7.0"), ("golang", "github.com/siderolabs/talos", "v1.7.0")]),
    "cos": ("cos", [("cos", "cos", "cos-109-17800-147-54")]),
    "rhcos": ("rhel:9", [("rhcos", "rhcos", "414.92.202403270157-0")]),
    "rhcos of 2020": ("rhel:8", [("rhcos", "rhcos", "43.81.202003052336.0")]),
    "rhcos as a variant": ("rhel:9", [("rhcos", "rhcos", "9.6.20250523-0")]),
}


@pytest.mark.parametrize("name", FILES)
def test_an_os_release_names_the_system_as_one_package(name: str) -> None:
    fields = os_release.parse(FILES[name].encode())
    release = release_from_os_release(fields)
    scope, packages = EXPECTED[name]
    assert release is not None and release.known and release.scope == scope
    assert [(one.type, one.name, one.version) for one in of_os_release(fields)] == packages


@pytest.mark.parametrize("name", [name for name in FILES if name != "cos"])
def test_the_image_that_a_node_names_says_the_same_as_its_os_release(name: str) -> None:
    fields = os_release.parse(FILES[name].encode())
    assert of_os_image(fields["PRETTY_NAME"]) == of_os_release(fields)


@pytest.mark.parametrize(
    "image",
    [
        "Container-Optimized OS from Google", "Ubuntu 22.04.4 LTS", "Debian GNU/Linux 12 (bookworm)", "", "Talos",
        "Red Hat Enterprise Linux CoreOS 416.94", "Amazon Linux 2", "Flatcar Container Linux by Kinvolk",
        "Bottlerocket OS", "My Bottlerocket OS 1.20.3 (x)", "Talos (v1.7.0" + "0" * 1000 + ")",
    ],
)  # fmt: skip
def test_a_node_that_names_no_version_has_no_such_package(image: str) -> None:
    assert of_os_image(image) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"ID": "debian", "VERSION_ID": "12"}, {"ID": "cos", "VERSION_ID": "109"}, {"ID": "flatcar"}, {},
        {"ID": "cos", "BUILD_ID": "17800.147.54"}, {"ID": "rhel", "VERSION_ID": "9.6", "OSTREE_VERSION": "9.6.2-0"},
    ],
)  # fmt: skip
def test_what_names_no_version_or_is_no_image_has_no_such_package(fields: dict[str, str]) -> None:
    assert of_os_release(fields) == ()


INVENTORY = "/usr/share/bottlerocket/application-inventory.json"
KERNEL = {
    "Name": "kernel-6.1", "Publisher": "Bottlerocket", "Version": "6.1.124", "Release": "1.1737763153.9fde645.br1",
    "Epoch": "0", "InstalledTime": "2025-01-25T00:00:00Z", "ApplicationType": "Unspecified", "Architecture": "x86_64",
    "Url": "https://www.kernel.org/", "Summary": "The Linux kernel",
}  # fmt: skip


def root(files: dict[str, str]) -> Asset:
    return read_root(MemoryTree({path: text.encode() for path, text in files.items()}), name="root")


def bottlerocket(*content: Any) -> Asset:
    return root({"/etc/os-release": FILES["bottlerocket"], INVENTORY: json.dumps({"Content": content})})


def test_the_inventory_of_bottlerocket_lists_its_packages() -> None:
    asset = bottlerocket(KERNEL, {"Name": "bash", "Version": "1.16.1", "Release": "763f6d4c", "Architecture": "x86_64"})
    found = [(one.type, one.name, one.evr, one.epoch, one.arch) for one in asset.packages.packages]
    assert sorted(found, key=lambda one: one[1]) == [
        ("bottlerocket", "bash", "1.16.1-763f6d4c", None, "x86_64"),
        ("bottlerocket", "bottlerocket", "1.20.3", None, ""),
        ("bottlerocket", "kernel-6.1", "6.1.124-1.1737763153.9fde645.br1", 0, "x86_64"),
    ]
    assert asset.gaps == ()


@pytest.mark.parametrize(
    "bad",
    [5, None, {}, {"Name": "a"}, {"Name": "", "Version": "1"}, {"Name": "a", "Version": 1}, KERNEL | {"Epoch": "x"},
     KERNEL | {"Epoch": "9" * 5000}, KERNEL | {"Epoch": -1}, KERNEL | {"Release": []}],
    ids=range(10),
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_a_gap_and_the_others_stay(bad: Any) -> None:
    asset = bottlerocket(KERNEL, bad)
    assert {one.name for one in asset.packages.packages} == {"kernel-6.1", "bottlerocket"}
    (gap,) = asset.gaps
    assert gap.kind == "incomplete-inventory" and "entry 2" in gap.what


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Content", "Name", "Version", "Release", "Epoch", "Architecture"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_inventory_is_packages_or_a_gap(document: Any) -> None:
    asset = root({"/etc/os-release": FILES["bottlerocket"], INVENTORY: json.dumps(document)})
    assert asset.gaps or len(asset.packages.packages) > 1
    assert all(gap.kind == "incomplete-inventory" and gap.remedy for gap in asset.gaps)


@given(
    st.text(max_size=80), st.dictionaries(st.sampled_from(["ID", "VERSION_ID", "BUILD_ID", "VARIANT_ID"]), st.text())
)
def test_any_text_of_a_node_or_of_an_os_release_raises_nothing(image: str, fields: dict[str, str]) -> None:
    assert len(of_os_image(image)) <= 2 and len(of_os_release(fields)) <= 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Content": 5}', "[" * 100_000, "\ud800".encode("utf-8", "replace")])
def test_a_broken_inventory_is_a_gap(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    tree = MemoryTree({"/etc/os-release": FILES["bottlerocket"].encode(), INVENTORY: data})
    asset = read_root(tree, name="root")
    assert [gap.kind for gap in asset.gaps] == ["incomplete-inventory"]
    assert asset.gaps[0].remedy


@pytest.mark.parametrize(
    ("name", "expected"),
    [("flatcar", 0), ("talos", 1), ("cos", 1), ("bottlerocket", 1), ("rhcos", 1)],
)
def test_without_a_list_of_packages_only_a_system_whose_version_tells_all_has_no_gap(name: str, expected: int) -> None:
    asset = root({"/etc/os-release": FILES[name]})
    assert [gap.kind for gap in asset.gaps] == ["incomplete-inventory"] * expected


def test_the_kernel_of_an_image_belongs_to_it() -> None:
    flatcar = root({"/etc/os-release": FILES["flatcar"], "/usr/lib/modules/6.1.85-flatcar/vmlinuz": "x"})
    rocket = root({
        "/etc/os-release": FILES["bottlerocket"], INVENTORY: json.dumps({"Content": [KERNEL]}),
        "/usr/lib/modules/6.1.124/kernel/a": "x", "/usr/lib/modules/5.15.1/kernel/a": "x",
    })  # fmt: skip
    for asset, expected in (
        (flatcar, {"6.1.85-flatcar": "flatcar"}), (rocket, {"6.1.124": "kernel-6.1", "5.15.1": ""}),
    ):  # fmt: skip
        assert asset.host is not None
        assert {kernel.release: kernel.package for kernel in asset.host.kernels} == expected
