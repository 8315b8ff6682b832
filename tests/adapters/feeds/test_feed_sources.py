"""The table of sources, and what settings may change of it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from oakum.adapters.feeds.sources import IMPORTED, TABLE, Change, changed, chosen, mirrored
from oakum.advisories.parsers import FORMATS
from oakum.errors import UsageError


@pytest.mark.parametrize("source", TABLE, ids=lambda one: one.name)
def test_every_row_can_be_fetched_and_read(source: object) -> None:
    from oakum.adapters.feeds.sources import Source

    assert isinstance(source, Source)
    parts = urlsplit(source.url)
    assert (parts.scheme, bool(parts.path), parts.query) == ("https", True, "")
    assert source.format in FORMATS
    assert source.about
    assert source.licence
    assert source.proven
    assert 0 < source.largest <= source.unpacked
    assert source.name.replace("-", "").replace(".", "").isalnum()
    assert (source.layout == "osv") == source.url.endswith("/all.zip")
    assert (source.layout == "csaf") == source.url.endswith("/") == bool(source.archive)


def test_names_and_groups_are_told_apart() -> None:
    names = [one.name for one in TABLE]
    assert len(set(names)) == len(names)
    assert not {one.group for one in TABLE} & set(names)


def test_every_format_has_a_source_or_is_imported_alone() -> None:
    assert {one.format for one in TABLE} == set(FORMATS) - IMPORTED


def test_words_choose_names_and_groups_once_each_in_the_order_of_the_table() -> None:
    assert [one.name for one in chosen(TABLE, ["epss", "intel", "osv-go"])] == [
        "osv-go", "kev", "epss", "vulnrichment",
    ]  # fmt: skip
    assert {one.name for one in chosen(TABLE, [])} == {one.name for one in TABLE if one.usual}
    with pytest.raises(UsageError, match="no source or group is called 'nvd'"):
        chosen(TABLE, ["nvd"])


def test_a_mirror_has_hosts_as_folders() -> None:
    found = {one.name: one.url for one in mirrored(TABLE, "https://m.example/feeds/")}
    assert found["osv-rocky-linux"] == (
        "https://m.example/feeds/osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip"
    )


def test_settings_move_a_source_and_add_one() -> None:
    table = changed(TABLE, {"kev": Change("https://m.example/kev"), "mine": Change("https://m.example/x", "osv")})
    found = {one.name: one for one in table}
    assert (found["kev"].url, found["kev"].format) == ("https://m.example/kev", "kev")
    assert (found["mine"].url, found["mine"].format) == ("https://m.example/x", "osv")
    topic = Change("https://m.example/nginx1/latest/x86_64/mirror.list", "updateinfo", "rpm-md")
    (added,) = changed((), {"amazon-2-nginx1": topic})
    assert (added.layout, added.format) == ("rpm-md", "updateinfo")
    with pytest.raises(UsageError, match="has no format"):
        changed(TABLE, {"mine": Change("https://m.example/x")})
    with pytest.raises(UsageError, match="no name of a source"):
        changed(TABLE, {"../mine": Change("https://m.example/x", "osv")})
    folder = Change("https://m.example/csaf/", "csaf", "csaf", archive="all.tar.gz", deleted="deletions.csv")
    (mine,) = (one for one in changed(TABLE, {"mine": folder}) if one.name == "mine")
    assert (mine.layout, mine.archive, mine.deleted) == ("csaf", "all.tar.gz", "deletions.csv")
    for wrong in (
        Change("https://m.example/csaf", "csaf", "csaf", archive="all.tar.gz"),
        Change("https://m.example/csaf/", "csaf", "csaf"),
        Change("https://m.example/csaf/", "osv", "csaf", archive="all.tar.gz"),
    ):
        with pytest.raises(UsageError, match="no folder of CSAF documents"):
            changed(TABLE, {"mine": wrong})
    with pytest.raises(UsageError, match="is no format"):
        changed(TABLE, {"mine": Change("https://m.example/x", "nonsense")})
