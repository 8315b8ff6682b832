"""A live scan and the scan of its own dump, and of the dump from which the cluster was made, give the same answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
_NOW = "2026-09-01T12:00:00Z"


def test_the_demo_live_is_the_demo_dumped(lab_programs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.lab.control_plane import ControlPlane
    from tests.lab.crds import install_crds
    from tests.lab.dumped import load_dump, load_manifests

    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    assert main(["feeds", "import", str(ROOT / "demo/feeds")]) == 0
    saved = tmp_path / "saved.json"
    with ControlPlane(controllers=False, scheduler=False) as plane:
        install_crds(plane)
        load_dump(plane, ROOT / "demo/cluster.yaml")
        load_manifests(plane, ROOT / "deploy/rbac/oakum-reader.yaml")
        monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig_for_service_account("oakum", "oakum-reader")))
        live = _answer(tmp_path, "cluster", "--save-dump", str(saved))
    again = _answer(tmp_path, "--from", str(saved))
    first = _answer(tmp_path, "--from", str(ROOT / "demo/cluster.yaml"))
    assert _told(live) == _told(again)
    assert _judged(live) == _judged(first)


def _answer(folder: Path, *words: str) -> Any:
    out = folder / "answer.json"
    assert main(["scan", *words, "--now", _NOW, "-o", f"json={out}"]) == 3
    return json.loads(out.read_text())


def _told(answer: Any) -> Any:
    """Everything but the cluster's name and who read it when."""
    text = json.dumps({name: value for name, value in answer.items() if name != "assets"})
    return re.sub(r'"(?:source|time)": "[^"]*"', "", text)


def _judged(answer: Any) -> Any:
    """What does not hang on what the server adds: identities, and zones as labels of pods, by which they differ."""
    return [
        [
            (one["id"], one["package"]["name"], one["decision"]["outcome"], one["score"]["value"])
            for one in answer["findings"]
        ],
        [(one["title"], one["outcome"], one["risk"], one["disruption"]) for one in answer["actions"]],
        sorted((one["kind"], one["what"]) for one in answer["not_assessable"]),
        sorted((one["name"], one["level"], str(one["paths"][:1]), str(one["closings"])) for one in answer["exposures"]),
        [(one["name"], one["value"], one["parts"]) for one in answer["blast"]],
        sorted((one["kind"], one["count"]) for one in answer["relations"]),
    ]
