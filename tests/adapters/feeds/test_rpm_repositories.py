"""Repositories of rpm packages: from the list of mirrors to the index, and to the notices that it vouches for."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.adapters.feeds.publisher import Publisher, cut_after, status
from tests.adapters.feeds.test_syncing import Site, site
from tests.advisories.update_notices import amazon, oracle, updates

from oakum.adapters.feeds.downloads import states
from oakum.adapters.feeds.rpm_md import first, updateinfo
from oakum.adapters.feeds.sources import TABLE
from oakum.errors import InputError

__all__ = ["site"]

AMAZON = "/cdn.amazonlinux.com"
MIRRORS = f"{AMAZON}/al2023/core/mirrors/latest/x86_64/mirror.list"
OL9 = "/yum.oracle.com/repo/OracleLinux/OL9/baseos/latest/x86_64"
NOTICES = [amazon("2023", f"a-{n}-1.amzn2023.x86_64", number=f"2023-{n:03}") for n in range(1, 30)]


def repomd(document: bytes, href: str = "repodata/updateinfo.xml.gz", kind: str = "sha256", **more: str) -> bytes:
    digest = more.get("digest") or hashlib.new(kind, document).hexdigest()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo">'
        '<data type="primary"><checksum type="sha256">00</checksum><location href="repodata/primary.xml.gz"/></data>'
        f'<data type="updateinfo"><checksum type="{kind}">{digest}</checksum><open-checksum type="sha256">00'
        f'</open-checksum><location href="{href}"{more.get("base", "")}/><size>{len(document)}</size></data></repomd>'
    ).encode()


def published(publisher: Publisher, guid: str, *notices: str) -> str:
    """A new edition of Amazon's repository, which lies at an address of its own. Where it lies."""
    place = f"{AMAZON}/al2023/core/guids/{guid}/x86_64"
    data = gzip.compress(updates(*notices), mtime=0)
    publisher.put(MIRRORS, f"https:/{place}/\n".encode())
    publisher.put(f"{place}/repodata/repomd.xml", repomd(data))
    publisher.put(f"{place}/repodata/updateinfo.xml.gz", data)
    return place


def test_notices_come_by_way_of_mirrors_and_index_and_then_only_when_they_changed(site: Site) -> None:
    place = published(site.publisher, "aa", *NOTICES)
    assert (site.one("amazon-2023-core").result, site.facts()) == ("new", {"amazon-2023-core": len(NOTICES)})
    before = site.digest()
    assert (site.one("amazon-2023-core").result, site.digest()) == ("same", before)
    assert site.publisher.statuses(f"{place}/repodata/repomd.xml") == [200, 304]
    assert site.publisher.statuses(f"{place}/repodata/updateinfo.xml.gz") == [200]
    # Another edition of the repository with the same notices: the index is read, the notices are not fetched again.
    other = published(site.publisher, "bb", *NOTICES)
    assert (site.one("amazon-2023-core").result, site.digest()) == ("same", before)
    assert site.publisher.statuses(f"{other}/repodata/repomd.xml") == [200]
    assert site.publisher.statuses(f"{other}/repodata/updateinfo.xml.gz") == []
    third = published(site.publisher, "cc", *NOTICES, amazon("2023", "b-1-1.x86_64", number="2023-900"))
    assert site.one("amazon-2023-core").added == 1
    assert site.publisher.statuses(f"{third}/repodata/updateinfo.xml.gz") == [200]
    assert states(site.folder)["amazon-2023-core"].result == "new"
    assert [*(site.folder / "downloads" / "amazon-2023-core" / "incoming").iterdir()] == []


def test_a_repository_without_a_list_of_mirrors_may_use_another_packing_and_checksum(site: Site) -> None:
    data = lzma.compress(updates(oracle("9", "a-1-1.el9.x86_64")))
    site.publisher.put(f"{OL9}/repodata/repomd.xml", repomd(data, "repodata/77-updateinfo.xml.xz", "sha1"))
    site.publisher.put(f"{OL9}/repodata/77-updateinfo.xml.xz", data)
    assert (site.one("oracle-ol9-baseos").result, site.facts()) == ("new", {"oracle-ol9-baseos": 1})


@pytest.mark.parametrize("packing", ["gz", "xz", "bz2"])
@pytest.mark.parametrize("checksum", ["sha256", "sha512"])
def test_what_createrepo_makes_is_read(site: Site, tmp_path: Path, packing: str, checksum: str) -> None:
    for tool in ("createrepo_c", "modifyrepo_c"):
        if shutil.which(tool) is None:
            pytest.skip(f"not installed: {tool}")
    repository = tmp_path / "repository"
    repository.mkdir()
    (tmp_path / "updateinfo.xml").write_bytes(updates(oracle("9", "a-1-1.el9.x86_64"), oracle("9", "b-2-1.el9.x86_64",
                                                      number="2023-1")))  # fmt: skip
    subprocess.run(["createrepo_c", "--quiet", f"--checksum={checksum}", str(repository)], check=True)
    modify = ["modifyrepo_c", "--mdtype=updateinfo", f"--compress-type={packing}", f"--checksum={checksum}"]
    command = [*modify, str(tmp_path / "updateinfo.xml"), str(repository / "repodata")]
    subprocess.run(command, check=True, capture_output=True)
    for path in (repository / "repodata").iterdir():
        site.publisher.put(f"{OL9}/repodata/{path.name}", path.read_bytes())
    assert (site.one("oracle-ol9-baseos").result, site.facts()) == ("new", {"oracle-ol9-baseos": 2})


