"""What an asset is called by those who speak about it: the package URLs of the whole.

An inventory may say so itself. An image that does not is known by its reference and its digest, of which the package
URL is made. Source: package-url/purl-spec, type oci.
"""

from __future__ import annotations

import re

from oakum.fleet.assets import Asset
from oakum.fleet.cluster.images import parse as parse_reference
from oakum.fleet.sbom.purls import Purl, parse

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def subjects(asset: Asset) -> list[tuple[str, Purl]]:
    """Every package URL of the whole asset, with its text; that is empty where nobody wrote it."""
    found = [(text, purl) for text in asset.subject if (purl := parse(text)) is not None]
    digest = _DIGEST.search(asset.key) if asset.kind == "image" else None
    reference = parse_reference(asset.name) if digest else None
    if digest is not None and reference is not None:
        qualifiers = {"repository_url": reference.name} | ({"tag": reference.tag} if reference.tag else {})
        found.append(("", Purl("oci", "", reference.repository.rpartition("/")[2], digest[0], qualifiers)))
    return found
