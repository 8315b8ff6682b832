"""Bitnami versions: a numeric suffix is a revision, any other a pre-release."""

from __future__ import annotations

from tests.versions.pairs import osv_versions

from oakum.versions import Unparsable, bitnami


def test_revisions_sort_after_their_version_and_pre_releases_before() -> None:
    ascending = ["1.2.3-alpha", "1.2.3-rc1", "1.2.3", "1.2.3-1", "1.2.3-2", "1.2.3-10", "1.2.3-10.1", "1.2.4-rc1"]
    keys = [bitnami.key(text) for text in ascending]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


def test_revision_0_and_build_metadata_change_nothing() -> None:
    assert bitnami.key("1.22.0-0") == bitnami.key("1.22.0") == bitnami.key("v1.22.0+x-1")


def test_what_is_no_version_says_why() -> None:
    refused = bitnami.key("latest")
    assert isinstance(refused, Unparsable)
    assert refused.why


def test_every_version_of_the_database_has_a_place() -> None:
    versions = osv_versions("bitnami.jsonl.gz")
    assert len(versions) > 1000
    assert not [version for version in versions if isinstance(bitnami.key(version), Unparsable)]
