"""Rules about the version and the revision history of a document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from oakum.advisories.vex.document import Document, listed, when
from oakum.advisories.vex.instants import instant
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown
from oakum.advisories.vex.products import repeated
from oakum.advisories.vex.revisions import Number, Revision, number

_HISTORY = "/document/tracking/revision_history"
_VERSION = "/document/tracking/version"
#: So many missing versions are named one by one, and so many numbers of a gap are looked at.
_MOST_NAMED, _MOST_LOOKED_AT = 20, 200


def _numbers(document: Document) -> Iterator[tuple[str, Number]]:
    for path, item in listed(document.tracking, "revision_history", "/document/tracking"):
        version = number(item.get("number"))
        if version is not None:
            yield f"{path}/number", version


def _version(document: Document) -> Number | None:
    return number(document.tracking.get("version"))


def _unsorted(document: Document) -> Iterator[Found]:
    by_number = sorted(document.history, key=lambda one: one.number.key)
    for dated, numbered in zip(document.history, by_number, strict=True):
        if dated.date != numbered.date:
            path = f"{_HISTORY}/{dated.at}"
            yield path, f"sorted by date the versions do not ascend: {dated.number.text} stands in the wrong place"
            return


def _not_the_latest(document: Document) -> Iterator[Found]:
    version = _version(document)
    if version is None or not document.history:
        return
    latest = document.history[-1].number
    same = version.core == latest.core and version.is_integer == latest.is_integer
    if document.status != "draft":
        same = same and version.prerelease == latest.prerelease
    if not same:
        yield _VERSION, f"the version is {version.text}, but the latest revision has {latest.text}"


def _not_draft(document: Document) -> Iterator[Found]:
    version = _version(document)
    unfinished = version is not None and (version.is_initial or version.prerelease)
    if version is not None and unfinished and document.status not in ("", "draft"):
        yield "/document/tracking/status", f"the version {version.text} is that of a draft, not {document.status}"


def _initial_in_released(document: Document) -> Iterator[Found]:
    if document.is_released:
        for path, version in _numbers(document):
            if version.is_initial:
                yield path, f"a document that is {document.status} has the revision {version.text} in its history"


def _prerelease_in_history(document: Document) -> Iterator[Found]:
    for path, version in _numbers(document):
        if version.prerelease:
            yield path, f"the revision {version.text} is a pre-release"


def _prerelease_in_released(document: Document) -> Iterator[Found]:
    version = _version(document)
    if document.is_released and version is not None and version.prerelease:
        yield _VERSION, f"a document that is {document.status} has the pre-release version {version.text}"


def _missing(document: Document) -> Iterator[Found]:
    """Major versions that were left out; those of minor and patch as well where the version says so (2.1)."""
    history = document.history
    if not history:
        return
    first = history[0]
    if first.number.core[0] > 1:
        yield f"{_HISTORY}/{first.at}/number", f"the history begins with {first.number.text}, not with 0 or 1"
    known = {one.number.core for one in history}
    majors = {core[0] for core in known}
    for before, after in pairwise(history):
        if after.number.core <= before.number.core:
            continue
        gaps = list(_between(before, after, majors, known, fine=document.version != "2.0"))
        if gaps:
            more = ", and more" if len(gaps) > _MOST_NAMED else ""
            named = ", ".join(gaps[:_MOST_NAMED]) + more
            yield f"{_HISTORY}/{after.at}/number", f"between {before.number.text} and {after.number.text} lacks {named}"


def _between(
    before: Revision, after: Revision, majors: set[int], known: set[tuple[int, int, int]], *, fine: bool
) -> Iterator[str]:
    """The versions that should stand between two revisions."""
    (old_major, old_minor, old_patch), (major, minor, patch) = before.number.core, after.number.core
    whole = after.number.is_integer or before.number.is_integer
    for value in _gap(old_major + 1, major):
        if value not in majors:
            yield str(value) if whole else f"{value}.0.0"
    if not fine:
        return
    same_major, same_minor = major == old_major, (major, minor) == (old_major, old_minor)
    cores = [(major, value, 0) for value in _gap(old_minor + 1 if same_major else 0, minor)]
    cores += [(major, minor, value) for value in _gap(old_patch + 1 if same_minor else 0, patch)]
    for core in cores:
        if core not in known:
            yield ".".join(map(str, core))


def _gap(first: int, end: int) -> range:
    return range(first, min(end, first + _MOST_LOOKED_AT))


def _repeated(document: Document) -> Iterator[Found]:
    items = listed(document.tracking, "revision_history", "/document/tracking")
    return repeated(((f"{path}/number", item.get("number", "")) for path, item in items), "the revision")


def _mixed(document: Document) -> Iterator[Found]:
    kinds = {True: "an integer", False: "a semantic version"}
    numbers = list(_numbers(document))
    version = _version(document)
    if version is not None:
        numbers.insert(0, (_VERSION, version))
    for path, each in numbers:
        if each.is_integer != numbers[0][1].is_integer:
            yield path, f"{each.text} is {kinds[each.is_integer]}, and {numbers[0][1].text} is not"


def _other_initial_date(document: Document) -> Iterator[Found]:
    if not document.is_released:
        return
    items = listed(document.tracking, "revision_history", "/document/tracking")
    initial = next(((path, item) for path, item in items if item.get("number") in ("1", "1.0.0")), None)
    if initial is None:
        yield _HISTORY, "the initial release cannot be found: no revision has the number 1 or 1.0.0"
        return
    date = instant(initial[1].get("date"))
    released = when(document.tracking, "initial_release_date")
    if date is None:
        yield f"{initial[0]}/date", "the date of the initial release cannot be read"
    elif released is not None and released != date:
        place = "/document/tracking/initial_release_date"
        yield place, f"the initial release is said to be of another time than revision {shown(initial[1]['number'])}"


RULES = (
    Rule(
        id="6.1.14", versions=BOTH, look=_unsorted, says="revisions sorted by date are sorted by version as well",
        remedy="correct the date or the number of the revision",
    ),
    Rule(
        id="6.1.16", versions=BOTH, look=_not_the_latest,
        says="the version of the document is that of its latest revision",
        remedy="set tracking/version to the latest revision, or add that to the history",
    ),
    Rule(
        id="6.1.17", versions=BOTH, look=_not_draft, says="a version 0, 0.y.z or a pre-release is that of a draft",
        remedy="set the status to draft, or release the document as 1 or 1.0.0",
    ),
    Rule(
        id="6.1.18", versions=BOTH, look=_initial_in_released,
        says="the history of a released document has no revision 0 or 0.y.z",
        remedy="remove the revisions of the draft from the history",
    ),
    Rule(
        id="6.1.19", versions=BOTH, look=_prerelease_in_history, says="the history has no pre-release",
        remedy="remove the pre-release from the history",
    ),
    Rule(
        id="6.1.20", versions=BOTH, look=_prerelease_in_released,
        says="the version of a released document is not a pre-release",
        remedy="set the version without the pre-release part, or the status to draft",
    ),
    Rule(
        id="6.1.21", versions=BOTH, look=_missing, says="the history begins with 0 or 1 and leaves no version out",
        remedy="add the missing revisions",
    ),
    Rule(
        id="6.1.22", versions=BOTH, look=_repeated, says="no version stands twice in the history",
        remedy="give every revision its own number",
    ),
    Rule(
        id="6.1.30", versions=BOTH, look=_mixed, says="all versions are integers, or all are semantic versions",
        remedy="use one kind of version in the whole document",
    ),
    Rule(
        id="6.1.66", versions=NEW, look=_other_initial_date,
        says="the initial release date of a released document is the date of revision 1 or 1.0.0",
        remedy="set both to the time of the first release",
    ),
)  # fmt: skip
