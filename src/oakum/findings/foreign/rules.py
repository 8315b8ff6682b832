"""Why our answer stands where another scanner's differs: each rule with what it means."""

from __future__ import annotations

RULES: dict[str, str] = {
    # Both say it.
    "agreed": "both name the vulnerability for this package, and the same about it",
    # They alone.
    "vendor-word": "the distribution, or who maintains it, says that this package is not affected",
    "owner": "the files belong to a package of the operating system, whose distribution judges them",
    "fix-installed": "by our sources the fix is installed: distributions bring fixes to older versions (backports)",
    "not-in-range": "our sources name the vulnerability for this package and not for this version",
    "withdrawn": "the advisory was withdrawn",
    "other-platform": "it concerns another operating system than this node's",
    "other-build": "the advisory is about another build: a module stream, an architecture or a flavour",
    "kernel": "the package is no kernel that runs here; what runs is judged on the machine that runs it",
    "by-cpe": "they matched a product's name in NVD (CPE); the advisories for this package do not name it",
    "not-named": "our sources speak about this package and do not name this vulnerability for it",
    "other-version": "the package is here at another version",
    "not-here": "no such package is in what was scanned",
    # They alone, and nothing can be said here.
    "undecided": "an advisory names it and could not be evaluated, or the vendor has not decided",
    "vendor-build": "only the maker of this build can tell which fixes it holds",
    "no-feed": "no imported source speaks about this kind of package or this release",
    "foreign-package": "a third party built the package, whose advisories are not known",
    "unknown-package": "the report does not say what kind of package it is, or none that is known here",
    # We alone.
    "advisory": "an imported advisory names this version",
    "unfixed": "no fix is published, and their report names nothing without a fix",
    "newer": "it was published after their database was built",
    "not-their-kind": "their report names no package of this kind",
    # Both, and not the same.
    "vendor-fix": "the fix is that of the advisory for the installed build, which may hold an upstream fix earlier",
    "all-records": "several records speak about it: the version that closes all of them counts",
    "channel": "the fix is published in a channel that needs an entitlement or a support contract",
    "no-fix": "our advisory names no fixed version",
    "vendor-state": "the vendor's own word about its fix counts",
    "severity": "the scorer nearest to the installed build counts: vendor, then CNA, NVD, ADP; newest CVSS first",
    "statement": "a statement (VEX) says that it does not apply",
    "set-aside": "their report was told not to count it",
    "not-effective": "the fix is installed and not effective: something older still runs",
    "kev": "the imported catalogue of known exploited vulnerabilities counts",
    "source-name": "they name the source package, which is what some advisories speak of; here are its binaries",
}
