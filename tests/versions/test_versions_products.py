"""Versions of systems that are shipped as one image, and of vendors' Kubernetes: real ones, in their vendors' order."""

from __future__ import annotations

from itertools import pairwise

import pytest

from oakum.versions import compare, scheme

ASCENDING = {
    "bottlerocket": ["v1.9.2", "1.16.1", "1.19.5", "1.20.0", "v1.20.3", "1.26.2"],
    "flatcar": [
        "1688.5.3", "2605.12.0", "2605.12.1", "3033.3.18", "3510.2.8", "3510.3.3", "3815.0.0", "3815.1.0", "3815.2.0",
        "3815.2.2", "3815.2.10", "3850.1.0", "3913.0.0", "4230.2.4",
    ],
    "talos": ["v1.6.7", "v1.7.0-alpha.1", "v1.7.0-beta.0", "v1.7.0", "1.7.1", "v1.10.0"],
    "cos": [
        "cos-97-16919-404-28", "cos-105-17412-370-50", "cos-109-17800-66-27", "cos-stable-109-17800-147-28",
        "109-17800.147.54", "cos-arm64-109-17800-218-14", "cos-113-18244-1-1", "cos-dev-121-18867-0-4",
    ],
    "rhcos": [
        "43.81.202003052336.0", "49.84.202110081407-0", "410.84.202201251210-0", "414.92.202310170514-0",
        "414.92.202403270157-0", "414.92.202403270157-1", "414.92.20240401-0", "416.94.202406251923-0",
    ],
    "openshift": ["4.9.0", "4.14.0-rc.1", "4.14.0", "4.14.9", "4.14.20", "4.15.0"],
    "gke": [
        "v1.26.15-gke.1158000", "1.27.13-gke.1166000", "v1.29.3-gke.93000", "v1.29.3-gke.1282000",
        "v1.29.3-gke.1282000.1", "1.29.4-gke.1043002", "1.30.0-gke.1",
    ],
    "eks": ["v1.29.2-eks-ffffff0", "v1.29.3", "v1.29.3-eks-ae9a62a", "v1.29.4-eks-0000000", "v1.30.0-eks-036c24b"],
    "aks": ["1.27.9", "v1.28.5", "1.29.3", "1.29.10"],
}  # fmt: skip


def sign(product: str, left: str, right: str) -> str:
    order = scheme(product)
    assert order is not None
    return compare(order, left, right).sign


@pytest.mark.parametrize("product", ASCENDING)
def test_real_versions_stand_in_their_vendors_order(product: str) -> None:
    for left, right in pairwise(ASCENDING[product]):
        assert (sign(product, left, right), sign(product, right, left)) == ("<", ">"), (left, right)


@pytest.mark.parametrize(
    ("product", "left", "right"),
    [
        ("bottlerocket", "v1.20.3", "1.20.3"),
        ("bottlerocket", "6.1.61-1.1700513487.br1", "0:6.1.61-1.1700513487.br1"),
        ("talos", "v1.7.0", "1.7.0"),
        ("cos", "cos-109-17800-147-54", "109-17800.147.54"),
        ("cos", "cos-stable-109-17800-147-54", "cos-arm64-109-17800-147-54"),
        ("rhcos", "414.92.202403270157-0", "414.92.202403270157.0"),
        ("gke", "v1.29.4-gke.1043002", "1.29.4-gke.1043002"),
    ],
)
def test_one_version_in_two_spellings(product: str, left: str, right: str) -> None:
    assert sign(product, left, right) == "="


@pytest.mark.parametrize(
    ("product", "left", "right", "why"),
    [
        ("bottlerocket", "6.1.61-1.1700513487.br1", "1.16.1-0", "one is a package's own version"),
        ("bottlerocket", "1.16.1-763f6d4c", "2.78-1.1749663821.e27d1b03.br1", "one is a package's own version"),
        ("flatcar", "3815.2", "3815.2.2", "not of the form"),
        ("flatcar", "4000.0.0+nightly-20240601-2100", "4000.0.0", "not of the form"),
        ("cos", "109", "cos-109-17800-147-54", "not of the form"),
        ("cos", "17800.147.54", "cos-109-17800-147-54", "not of the form"),
        ("rhcos", "414.92.202403270157-0", "9.6.20250523-0", "named by"),
        ("rhcos", "4.14", "414.92.202403270157-0", "not of the form"),
        ("eks", "v1.29.3-eks-ae9a62a", "v1.29.3-eks-036c24b", "nothing in them tells"),
        ("gke", "v1.29.3-gke.1282000", "v1.29.3-eks-ae9a62a", "different vendors"),
        ("aks", "1.29", "latest", "not of the form"),
    ],
)
def test_what_nobody_can_order_is_undecided(product: str, left: str, right: str, why: str) -> None:
    order = scheme(product)
    assert order is not None
    answer = compare(order, left, right)
    assert answer.sign == "?" and why in answer.why
