"""``make demo``: import a small snapshot of real advisories, scan this machine, a small fleet and a cluster, rank.

It runs the same commands that a person would type and prints them, in a folder of its own below ``build/``.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "demo"


def oakum(*words: str, answers: tuple[int, ...] = (0,)) -> None:
    """Run one command as a person would; ``answers`` are the exit codes that are no failure."""
    print(f"$ oakum {shlex.join(words)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "oakum", *words], cwd=ROOT, check=False).returncode
    if code not in answers:
        raise SystemExit(f"oakum ended with {code}")
    print(flush=True)


def targets() -> list[str]:
    """The machines, the cluster, and the SBOMs of two images that it runs: each names its digest as its version."""
    words = [*_files("fleet"), "--from", "demo/cluster.yaml"]
    for file in _files("images"):
        image = json.loads((ROOT / file).read_text())["metadata"]["component"]
        words += ["--sbom", f"{image['version']}={file}"]
    return [*words, "--context", "demo/context.yaml"]


def _files(folder: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "demo" / folder).glob("*.cdx.json"))


def main() -> None:
    """The demo."""
    WORK.mkdir(parents=True, exist_ok=True)
    data, report = WORK / "data", WORK / "report.html"
    oakum("feeds", "import", "demo/feeds", "--data", str(data.relative_to(ROOT)))
    # 3: something could not be assessed, which the answer lists; a small snapshot always leaves such a rest.
    words = [*targets(), "--data", str(data.relative_to(ROOT)), "-o", f"table,html={report.relative_to(ROOT)}"]
    oakum("scan", "host", *words, answers=(0, 3))
    print(f"The report, for a browser: {report}")


if __name__ == "__main__":
    main()
