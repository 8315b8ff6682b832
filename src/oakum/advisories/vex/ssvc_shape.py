"""The structure of an SSVC selection list, which test 6.1.46 of CSAF 2.1 demands.

A namespace has a base, registered or private (``x_`` and a reversed domain with a fragment), then extensions after
``/``: first a language or nothing, then languages and reversed domains with a leading dot.
Source: https://certcc.github.io/SSVC/data/schema/v2/SelectionList_2_0_0.schema.json.
"""

from __future__ import annotations

import re

from oakum.advisories.vex import forms, languages
from oakum.advisories.vex.forms import Form
from oakum.advisories.vex.shapes import Fields, Items, Text

INVALID = "6.1.46"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})+"
_FRAGMENT = r"#[a-z0-9]+(?:[.-][a-z0-9]+)*"
_REGISTERED = re.compile(rf"[a-z](?:[.-]?[a-z0-9])+(?:{_FRAGMENT})?")
_PRIVATE = re.compile(rf"x_{_DOMAIN}{_FRAGMENT}")
_EXTENSION = re.compile(rf"\.{_DOMAIN}{_FRAGMENT}")
_TRANSLATION = re.compile(rf"\.{_DOMAIN}(?:{_FRAGMENT})?")


def _is_namespace(text: str) -> bool:
    if not 3 <= len(text) <= 1000:
        return False
    base, slash, rest = text.partition("/")
    if not (_REGISTERED.fullmatch(base) or _PRIVATE.fullmatch(base)):
        return False
    if not slash:
        return True
    first, *others = rest.split("/")
    return (not first or languages.is_language(first)) and all(_is_extension(each) for each in others)


def _is_extension(text: str) -> bool:
    domain, dollar, language = text.partition("$")
    if dollar:
        return bool(_TRANSLATION.fullmatch(domain)) and languages.is_language(language)
    return bool(_EXTENSION.fullmatch(text)) or languages.is_language(text)


def _text(form: Form | None = None, *, least: int = 1) -> Text:
    return Text(form=form, least=least, test=INVALID)


_VALUE = Fields(
    of={"key": _text(forms.SSVC_KEY), "name": _text(), "definition": _text()},
    need=("key",),
    barred=True,
    test=INVALID,
)
_REFERENCE = Fields(
    of={"uri": _text(forms.URI), "summary": _text(least=0)}, need=("uri", "summary"), barred=True, test=INVALID
)
_REFERENCES = Items(of=_REFERENCE, test=INVALID)
_SELECTION = Fields(
    of={
        "namespace": _text(Form("an SSVC namespace", _is_namespace)),
        "key": _text(forms.SSVC_KEY),
        "version": _text(forms.SEMVER),
        "name": _text(),
        "definition": _text(),
        "values": Items(of=_VALUE, test=INVALID),
    },
    need=("namespace", "key", "version", "values"),
    barred=True,
    test=INVALID,
)
SSVC = Fields(
    of={
        "timestamp": Text(form=forms.STRICT_DATE_TIME, test="6.1.37"),
        "schemaVersion": Text(words=frozenset({"2.0.0"}), test=INVALID),
        "target_ids": Items(of=_text(least=0), unique=True, test=INVALID),
        "selections": Items(of=_SELECTION, test=INVALID),
        "decision_point_resources": _REFERENCES,
        "references": _REFERENCES,
    },
    need=("timestamp", "schemaVersion", "selections"),
    barred=True,
    test=INVALID,
)
