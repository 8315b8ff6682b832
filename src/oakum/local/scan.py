"""A scan from end to end: assets and an index in, one answer out.

The steps are the core's; here they are put in a row: equal package sets are matched once, each machine's own facts
decide how far a fix has come, each business context is judged once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

import msgspec

from oakum import __version__
from oakum.advisories.index import Index
from oakum.expressions import Failure, compile
from oakum.findings.judge import judge, merge
from oakum.findings.lifecycle import ended
from oakum.findings.match import match
from oakum.findings.model import Cleared, Coverage, Finding, Matched
from oakum.findings.stale import stale
from oakum.findings.statements.model import Ruled
from oakum.fleet.apt_lists import Offers
from oakum.fleet.assets import Asset, Context, Gap, Kernel
from oakum.local.ages import ages_of, stale_sources
from oakum.local.surveys import Survey, combined
from oakum.reports.answer import (
    Answer,
    AssetEntry,
    ClearedEntry,
    FindingEntry,
    SourceAge,
    Tool,
    gap_entry,
)
from oakum.reports.comparison_entries import ComparisonEntry
from oakum.reports.entries import action_entry, finding_entry
from oakum.reports.exposures import exposure_entries
from oakum.reports.stated import statements_entry
from oakum.reports.statement_entries import StatementsEntry
from oakum.risk.actions import actions
from oakum.risk.assess import Assessor, Judgement, facts
from oakum.risk.bundles import Ranked
from oakum.risk.conditions import FAIL_ON_TYPES

if TYPE_CHECKING:
    from oakum.advisories.statements.model import Stated
    from oakum.findings.foreign.model import Comparison, Report
    from oakum.findings.verdicts import Verdict
    from oakum.local.histories import Past, Written
    from oakum.local.since import Since

#: Reads what an asset's configured channels offer for the named packages.
OffersOf = Callable[[Asset, frozenset[str]], Offers | None]
ContextOf = Callable[[Asset], Context]
Progress = Callable[[str], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asks for beside the targets. A limit of days that is None means any age.

    ``implied`` names those of ``reports`` that are targets themselves: they are shown beside our answer, and nobody
    asked whether they agree with it.
    """

    now: str
    as_of: str = ""
    table: str = "cisa-bod-26-04"
    max_age_days: float | None = None
    accepted: frozenset[str] = frozenset()
    fail_on: str = ""
    baseline: frozenset[str] = frozenset()
    baseline_name: str = ""
    show_cleared: bool = False
    stated: Stated | None = None
    max_statement_days: float | None = None
    with_verdicts: bool = False
    reports: tuple[Report, ...] = ()
    implied: frozenset[str] = frozenset()
    past: Past | None = None
    past_name: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """The answer, and the findings (id, package, asset) for which the ``fail_on`` condition holds or cannot be told.

    ``written`` is what a history is to keep. ``verdicts`` are for others to read, where they are asked for.
    ``mismatched`` and ``misplaced`` name the compared reports that disagree with the answer, and those that are about
    another target.
    """

    answer: Answer
    failing: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()
    mismatched: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()
    written: Written | None = None


def scan(
    assets: Sequence[Asset],
    index: Index,
    context_of: ContextOf,
    options: Options,
    *,
    offers_of: OffersOf | None = None,
    surveys: Sequence[Survey] = (),
    progress: Progress = lambda _: None,
) -> Outcome:
    """Match, judge and rank. ``assets`` have distinct keys; ``surveys`` are clusters with what is in them."""
    surveyed = combined(surveys)
    targets = {asset.key for asset in assets}
    assets = [*assets, *surveyed.assets]
    by_key = {asset.key: asset for asset in assets}
    progress(f"matching {len(assets)} assets")
    matched, findings = _findings(assets, index, offers_of)
    everything = merge(findings)
    findings = [one for one in everything if one.key not in options.baseline]
    contexts = {
        asset.key: surveyed.reached.contexts[asset.key] if asset.key in surveyed.reached.contexts else context_of(asset)
        for asset in assets
    }
    progress(f"judging {len(findings)} findings")
    ages = ages_of(index, options.as_of or options.now)
    catalogue = max(
        (each.as_of or each.recorded for each in index.sources.values() if each.format == "kev"), default=""
    )
    assessor = Assessor(index.intel, as_of=options.as_of, catalogue=catalogue, table=options.table)
    ruled, statements = _ruled(findings, by_key, options)
    open_ = [one.finding for one in ruled if not one.suppressed]
    since = _since(assets, targets, matched, ruled, surveyed, index, ages, options)
    entries, ranked, failing = _judged(ruled, contexts, by_key, assessor, options, since)
    gaps = [*_gaps(assets, matched, index, ages, options), *(since.gaps if since is not None else ())]
    comparisons = _compared(everything, ruled, assets, matched, contexts, assessor, index, options)
    answer = Answer(
        tool=Tool("oakum", __version__),
        now=options.now,
        as_of=options.as_of,
        reconstructed=index.reconstructed,
        feeds=index.digest,
        sources=tuple(ages.values()),
        assets=tuple(_asset_entry(asset, matched[asset.key].coverage, contexts[asset.key]) for asset in assets),
        findings=tuple(entries),
        actions=tuple(action_entry(action) for action in actions(ranked, by_key, estimates=surveyed.estimates)),
        not_assessable=tuple(gap_entry(gap, options.accepted) for gap in gaps),
        cleared=_cleared(matched) if options.show_cleared else (),
        baseline=options.baseline_name,
        exposures=exposure_entries(
            surveyed.reached, {key: asset.name for key, asset in by_key.items()}, open_, contexts, assessor
        ),
        blast=surveyed.blast,
        relations=surveyed.relations,
        statements=statements,
        comparisons=_comparison_entries(comparisons),
        history=msgspec.UNSET if since is None else since.entry,
    )
    return Outcome(
        answer,
        tuple(failing),
        _verdicts(by_key, matched, ruled) if options.with_verdicts else (),
        mismatched=tuple(
            one.report.file
            for one in comparisons
            if one.fit != "other" and one.disagrees and one.report.file not in options.implied
        ),
        misplaced=tuple(one.report.file for one in comparisons if one.fit == "other"),
        written=None if since is None else since.written,
    )


