"""``make picture``: run the real scan of the demo and draw what it says.

docs/pictures/scan.svg is what it prints, docs/pictures/cluster.svg who can be reached in its cluster. The clock of the
scan is fixed and this machine is not scanned, so that the pictures are the same everywhere. They name no font to fetch
and bring their own background, so that they read on a light page and on a dark one.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from oakum.reports.answer import Answer
from tools import cluster_picture
from tools.demo import targets

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
NOW = "2026-09-01T12:00:00Z"
WIDTH = 100
SHOWN = "oakum scan demo/fleet/* --from demo/cluster.yaml --sbom sha256:1230...=demo/images/api.cdx.json ..."

FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}" role="img"
  aria-labelledby="{unique_id}-t {unique_id}-d">
<title id="{unique_id}-t">What oakum scan prints</title>
<desc id="{unique_id}-d">@DESCRIPTION@</desc>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect x="1" y="1" width="{width}" height="100%" rx="8" fill="#161b22"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def oakum(*words: str, data: str, answers: tuple[int, ...]) -> str:
    """What a command prints, run as a person would."""
    environment = os.environ | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "OAKUM_DATA": data}
    done = subprocess.run(
        [sys.executable, "-m", "oakum", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in answers:
        raise SystemExit(f"oakum {words[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def drawn(text: str) -> str:
    """The text as SVG; headings bold, known exploitation red."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bright_black"), (SHOWN, "bold")))
    for line in text.splitlines():
        shown = Text(line)
        if line[:4].isupper() and not line.startswith(("CVE", "DSA", "ALSA", "GHSA")):
            shown.stylize("bold")
        shown.highlight_regex(r"\bKEV\b", "bold red")
        shown.highlight_regex(r"(?<=^\d  )3 days(?: & forensic investigation)?", "bold red")
        shown.highlight_regex(r"(?<=^\d  )14 days", "yellow")
        console.print(shown, soft_wrap=True)
    svg = console.export_svg(title="", code_format=FORMAT, unique_id="scan")
    heads = [line for line in text.splitlines()[:2] if line]
    description = f"A terminal. {'. '.join(heads)}. Below: ranked actions, findings, what was not assessed, sources."
    return re.sub(r"[ \t]+\n", "\n", svg.replace("@DESCRIPTION@", description.replace("&", "&amp;")))


def pictures() -> dict[str, str]:
    """The pictures by the names of their files."""
    with tempfile.TemporaryDirectory(prefix="oakum-picture-") as data:
        oakum("feeds", "import", "demo/feeds", "--recorded-at", NOW, data=data, answers=(0,))
        text = oakum("scan", *targets(), "--now", NOW, data=data, answers=(0, 3))
        # The cluster alone: its picture is about nothing else.
        words = [word for word in targets() if not word.startswith("demo/fleet/")]
        answer = oakum("scan", *words, "--now", NOW, "-o", "json", data=data, answers=(0, 3))
    return {"scan.svg": drawn(text), "cluster.svg": cluster_picture.drawn(msgspec.json.decode(answer, type=Answer))}


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures().items():
        (PICTURES / name).write_text(picture)
        print((PICTURES / name).relative_to(ROOT))


if __name__ == "__main__":
    main()
