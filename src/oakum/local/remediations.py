"""Remediations for plans: the shipped ones and those of a site's folder, pinned into what people approve.

The digest of a shipped one is in the program itself. One of a site's own counts when somebody whom the policy lists has
signed its digest: ``NAME.sig`` beside its file, made by ``ssh-keygen -Y sign``. Its text and the signature go into the
plan, so that whoever carries it out, later and elsewhere, needs no folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from oakum.adapters.ssh.remedies import shipped
from oakum.changes.intents.model import Intent
from oakum.changes.intents.scripts import DIGEST, DOCUMENT, NAME
from oakum.changes.remediations.model import Remediation, stated
from oakum.changes.remediations.reading import MAX_BYTES, read_remediations
from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.local.signatures import is_signed
from oakum.policy.model import Policy
from oakum.policy.ssh_keys import read_signature

#: For what signatures of remediations are made, so that one for something else is none of these.
NAMESPACE = "oakum-remediation@oakum.dev"
SIGNATURE = "signature"
_SUFFIXES = (".yaml", ".yml")
_MOST_FILES = 200
_LONGEST_SIGNATURE = 16_384


def pinned(intents: Sequence[Intent], policy: Policy, folders: Iterable[Path]) -> tuple[Intent, ...]:
    """The intents, each that names a remediation with its version, digest and, for a site's own, text and signature.

    Raises OakumError for one that is not known, not signed, or not the one that the intent asks for.
    """
    if not any(NAME in each.wants for each in intents):
        return tuple(intents)
    own = _site(folders)
    return tuple(_pinned(each, policy, own) if each.wants.get(NAME) else each for each in intents)


def check_pinned(intents: Iterable[Intent], policy: Policy) -> None:
    """Raises OakumError where a plan's remediation is neither one that ships with Oakum nor signed under the policy."""
    for intent in intents:
        name = str(intent.wants.get(NAME, ""))
        if not name:
            continue
        document = intent.wants.get(DOCUMENT)
        if name not in shipped() and document:
            _signed(name, stated(str(document)).get(DIGEST), str(intent.wants.get(SIGNATURE, "")), policy)
        elif name not in shipped() or document or _differs(intent, shipped()[name]):
            what = f"this version of Oakum does not ship the {name} that the plan was made for"
            raise InputError(what, place=_place(intent), remedy="make the plan anew, and have it approved")


def _pinned(intent: Intent, policy: Policy, own: Mapping[str, tuple[Remediation, Path]]) -> Intent:
    name = str(intent.wants[NAME])
    extra: dict[str, str] = {}
    if name in own:
        found, file = own[name]
        extra = {DOCUMENT: found.document, SIGNATURE: _signature(found, file, policy)}
    elif name in shipped():
        found = shipped()[name]
    else:
        known = ", ".join(sorted({*shipped(), *own}))
        what = f"no remediation {name[:60]!r} is known"
        raise InputError(what, place=_place(intent), remedy=f"name one of {known}; or give --remediations DIR")
    if field := _differs(intent, found):
        what = f"{field}: {name} has another than the intent asks for"
        value = stated(found.document)[field]
        raise InputError(what, place=_place(intent), remedy=f"it is {value}; leave it out, or see what has changed")
    return msgspec.structs.replace(intent, wants=intent.wants | stated(found.document) | extra)


def _differs(intent: Intent, found: Remediation) -> str:
    """The first field of an intent that the remediation says otherwise."""
    given = stated(found.document)
    return next((each for each in given if each in intent.wants and intent.wants[each] != given[each]), "")


def _site(folders: Iterable[Path]) -> dict[str, tuple[Remediation, Path]]:
    found: dict[str, tuple[Remediation, Path]] = {}
    for folder in folders:
        files = [folder]
        try:
            if folder.is_dir():
                files = sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES)
            if not files:
                raise InputError("no .yaml file in the folder", place=Place(str(folder)), remedy="name another")
            if len(files) > _MOST_FILES:
                raise LimitError(f"more than {_MOST_FILES} files", place=Place(str(folder)), remedy="join some of them")
            for file in files:
                for one in read_remediations(_bytes(file, MAX_BYTES), str(file)):
                    if one.name in shipped() or one.name in found:
                        where = found[one.name][1] if one.name in found else "Oakum itself"
                        what, remedy = f"{where} has a remediation {one.name!r}", "give yours another name"
                        raise InputError(what, place=Place(str(file)), remedy=remedy)
                    found[one.name] = one, file
        except OSError as error:
            what = error.strerror or str(error)
            raise InputError(what, place=Place(str(folder)), remedy="name a folder that may be read") from None
    return found


def _signature(found: Remediation, file: Path, policy: Policy) -> str:
    """The signature beside a file. Raises InputError, with the command that makes one."""
    path = file.with_name(f"{found.name}.sig")
    try:
        armoured = _bytes(path, _LONGEST_SIGNATURE).decode("ascii", "replace")
    except FileNotFoundError:
        raise InputError(
            f"{found.name} is not signed: there is no {path.name} beside it", place=Place(str(file)),
            remedy=f"echo {found.digest} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY >{path}",
        ) from None  # fmt: skip
    try:
        _signed(found.name, found.digest, armoured, policy)
    except OakumError as error:
        raise error.within(str(path)) from None
    return armoured


def _signed(name: str, digest: object, armoured: str, policy: Policy) -> None:
    """Raises InputError where a digest is not signed by somebody whom the policy lists."""
    signature = read_signature(armoured.encode())
    remedy = f"echo {digest} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY"
    if signature.namespace != NAMESPACE:
        raise InputError(f"the signature of {name} was made for {signature.namespace[:60]!r}", remedy=remedy)
    if not any(signature.key in each.keys for each in policy.approvers):
        what = f"{name} is signed with a key that the policy does not list"
        raise InputError(what, remedy="let somebody sign it whom the section approvers of the policy lists")
    if not is_signed(f"{digest}\n".encode(), armoured.encode(), signature.key, NAMESPACE):
        raise InputError(f"the signature of {name} is not that of its text", remedy=f"look at it, then {remedy}")


def _bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)


def _place(intent: Intent) -> Place:
    return Place(field=f"intent {intent.name[:60]}")