def _findings(
    assets: Sequence[Asset], index: Index, offers_of: OffersOf | None
) -> tuple[dict[str, Matched], list[Finding]]:
    """Each distinct package set is matched once, and judged once for all machines whose channels tell nothing more.

    Of an asset's own facts a match looks at its kernels and its platform only; sets beside equal ones are alike.
    """
    matched: dict[str, Matched] = {}
    findings: list[Finding] = []
    shared: defaultdict[tuple[str, bool, str, tuple[Kernel, ...] | None], list[Asset]] = defaultdict(list)
    for asset in assets:
        kernels = None if asset.host is None else asset.host.kernels
        shared[asset.packages.digest, asset.kind == "image", asset.platform, kernels].append(asset)
    for same in shared.values():
        first = same[0]
        found = match(first.packages, index, kind=first.kind, host=first.host, platform=first.platform)
        matched.update(dict.fromkeys((asset.key for asset in same), found))
        names = frozenset(hit.package.name for hit in found.hits)
        alike = []
        for asset in same:
            offers = offers_of(asset, names) if offers_of and names and asset.host is not None else None
            if offers is None:
                alike.append(asset.key)
            else:
                findings.extend(judge(found, first.packages, (asset.key,), host=asset.host, offers=offers))
        if alike:
            findings.extend(judge(found, first.packages, tuple(alike), host=first.host))
    return matched, findings


def _ruled(
    findings: Iterable[Finding], assets: Mapping[str, Asset], options: Options
) -> tuple[list[Ruled], StatementsEntry | msgspec.UnsetType]:
    """What is stated about each finding, and what became of the statements."""
    stated = options.stated
    if stated is None:
        return [Ruled(finding) for finding in findings], msgspec.UNSET
    from oakum.findings.statements.ruling import Statements

    given = Statements(stated.statements, options.as_of or options.now, options.max_statement_days)
    ruled = list(given.rule(findings, assets))
    return ruled, statements_entry(stated, given.unused())


def _since(
    assets: Sequence[Asset],
    targets: Set[str],
    matched: Mapping[str, Matched],
    ruled: Sequence[Ruled],
    surveyed: Survey,
    index: Index,
    ages: Mapping[int, SourceAge],
    options: Options,
) -> Since | None:
    """This scan beside those before it."""
    if options.past is None:
        return None
    from oakum.local.since import since

    return since(
        options.past, options.past_name, options.now, assets=assets, targets=targets, matched=matched, ruled=ruled,
        relations=surveyed.relations, index=index, ages=ages, max_age_days=options.max_age_days,
    )  # fmt: skip


def _verdicts(
    assets: Mapping[str, Asset], matched: Mapping[str, Matched], ruled: Iterable[Ruled]
) -> tuple[Verdict, ...]:
    from oakum.findings.verdicts import verdicts

    return tuple(verdicts(assets, matched, ruled))


def _compared(
    everything: Sequence[Finding],
    ruled: Sequence[Ruled],
    assets: Sequence[Asset],
    matched: Mapping[str, Matched],
    contexts: Mapping[str, Context],
    assessor: Assessor,
    index: Index,
    options: Options,
) -> list[Comparison]:
    """The reports of other scanners beside all findings, those of the baseline too: they know of no baseline."""
    if not options.reports or not assets:
        return []
    from oakum.findings.foreign.compare import compare
    from oakum.findings.foreign.differences import Judged

    known = {one.finding.key for one in ruled}
    own = [*ruled, *(Ruled(one) for one in everything if one.key not in known)]
    catalogue = any(source.format == "kev" for source in index.sources.values())
    judged: dict[str, Judged] = {}
    for one in own:
        judgement = assessor.judge(one.finding, contexts[one.finding.assets[0]])
        chosen = judgement.severity.chosen
        scorer = chosen.given.scorer if chosen is not None else ""
        band = chosen.band if chosen is not None else "unknown"
        judged[one.finding.key] = Judged(band, scorer, judgement.kev if catalogue else None)
    compared = [compare(report, assets, matched, own, judged, index) for report in options.reports]
    # A report of which most packages could not be taken does not fit what was made of it; its gaps say so already.
    return [one for one in compared if one.fit != "other" or one.report.file not in options.implied]


