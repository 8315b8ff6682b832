"""The package URL of an image: its last name, its digest, and where its repository is.

Source: the type oci of the package URL specification (purl-spec, types/oci-definition).
"""

from __future__ import annotations

from packageurl import PackageURL

from oakum.fleet.cluster.images import parse
from oakum.fleet.images.manifests import Platform


def purl_of(reference: str, digest: str, platform: Platform) -> str:
    """The package URL; "" where no reference tells a name. ``digest`` is the manifest's, "" where there is none."""
    named = parse(reference) if reference else None
    if named is None:
        return ""
    qualifiers = {"repository_url": named.name, "tag": named.tag, "arch": platform.architecture}
    return PackageURL(
        type="oci",
        name=named.repository.rpartition("/")[2].lower(),
        version=digest or None,
        qualifiers={key: value for key, value in qualifiers.items() if value},
    ).to_string()
