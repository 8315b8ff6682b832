"""Real manifests with the connections that are really allowed, and the conventions in which they are listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.data import ROOT, shared

from oakum.adapters.files.tree import DirectoryTree
from oakum.fleet.cluster.dump import read_folder
from oakum.risk.flows import Connection, Network

FOLDERS = sorted((ROOT.parent / "shared/data/networkpolicy").glob("*/"))
LINE = re.compile(r"(?P<source>\S+) => (?P<target>\S+) : (?P<ports>.+)")


def expected(folder: Path) -> set[tuple[str, str, str]]:
    lines = (LINE.fullmatch(line.strip()) for line in (folder / "EXPECTED_connlist.txt").read_text().splitlines())
    return {(line["source"], line["target"], line["ports"]) for line in lines if line}


def listed(connection: Connection) -> tuple[str, str, str]:
    source, target = (end if "/" in end else f"{end}[External]" for end in (connection.from_, connection.to))
    ports = "All Connections" if connection.ports.all else connection.ports.text().replace("; ", ",")
    return source, target, ports


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_connections_are_those_that_are_expected(folder: Path) -> None:
    network = Network(read_folder(DirectoryTree(folder), name=folder.name))
    assert {listed(each) for each in network.connections()} == expected(folder)
    assert not network.problems


def test_there_are_manifests_to_compare_with() -> None:
    assert shared("networkpolicy").is_dir()
    assert len(FOLDERS) >= 7