def test_notices_that_are_not_those_of_the_index_are_refused_and_the_old_stay(site: Site) -> None:
    published(site.publisher, "aa", *NOTICES)
    site.one("amazon-2023-core")
    before = site.digest()
    place = published(site.publisher, "bb", *NOTICES, amazon("2023", "b-1-1.x86_64", number="2023-900"))
    whole = site.publisher.documents[f"{place}/repodata/updateinfo.xml.gz"].data
    site.publisher.put(f"{place}/repodata/updateinfo.xml.gz", gzip.compress(updates(*NOTICES), mtime=1))
    for _ in range(2):
        outcome = site.one("amazon-2023-core")
        assert (outcome.result, "sha256 is not what repomd.xml says" in outcome.why) == ("failed", True)
        assert site.digest() == before
    site.publisher.put(f"{place}/repodata/updateinfo.xml.gz", whole)
    assert (site.one("amazon-2023-core").result, site.facts()["amazon-2023-core"]) == ("new", len(NOTICES) + 1)


def test_what_broke_off_goes_on(site: Site) -> None:
    place = published(site.publisher, "aa", *NOTICES)
    site.publisher.fault(f"{place}/repodata/updateinfo.xml.gz", cut_after(100))
    assert site.one("amazon-2023-core").result == "new"
    assert site.publisher.statuses(f"{place}/repodata/updateinfo.xml.gz") == [200, 206]


def test_a_repository_that_gave_up_its_notices_keeps_the_old_ones(site: Site) -> None:
    # As Rocky Linux's did in May 2026.
    published(site.publisher, "aa", *NOTICES)
    site.one("amazon-2023-core")
    place = f"{AMAZON}/al2023/core/guids/bb/x86_64"
    site.publisher.put(MIRRORS, f"https:/{place}/\n".encode())
    site.publisher.put(f"{place}/repodata/repomd.xml", b"<repomd><data type='primary'/></repomd>")
    outcome = site.one("amazon-2023-core")
    assert (outcome.result, "names no updateinfo" in outcome.why) == ("failed", True)
    site.publisher.fault(MIRRORS, *[status(503)] * 9)
    assert site.one("amazon-2023-core").result == "failed"
    assert site.facts() == {"amazon-2023-core": len(NOTICES)}


def test_notices_of_another_distribution_are_no_feed(site: Site) -> None:
    foreign = NOTICES[0].replace("linux-security@amazon.com", "updates@fedoraproject.org")
    published(site.publisher, "aa", foreign)
    outcome = site.one("amazon-2023-core")
    assert (outcome.result, "nobody who is known" in outcome.why) == ("refused", True)
    assert site.facts() == {}


@pytest.mark.parametrize(
    ("index", "why"),
    [
        (b"", "not well-formed|cut short"),
        (b"<repomd", "cut short"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><repomd/>", "DOCTYPE"),
        (b"<repomd/>", "names no updateinfo"),
        (repomd(b"a").replace(b'primary"', b'updateinfo"'), "names several"),
        (repomd(b"a", kind="md5"), "no checksum that proves"),
        (repomd(b"a", digest="00"), "no checksum that proves"),
        (repomd(b"a", "../../etc/passwd"), "leads out"),
        (repomd(b"a", "repodata/../../x"), "leads out"),
        (repomd(b"a", "/x"), "leads out"),
        (repomd(b"a", "//h/x"), "leads out"),
        (repomd(b"a", "https://h/x"), "leads out"),
        (repomd(b"a", ""), "leads out"),
        (repomd(b"a", "x?y"), "leads out"),
        (repomd(b"a", base=' xml:base="https://h/"'), "leads out"),
    ],
)
def test_an_index_vouches_for_one_file_below_itself_or_is_refused(index: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        updateinfo(index, "https://h/x/repodata/repomd.xml")
    assert caught.value.remedy


def test_an_index_names_the_address_and_the_checksum() -> None:
    named = updateinfo(repomd(b"abc", "repodata/9-updateinfo.xml.zst", "sha512"), "https://h/x/repodata/repomd.xml")
    assert (named.url, named.kind) == ("https://h/x/repodata/9-updateinfo.xml.zst", "sha512")
    assert named.checksum == hashlib.sha512(b"abc").hexdigest()


def test_a_file_is_what_is_named_by_its_bytes(tmp_path: Path) -> None:
    named = updateinfo(repomd(b"abc"), "https://h/repodata/repomd.xml")
    assert not named.is_of(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abd")
    assert (named.is_of(tmp_path / "a"), named.is_of(tmp_path / "b")) == (True, False)


@pytest.mark.parametrize(
    ("mirrors", "expected"),
    [
        (b"https://h/2/core/2.0/x86_64/221a\n\n", "https://h/2/core/2.0/x86_64/221a/repodata/repomd.xml"),
        (b"# a\n\nhttps://h/a/\nhttps://h/b/\n", "https://h/a/repodata/repomd.xml"),
    ],
)
def test_the_first_mirror_is_asked(mirrors: bytes, expected: str) -> None:
    assert first(mirrors) == expected


@pytest.mark.parametrize("mirrors", [b"", b"\n# x\n", b"<html>", b"ftp://h/a", b"file:///etc", b"/a", b"https://h/a?b"])
def test_a_list_that_names_no_repository_is_an_error(mirrors: bytes) -> None:
    with pytest.raises(InputError, match="names no repository"):
        first(mirrors)


def test_every_repository_of_the_table_is_an_index_or_a_list_of_mirrors() -> None:
    found = [one for one in TABLE if one.layout == "rpm-md"]
    assert found
    for one in found:
        assert one.url.endswith(("/repodata/repomd.xml", "/mirror.list"))
        assert one.format == "updateinfo"
