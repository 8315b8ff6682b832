"""From which line of a product a build comes, and what its vendor says of that line.

A vendor fixes one vulnerability in several lines at once: each minor release with extended support, each module stream,
each product that stands on the system. A build has the fix of its own line though its version is below the fix of
another. A line is known by what the vendor writes into each version of it, never by the order of versions alone.
Sources: Red Hat's tags of builds (``el9_4`` for what is built for 9.4, ``.module+el8.8.0+`` for a module,
AlmaLinux's ``.module_el8.8.0+``, ``rhaos4.12`` for OpenShift's packages, whose main ones are named by version and
time); Ubuntu's ``esm``; SUSE's code streams (``150500.5.14.1`` is built for SLE 15 SP5): longer support goes on with
the builds of its release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from oakum.advisories.index import Detail, Index, Row, Rules
from oakum.findings.builds import is_modular, of_stream, other_build, rebuilt
from oakum.fleet.flavours import flavour
from oakum.fleet.packages import Package
from oakum.fleet.suse_products import CONTINUED, is_suse
from oakum.versions import Scheme, Unparsable

_LINE = re.compile(
    r"\.rhaos(?P<openshift>\d+\.\d+)\."
    r"|(?:\A|:)(?P<cluster>\d+\.\d+)\.\d+-\d{12}\.p\d+\."
    r"|\.module[_+]el(?P<major>\d+)\.(?P<minor>\d+)\.[^+]*\+"
    r"|\.el(?P<release>\d+_\d+)(?![0-9_])"
)

_CODE_STREAM = re.compile(r"-(1[5-9]0[0-9]00)\.")


class Fixed(NamedTuple):
    """A fix of the build's own line, in which channel it is published ("" for the plain one)."""

    version: str
    channel: str


@lru_cache(maxsize=4096)
def line(version: str) -> str:
    """The line that a version says it is of; empty where it says none."""
    found = _LINE.search(version)
    if found is None:
        return ""
    if openshift := found["openshift"] or found["cluster"]:
        return f"openshift {openshift}"
    return f"el{found['release'] or '_'.join(found.group('major', 'minor'))}"


def about(package: Package, detail: Detail) -> bool:
    """Whether a word without a version (not affected, undetermined) is said of this build and not of another line."""
    of_channel = detail.channel and detail.state_class == "not-affected"
    return not of_channel and not other_build(package, "", detail)


def speaks(package: Package, row: Row, detail: Detail, *, hit: bool) -> bool:
    """Whether a row judges this build; one of a channel does where it hits, or where both are of one line."""
    if other_build(package, row.fix, detail):
        return False
    own = line(package.version)
    return hit or not detail.channel or (own != "" and own == line(row.fix))


def fixed_in_line(
    package: Package, key: bytes, row: Row, rules: Rules, order: Scheme, index: Index, scope: str
) -> Fixed | None:
    """The fix of this build's own line where the build has it: a row of another line must not override that."""
    own, pocket = line(package.version), _pocket(package.version)
    channel = index.detail(row.detail).channel
    if is_suse(scope):
        return _continued(package, key, row, channel, rules, order, index)
    if not own and (not pocket or (channel and not rebuilt(channel))):
        return None
    for other in _others(row, rules, index, everywhere=bool(own)):
        detail = index.detail(other.detail)
        its = own == line(other.fix) and _of_stream(package, other, row, index) if own else detail.channel
        if its and not isinstance(fix := order.key(other.fix), Unparsable) and fix <= key:
            return Fixed(other.fix, detail.channel)
    return None


def _continued(
    package: Package, key: bytes, row: Row, channel: str, rules: Rules, order: Scheme, index: Index
) -> Fixed | None:
    """The fix of the same code stream in another of SUSE's lines of support, where the build has it.

    The release and its longer support are one line of builds: whoever has the fix of the one has that of the other,
    whatever is said of builds of the other. Within one line of support nothing is taken back: what is said twice of
    it holds twice.
    """
    own = _code_stream(package.version)
    for other in _others(row, rules, index, everywhere=False):
        theirs = index.detail(other.detail).channel
        apart = theirs != channel and CONTINUED.issuperset({theirs, channel} - {""})
        if not apart or own != _code_stream(other.fix):
            continue
        if not isinstance(fix := order.key(other.fix), Unparsable) and fix <= key:
            return Fixed(other.fix, theirs)
    return None


def stream_unnamed(package: Package, key: bytes, row: Row, rules: Rules, order: Scheme, index: Index) -> str:
    """Why nobody knows whether a row is about this build: it has the fix of one module stream and not of another.

    Empty where the streams are named, or the row is of none.
    """
    if package.type != "rpm" or not is_modular(package.version) or not is_modular(row.fix):
        return ""
    module = index.detail(row.detail).module
    if package.module and module:
        return ""
    for other in _others(row, rules, index, everywhere=False):
        if module and index.detail(other.detail).module == module:
            continue  # One stream, rebuilt for several minor releases: the order of versions decides.
        if is_modular(other.fix) and not isinstance(fix := order.key(other.fix), Unparsable) and fix <= key:
            return (
                f"fixed in {other.fix} of one module stream and in {row.fix} of another, and which of them this build "
                "belongs to is not named"
            )
    return ""


def other_kind(package: Package, row: Row, rules: Rules, index: Index) -> str:
    """Why a row about builds outside of modules does not speak of this modular one; empty where it may.

    A record that names fixes of modular builds tells them from the others: its plain words are about the others.
    """
    of_module = is_modular(row.fix) or index.detail(row.detail).module
    if package.type != "rpm" or not is_modular(package.version) or of_module:
        return ""
    if row.fix or any(is_modular(other.fix) for other in _others(row, rules, index, everywhere=False)):
        return "the advisory is for builds outside of modules, this build belongs to one"
    return ""


def _of_stream(package: Package, other: Row, row: Row, index: Index) -> bool:
    """Whether another row has a fix of the build's stream; of a build whose stream is not named, of the row's own."""
    module = index.detail(other.detail).module
    if of_stream(package, other.fix, module):
        return True
    unnamed = not package.module and is_modular(package.version) and is_modular(other.fix)
    return unnamed and bool(module) and module == index.detail(row.detail).module


def _others(row: Row, rules: Rules, index: Index, *, everywhere: bool) -> Iterator[Row]:
    """The other rows with a fix that are about the same vulnerability, those of other sources too if ``everywhere``."""
    for other in rules.rows:
        if other.record == row.record and other.fix and other is not row:
            yield other
    if everywhere and rules.shared and (record := index.record(row.record)) is not None:
        for _, rows in index.voices(rules).twins(record):
            yield from (other for other in rows if other.fix)


def _code_stream(version: str) -> str:
    """The number of SUSE's code stream that a release begins with; "" for the first of SLE 15, and for older ones."""
    found = _CODE_STREAM.search(version)
    return found[1] if found else ""


def _pocket(version: str) -> bool:
    return "esm" in version or bool(flavour(version))
