"""Forms of texts: what a format word or a pattern of the schemas asks of a text.

Each expression is linear: its alternatives exclude each other by their first character, or are possessive.
Sources: RFC 3986 (URI), RFC 3987 (IRI), RFC 9562 (UUID), NIST IR 7695 (CPE), semver.org, RFC 5321 (mailbox).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from oakum.advisories.vex import instants


class Form(msgspec.Struct, frozen=True):
    """A form by its name for people, and the question whether a text has it."""

    name: str
    fits: Callable[[str], object]


def _pattern(name: str, pattern: str) -> Form:
    return Form(name, re.compile(pattern).fullmatch)


_HEX2 = "%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~!$&'()*+,;="
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*+:"
_USER = rf"(?:(?:[{_UNRESERVED}:]|{_HEX2})*@)?"
_HOST = rf"(?:\[[0-9A-Za-z:.]++\]|(?:[{_UNRESERVED}]|{_HEX2})*+)"
_AUTHORITY = rf"//{_USER}{_HOST}(?::[0-9]*+)?(?![^/?#])"
_CPE_VALUE = r"(?:(?:\?+|\*)?+(?:[a-zA-Z0-9\-._]|\\[\\*?!\"#$%&'()+,/:;<=>@\[\]\^`{|}~])++(?:\?+|\*)?+|[*\-])"
_CPE_LANGUAGE = r"(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*\-])"

URI = _pattern(
    "a URI",
    rf"{_SCHEME}(?:(?=//){_AUTHORITY}|(?!//))(?:[{_UNRESERVED}:@/]|{_HEX2})*+"
    rf"(?:\?(?:[{_UNRESERVED}:@/?]|{_HEX2})*+)?(?:#(?:[{_UNRESERVED}:@/?]|{_HEX2})*+)?",
)
HTTPS = Form("an https URL", lambda text: text.startswith("https://") and len(text) >= 11 and URI.fits(text))
IRI = _pattern("an IRI", rf'{_SCHEME}[^\s<>"{{}}|\\^`\x00-\x20]++')
DATE_TIME = Form("an RFC 3339 date-time with a time zone", instants.instant)
STRICT_DATE_TIME = Form("an RFC 3339 date-time with T, a time zone and no leap second", instants.is_strict)
CPE = _pattern(
    "a CPE name",
    rf"cpe:2\.3:[aho*\-](?::{_CPE_VALUE}){{5}}:{_CPE_LANGUAGE}(?::{_CPE_VALUE}){{4}}"
    r"|c[pP][eE]:/[AHOaho]?(?::[A-Za-z0-9._\-~%]*+){0,6}",
)
CVE = _pattern("a CVE id", r"CVE-[0-9]{4}-[0-9]{4,}+")
CWE = _pattern("a CWE id", r"CWE-[1-9][0-9]{0,5}")
CWE_VERSION = _pattern(
    "a version of the CWE list", r"[1-9][0-9]*+\.(?:[0-9]|[1-9][0-9]++)(?:\.(?:[0-9]|[1-9][0-9]++))?"
)
HEX = _pattern("a hash value of at least 32 hexadecimal digits", r"[0-9a-fA-F]{32,}+")
LOWER_HEX = _pattern("a hash value of at least 32 lower case hexadecimal digits", r"[0-9a-f]{32,}+")
ALGORITHM = _pattern("a lower case name of a hash algorithm", r"[0-9a-z][0-9a-z-]*+")
#: No blank or one of ``-_.`` at either end, and one line.
LABEL = _pattern("a line without blanks, '-', '_' or '.' at its ends", r"[^\s\-_.](?:[^\n\r\u2028\u2029]*[^\s\-_.])?")
LINE = _pattern("a line without blanks at its ends", r"\S(?:[^\n\r\u2028\u2029]*\S)?")
_ID = r"(?:(?:0|[1-9][0-9]*+)(?![0-9A-Za-z-])|[0-9]*+[a-zA-Z-][0-9a-zA-Z-]*+)"
_CORE = r"(?:0|[1-9][0-9]*+)(?:\.(?:0|[1-9][0-9]*+)){2}"
_SEMVER = rf"{_CORE}(?:-{_ID}(?:\.{_ID})*+)?(?:\+[0-9a-zA-Z-]++(?:\.[0-9a-zA-Z-]++)*+)?"
SEMVER = _pattern("a semantic version", _SEMVER)
VERSION = _pattern("an integer or semantic version", rf"(?:0|[1-9][0-9]*+)|{_SEMVER}")
UUID = _pattern(
    "a UUID of version 4, or the nil or max UUID",
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|0{8}-(?:0{4}-){3}0{12}|f{8}-(?:f{4}-){3}f{12}",
)
EMAIL = _pattern(
    "an e-mail address",
    r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]++\.)*[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]++"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?",
)
ENTITY = _pattern("an id that begins with EID-", r"EID-[0-9A-Za-z][0-9A-Za-z._-]*+")
ENTITY_GROUP = _pattern("an id that begins with EGID-", r"EGID-[0-9A-Za-z][0-9A-Za-z._-]*+")
ENTITY_OR_GROUP = _pattern("an id that begins with EID- or EGID-", r"E(?:G)?ID-[0-9A-Za-z][0-9A-Za-z._-]*+")
LOCAL_VULNERABILITY = _pattern("an id that begins with VULN-", r"VULN-[0-9A-Za-z._-]++")
PROBABILITY = _pattern("a decimal fraction between 0.0 and 1.0", r"0\.[0-9]++|1\.0++")
SSVC_KEY = _pattern("a key of letters, digits and '_'", r"[a-zA-Z0-9](?:[a-zA-Z0-9_]*[a-zA-Z0-9])?|T\*")
