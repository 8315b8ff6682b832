"""The runner of the tutorials: finds commands, compares what they print, and says what was not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import docs_test

from tests.lab.go import LabUnavailable

FENCE = "```"


def page(tmp_path: Path, *parts: str) -> Path:
    """A tutorial; each part is the content of a console block, or a line of its own if it is a comment."""
    file = tmp_path / "page.md"
    blocks = [part if part.startswith("<!--") else f"{FENCE}console\n{part}\n{FENCE}" for part in parts]
    file.write_text("\n\n".join(blocks) + "\n")
    return file


def test_a_command_must_print_what_the_page_shows(tmp_path: Path) -> None:
    assert docs_test.run(page(tmp_path, "$ printf 'a\\nb\\nc\\n'\na\n...\nc")) == ([], 1, "")
    (fault,) = docs_test.run(page(tmp_path, "$ printf 'a\\nb\\n'\n...\nb\na")).faults
    assert "did not print, in its place:\na" in fault
    (fault,) = docs_test.run(page(tmp_path, "$ true", "$ exit 3", "$ true")).faults
    assert fault.startswith(f"{tmp_path}/page.md:6: $ exit 3\nended with 3")


def test_what_a_command_exports_lasts(tmp_path: Path) -> None:
    assert docs_test.run(page(tmp_path, "$ export A=b\n$ mkdir x && cd x", "$ echo $A ${PWD##*/}\nb x")).faults == []


def test_without_the_lab_the_rest_is_not_run_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: object) -> Path:
        raise LabUnavailable("no Go here")

    monkeypatch.setattr(docs_test, "_cluster", absent)
    monkeypatch.delenv("CI", raising=False)
    file = page(tmp_path, "$ echo one\none", "<!-- needs: lab -->", "$ echo $KUBECONFIG\nnever")
    assert docs_test.run(file) == ([], 1, "no Go here")
    monkeypatch.setenv("CI", "true")
    assert docs_test.run(file) == ([f"{file}:9: no Go here"], 1, "no Go here")


def test_with_the_lab_commands_after_the_mark_have_its_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs_test, "_cluster", lambda _: tmp_path / "lab.kubeconfig")
    file = page(
        tmp_path, "$ echo ${KUBECONFIG:-none}\nnone", "<!-- needs: lab -->", "$ basename $KUBECONFIG\nlab.kubeconfig"
    )
    assert docs_test.run(file) == ([], 2, "")