def _comparison_entries(comparisons: Sequence[Comparison]) -> tuple[ComparisonEntry, ...] | msgspec.UnsetType:
    if not comparisons:
        return msgspec.UNSET
    from oakum.reports.compared import comparison_entry

    return tuple(map(comparison_entry, comparisons))


def _judged(
    ruled: Iterable[Ruled],
    contexts: Mapping[str, Context],
    assets: Mapping[str, Asset],
    assessor: Assessor,
    options: Options,
    since: Since | None,
) -> tuple[list[FindingEntry], list[Ranked], list[str]]:
    """Every finding in every business context it stands in; the entry shows the most urgent one.

    A suppressed finding is judged as it would be, and asks for no action and fails nothing.
    """
    condition = None
    if options.fail_on:
        condition = compile(options.fail_on, FAIL_ON_TYPES, name="--fail-on")
    entries: list[FindingEntry] = []
    ranked: list[Ranked] = []
    failing: list[str] = []
    # Contexts are many equal values: numbered once, they are not hashed again at each placement.
    distinct = {context: number for number, context in enumerate(dict.fromkeys(contexts.values()))}
    numbers = {key: distinct[context] for key, context in contexts.items()}
    numbered = list(distinct)
    for one in ruled:
        finding = one.finding
        placed: defaultdict[int, list[str]] = defaultdict(list)
        for key in finding.assets:
            placed[numbers[key]].append(key)
        judged: list[Judgement] = []
        for number, keys in placed.items():
            context = numbered[number]
            judgement = assessor.judge(finding, context)
            judged.append(judgement)
            if one.suppressed:
                continue
            part = finding if len(placed) == 1 else msgspec.structs.replace(finding, assets=tuple(keys))
            decision = judgement.decision
            ranked.append(Ranked(part, decision.outcome, decision.urgency, decision.days, judgement.score.value))
            if condition is not None:
                for key in keys:
                    known = facts(finding, judgement, assets[key].name, context, options.now)
                    # A condition that cannot be answered holds the gate shut.
                    held = condition.holds(known)
                    if held is not False:
                        unanswered = f": cannot be answered: {held.why}" if isinstance(held, Failure) else ""
                        where = f"{finding.id} in {finding.package.name} on {assets[key].name}"
                        failing.append(f"{where}{unanswered}")
        worst = min(judged, key=lambda each: (each.decision.urgency, -each.score.value))
        entries.append(finding_entry(one, worst, since.known_since(one) if since is not None else msgspec.UNSET))
    entries.sort(
        key=lambda one: (one.suppressed, one.decision.order, -one.score.value, one.id, one.package.name, one.key)
    )
    return entries, ranked, failing


def _gaps(
    assets: Sequence[Asset],
    matched: Mapping[str, Matched],
    index: Index,
    ages: Mapping[int, SourceAge],
    options: Options,
) -> list[Gap]:
    found: dict[Gap, None] = {}
    for asset in assets:
        for gap in (
            *asset.gaps,
            *matched[asset.key].gaps,
            *stale_sources(matched[asset.key].coverage, ages, options.max_age_days),
            *stale(asset.host),
            *ended(asset.packages.release, index, options.as_of or options.now),
        ):
            found[msgspec.structs.replace(gap, asset=asset.key)] = None
    found.update(dict.fromkeys(options.stated.gaps if options.stated is not None else ()))
    speaking = {name for one in matched.values() for part in one.coverage for name in part.sources}
    for source in index.sources.values():
        # What a source without any package says (KEV, an unreadable file) may bear on everything.
        if source.problems and (source.name in speaking or not index.covers(source)):
            what = f"{source.problems} record{'s' if source.problems != 1 else ''} of {source.name}"
            why = "could not be read, so what they say is missing here"
            remedy = "see `oakum feeds status`, mend or replace the file, and import it again"
            found[Gap("unreadable-advisory", what, why, remedy)] = None
    return list(found)


def _cleared(matched: Mapping[str, Matched]) -> tuple[ClearedEntry, ...]:
    seen: dict[ClearedEntry, None] = {}
    for one in {id(found): found for found in matched.values()}.values():
        for cleared in one.cleared:
            seen[_cleared_entry(cleared)] = None
    return tuple(seen)


def _cleared_entry(cleared: Cleared) -> ClearedEntry:
    return ClearedEntry(cleared.record.advisory.id, cleared.package.name, cleared.package.evr, cleared.why)


def _asset_entry(asset: Asset, coverage: tuple[Coverage, ...], context: Context) -> AssetEntry:
    release = asset.packages.release
    return AssetEntry(
        key=asset.key,
        name=asset.name,
        kind=asset.kind,
        source=asset.source,
        release=release.scope if release else "",
        packages=len(asset.packages.packages),
        package_set=asset.packages.digest,
        coverage=coverage,
        context=context,
        host=asset.host,
        not_read=asset.not_read,
    )
