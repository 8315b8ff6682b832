"""``oakum scan``: from targets to what to do first."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.cli.outputs import outputs_of, rendered, write
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.fleet.assets import GAPS
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.advisories.statements.model import Stated
    from oakum.findings.foreign.model import Report
    from oakum.fleet.assets import Asset, Context
    from oakum.local.pulling import Puller
    from oakum.local.scan import Options, Outcome
    from oakum.local.surveys import Survey
    from oakum.local.targets import Target
    from oakum.reports.answer import Answer

INTERMIXED = True
_EXAMPLES = """Examples:
  oakum scan host
  oakum scan app.cdx.json --context business.yaml -o table,html=report.html
  oakum scan cluster:prod --sbom sha256:8f4e...=web.cdx.json --save-dump prod.json
  oakum scan --from prod.json
  oakum scan cluster:prod --pull-images --pull-secrets --pull-budget 30m
  oakum scan layout/:1.27 saved.tar --platform linux/arm64
  oakum scan image:nginx:1.27 image:localhost:5000/web
  oakum scan app.cdx.json --vex statements/ --vex-max-age 180d -v
  oakum scan app.cdx.json --compare trivy.json --compare grype.json
  oakum scan rootfs/ --fail-on 'decision == "3 days" || kev' -o sarif=oakum.sarif"""

_TARGET = (
    "host, cluster[:CONTEXT], a root folder, an SBOM, a report of Trivy or Grype, an image on disk (OCI layout or "
    "archive, docker archive), as PATH, PATH:TAG or PATH@DIGEST, or one in a registry, as image:REF"
)


class _Known(msgspec.Struct):
    """The identity of a finding in an earlier answer; one that was suppressed is new when it no longer is."""

    key: str
    suppressed: bool = False


class _Earlier(msgspec.Struct):
    """What a baseline is read for."""

    findings: list[_Known]


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``scan``."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help=_TARGET)
    help_ = "of an image for several: os/arch[/variant] (default: this machine's)"
    add("--platform", metavar="PLATFORM", default="", help=help_)
    help_ = "a registry that may be asked over plain http; repeat for more"
    add("--insecure-registry", metavar="HOST[:PORT]", action="append", default=[], help=help_)
    help_ = "a cluster's dump: a file, a folder, or '-'"
    add("--from", dest="dumps", metavar="DUMP", action="append", default=[], help=help_)
    help_ = "the SBOM of an image that a cluster runs; repeat for more"
    add("--sbom", metavar="DIGEST=FILE", action="append", default=[], help=help_)
    help_ = "read the images of clusters from their registries, which opens connections to all that pods name"
    add("--pull-images", action="store_true", help=help_)
    help_ = "with the pull secrets of the pods as well, where a registry wants credentials; live clusters only"
    add("--pull-secrets", action="store_true", help=help_)
    add(
        "--pull-budget",
        metavar="TIME",
        default="10m",
        help="how long images are pulled, as 90s, 10m, 2h (default: 10m)",
    )
    help_ = "how much is pulled for all images together (default: 5GiB)"
    add("--pull-bytes", metavar="SIZE", default="5GiB", help=help_)
    add("--components", metavar="FILE", type=Path, help="how to recognise more parts of a cluster, YAML")
    add("--save-dump", metavar="FILE", type=Path, help="keep what was read of the live cluster, for --from")
    add("--schema", action="store_true", help="print the JSON Schema of the json form, and end")
    configure_answer(parser)


def configure_answer(parser: argparse.ArgumentParser) -> None:
    """The arguments of every scan, whatever is scanned."""
    add = parser.add_argument
    add("--feeds", metavar="DIR", type=Path, help="a store made by `feeds import`, or a folder of OSV JSON files")
    add("--data", metavar="DIR", type=Path, help="the data folder (default: the user's)")
    add("--as-of", metavar="DATE", default="", help="answer as of this day or RFC 3339 time")
    add("--context", metavar="FILE", type=Path, help="business context, YAML or CSV")
    add("--baseline", metavar="FILE", type=Path, help="an earlier JSON answer: show only what is new")
    help_ = "what earlier scans saw, kept and gone on with: first seen, reopened, closed and by what"
    add("--history", metavar="FILE", type=Path, help=help_)
    add("--vex", metavar="FILE", type=Path, action="append", default=[], help="statements (VEX): a file or a folder")
    add("--vex-max-age", metavar="AGE", default="", help="older statements do not count, as 180d (default: any age)")
    help_ = "a report of Trivy or Grype (JSON) to show beside ours; repeat for more"
    add("--compare", metavar="REPORT", type=Path, action="append", default=[], help=help_)
    add("--max-feed-age", metavar="AGE", default="", help="older sources do not count, as 7d or 12h")
    add("--accept-unassessed", metavar="KIND", action="append", default=[], choices=sorted(GAPS), help="a kind of gap")
    add("--fail-on", metavar="CEL", default="", help="end with 1 if a finding meets this condition")
    add("--table", default="cisa-bod-26-04", choices=("cisa-bod-26-04", "ssvc-deployer"), help="the decision table")
    add("--cleared", action="store_true", help="list what names a package and does not apply, with the evidence (json)")
    add("--all", "-v", action="store_true", help="the table shows all rows")
    add("--now", metavar="TIME", default="", help="the time of the scan (default: the clock)")
    add("--vex-author", metavar="NAME", default="Oakum", help="who stands for the statements of -o openvex")
    help_ = "table, json, sarif, cyclonedx, html, openvex; several by comma; FORM=FILE writes to a file"
    add("-o", "--output", metavar="FORM[=FILE],...", action="append", default=[], help=help_)


def run(arguments: argparse.Namespace) -> int:
    """Scan; 0 all well, 1 the condition holds or a compared report disagrees, 2 an input could not be read, 3 something
    was not assessable, or a compared report is about another target."""
    from oakum.local.context import context_of

    if arguments.schema:
        return _schema()
    if not arguments.targets and not arguments.dumps:
        raise UsageError(
            "nothing to scan is named", remedy="name host, cluster, a root folder or an SBOM: oakum scan host"
        )
    outputs_of(arguments.output)
    progress = _progress()
    contexts = context_of(arguments.context)
    surveys, bad = _surveys(arguments, contexts, progress)
    named = [word for word in arguments.targets if not _is_cluster(word)]
    targets, unread = _targets(named, arguments.platform, arguments.insecure_registry, progress)
    return answered(arguments, targets, surveys, bad + unread, progress)


def answered(
    arguments: argparse.Namespace,
    targets: list[Target],
    surveys: list[Survey],
    bad: int,
    progress: Callable[[str], None],
    told: Callable[[Answer], None] = lambda _: None,
) -> int:
    """Judges what was read and prints it; ``bad`` is how many targets could not be read. The exit code of ``run``.

    ``told`` is handed the answer before it is printed.
    """
    import sqlite3

    from oakum.local.context import context_of
    from oakum.local.feeds import open_index
    from oakum.local.offers import offers_of
    from oakum.local.scan import Options, scan

    outputs = outputs_of(arguments.output)
    implied = [target.report for target in targets if target.report and target.report not in arguments.compare]
    for option, given in (("--as-of", arguments.as_of), ("--baseline", arguments.baseline)):
        if arguments.history and given:
            what = f"--history does not go with {option}"
            raise UsageError(what, remedy="a history is of whole scans of the present, and tells itself what is new")
    now = _time(arguments.now, "--now") if arguments.now else _text(datetime.now(UTC))
    options = Options(
        now=now,
        as_of=_time(arguments.as_of, "--as-of", end_of_day=True) if arguments.as_of else "",
        table=arguments.table,
        max_age_days=_days(arguments.max_feed_age, "--max-feed-age"),
        accepted=frozenset(arguments.accept_unassessed),
        fail_on=arguments.fail_on,
        baseline=_baseline(arguments.baseline),
        baseline_name=str(arguments.baseline or ""),
        show_cleared=arguments.cleared,
        stated=_stated(arguments.vex),
        with_verdicts=any(form == "openvex" for form, _ in outputs),
        max_statement_days=_days(arguments.vex_max_age, "--vex-max-age"),
        reports=_reports([*arguments.compare, *implied]),
        implied=frozenset(map(str, implied)),
    )
    contexts = context_of(arguments.context)
    if not targets and not surveys:
        return 2

    def scanned(options: Options) -> Outcome:
        return scan(
            [target.asset for target in targets],
            open_index(arguments.feeds, arguments.data, as_of=options.as_of, progress=progress),
            contexts,
            options,
            surveys=surveys,
            offers_of=offers_of(targets),
            progress=progress,
        )

    try:
        outcome = scanned(options) if arguments.history is None else _gone_on(arguments.history, options, scanned)
    except sqlite3.DatabaseError as error:
        # Its first page was sound, so it opened; the pages behind it are read when they are needed.
        raise InputError(
            f"the advisory index is damaged: {error}",
            remedy="delete index.sqlite beside feeds.sqlite; the next scan builds it anew",
        ) from None
    progress("")
    told(outcome.answer)
    for form, file in outputs:
        content = rendered(outcome, form, file, author=arguments.vex_author, everything=arguments.all)
        if content:
            write(content, file)
        else:
            print("oakum scan: openvex: there is nothing to state, so no document is written", file=sys.stderr)
    for failing in outcome.failing[:20]:
        print(printable(f"oakum scan: fails: {failing}"), file=sys.stderr)
    for report in outcome.misplaced:
        print(printable(f"oakum scan: {report}: this report is about another target"), file=sys.stderr)
    if bad:
        return 2
    if outcome.failing or outcome.mismatched:
        return 1
    unassessed = any(not gap.accepted for gap in outcome.answer.not_assessable)
    return 3 if unassessed or outcome.misplaced else 0


def _gone_on(file: Path, options: Options, scanned: Callable[[Options], Outcome]) -> Outcome:
    """The scan beside those before it, of which the file keeps what it saw."""
    from oakum.local.histories import opened

    with opened(file, options.now) as history:
        outcome = scanned(msgspec.structs.replace(options, past=history.past, past_name=str(file)))
        if outcome.written is not None:
            history.write(outcome.written)
    return outcome


def _schema() -> int:
    from oakum.reports.answer import Answer

    schema = msgspec.json.schema(Answer)
    print(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
    return 0


def _targets(
    words: list[str], platform: str, insecure: list[str], progress: Callable[[str], None]
) -> tuple[list[Target], int]:
    from oakum.fleet.images.choice import read_platform
    from oakum.local.targets import distinct, read_target

    wanted = read_platform(platform) if platform else None
    targets, bad = [], 0
    for word in words:
        progress(f"reading {word}")
        try:
            targets.append(read_target(word, wanted, insecure))
        except OakumError as error:
            bad += _complain(error, progress)
    return distinct(targets), bad


def _is_cluster(word: str) -> bool:
    return word == "cluster" or word.startswith("cluster:")


def _surveys(
    arguments: argparse.Namespace, contexts: Callable[[Asset], Context], progress: Callable[[str], None]
) -> tuple[list[Survey], int]:
    """The clusters that are named, live and as dumps, and how many of them could not be read."""
    words = [word for word in arguments.targets if _is_cluster(word)]
    if not words and not arguments.dumps:
        for option, given in (
            ("--sbom", arguments.sbom),
            ("--components", arguments.components),
            ("--pull-images", arguments.pull_images),
        ):
            if given:
                raise UsageError(f"{option} is about a cluster", remedy="name cluster, or a dump with --from")
    if arguments.save_dump and len(words) != 1:
        raise UsageError("--save-dump keeps one live cluster", remedy="name one: oakum scan cluster --save-dump FILE")
    if arguments.pull_secrets and not arguments.pull_images:
        raise UsageError("--pull-secrets is for --pull-images", remedy="give both, or none")
    if arguments.pull_secrets and not words:
        what = "--pull-secrets are read from a live cluster, and none is named"
        raise UsageError(what, remedy="name cluster, or log in to the registries (docker login)")
    if not words and not arguments.dumps:
        return [], 0
    from oakum.local.estates import Surveyor

    puller = _puller(arguments, progress) if arguments.pull_images else None
    surveyor = Surveyor(arguments.components, arguments.sbom, contexts, progress=progress, puller=puller)
    surveys, bad = [], 0
    for word in words:
        try:
            surveys.append(surveyor.live(word, save=arguments.save_dump, with_secrets=arguments.pull_secrets))
        except OakumError as error:
            bad += _complain(error, progress)
    for dump in arguments.dumps:
        try:
            surveys.append(surveyor.dump(dump))
        except OakumError as error:
            bad += _complain(error, progress)
    surveyor.finish()
    return surveys, bad


def _puller(arguments: argparse.Namespace, progress: Callable[[str], None]) -> Puller:
    """Who reads images from registries, and tells how it goes."""
    from oakum.adapters.registry.addresses import insecure_hosts
    from oakum.local.image_cache import ImageCache
    from oakum.local.paths import readings_folder
    from oakum.local.pull_limits import Budget, bytes_of, seconds_of, told_size
    from oakum.local.pulling import Puller, Told

    def tell(told: Told) -> None:
        text = told.text if told.note else f"images: {told.done} of {told.total}, {told_size(told.size)}: {told.text}"
        if sys.stderr.isatty() and not told.note:
            progress(printable(text)[: shutil.get_terminal_size().columns - 1])
        else:
            progress("")
            print(printable(f"oakum scan: {text}"), file=sys.stderr)

    budget = Budget(seconds_of(arguments.pull_budget, "--pull-budget"), bytes_of(arguments.pull_bytes, "--pull-bytes"))
    cache = ImageCache(readings_folder(str(arguments.data) if arguments.data else None))
    return Puller(budget, cache, insecure=insecure_hosts(arguments.insecure_registry), tell=tell)


def _complain(error: OakumError, progress: Callable[[str], None]) -> int:
    progress("")
    print(printable(f"oakum scan: {error}"), file=sys.stderr)
    return 1


def _baseline(file: Path | None) -> frozenset[str]:
    if file is None:
        return frozenset()
    try:
        earlier = msgspec.json.decode(file.read_bytes(), type=_Earlier)
        return frozenset(each.key for each in earlier.findings if not each.suppressed)
    except OSError as error:
        raise InputError(f"{error.strerror}", place=Place(str(file)), remedy="name an earlier JSON answer") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"no JSON answer: {error}", place=Place(str(file)), remedy="write one with -o json") from None


def _stated(files: list[Path]) -> Stated | None:
    if not files:
        return None
    from oakum.local.statements import read_statements

    return read_statements(files)


def _reports(files: list[Path]) -> tuple[Report, ...]:
    if not files:
        return ()
    from oakum.local.comparing import read_reports

    return tuple(read_reports(files))


def _days(age: str, option: str) -> float | None:
    if not age:
        return None
    unit = {"d": 1.0, "h": 1 / 24, "w": 7.0, "m": 1 / 1440}.get(age[-1:])
    try:
        days = float(age[:-1]) * unit if unit else -1.0
    except ValueError:
        days = -1.0
    if not 0 <= days < 1e6:
        raise UsageError(f"{option} {age!r} is no age", remedy="a number and a unit, as 7d, 12h, 30m, 2w")
    return days


def _time(text: str, option: str, *, end_of_day: bool = False) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is no time", remedy="a day or an RFC 3339 time, 2026-03-01") from None
    if end_of_day and len(text) == 10:
        time = time.replace(hour=23, minute=59, second=59)
    try:
        return _text(time if time.tzinfo else time.replace(tzinfo=UTC))
    except OverflowError:
        raise UsageError(f"{option} {text!r} is out of range", remedy="a time between the years 1 and 9999") from None


def _text(time: datetime) -> str:
    # Not by strftime, which writes the year 1 as "1": these texts are compared as texts.
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _progress() -> Callable[[str], None]:
    """One line that is rewritten on a terminal; elsewhere nothing, so that logs hold only answers."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return show
