from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable

import pytest
from tests.fleet.images.builder import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    PACKINGS,
    Files,
    Json,
    configuration,
    digest,
    file,
    for_platform,
    hard,
    layer,
    layout,
    named,
    packed,
    saved,
)  # fmt: skip

from oakum.adapters.files.zstd import unpackers
from oakum.errors import InputError, LimitError, UsageError
from oakum.fleet.images import manifests, reading, sources, stacking
from oakum.fleet.images.archives import ArchiveStore
from oakum.fleet.images.choice import Choice, machine_platform, read_platform
from oakum.fleet.images.reading import Image
from oakum.fleet.images.sources import Memory, Unpacked
from oakum.fleet.images.stacking import Means

ONE, TWO = layer(file("etc/os-release", "ID=one")), layer(file("etc/os-release", "ID=two"))
ARM = "linux/arm64/v8"


def read(store: reading.Store, choice: Choice | str = "", **more: str) -> Image:
    given = Choice(choice) if isinstance(choice, str) else choice
    if "platform" in more:
        given = Choice(given.selector, read_platform(more["platform"]), given.here)
    return reading.read(store, given, Means(unpackers()), "there").image()


def says(image: Image) -> bytes:
    assert image.tree is not None, image.gaps
    return image.tree.read("/etc/os-release", 100)


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_layout_is_read_whatever_its_layers_are_packed_with(packing: str) -> None:
    files = layout(ONE, TWO, packing=packing)
    image = read(files)
    assert says(image) == b"ID=two"
    assert image.digest == json.loads(files["index.json"])["manifests"][0]["digest"]
    assert (str(image.platform), image.form, image.reference, image.gaps) == ("linux/amd64", "OCI layout", "", ())
    assert says(read(ArchiveStore(Memory(files.tar())))) == b"ID=two"


@pytest.mark.parametrize("inner", [lambda data: data, packed], ids=["plain", "packed"])
def test_a_docker_archive_is_known_by_its_image_id(inner: Callable[[bytes], bytes]) -> None:
    files = saved({"web:1": [ONE, TWO]})
    for path in list(files):
        if path.endswith("layer.tar"):
            files[path] = inner(files[path])
    image = read(files)
    assert says(image) == b"ID=two"
    assert image.digest == digest(json.dumps(configuration([ONE, TWO])).encode())
    assert (image.form, image.reference) == ("docker archive", "web:1")


def test_members_of_an_archive_may_be_links_to_others() -> None:
    files = saved({"web:1": [ONE]})
    path = next(path for path in files if path.endswith("layer.tar"))
    content = files.pop(path)
    archive = layer(
        file("x.tar", content), hard("y.tar", "./x.tar"), *(file(name, data) for name, data in files.items()),
        file(path, "replaced by the next"), hard(path, "y.tar"),
    )  # fmt: skip
    assert says(read(ArchiveStore(Memory(archive)))) == b"ID=one"


# Which image.


def several(*names: str) -> Files:
    files = Files()
    listed = [files.image([layer(file("etc/os-release", name))], **(named(name) if name else {})) for name in names]
    return files.index(*listed)


def test_an_image_is_chosen_by_tag_reference_or_digest() -> None:
    files = several("docker.io/library/web:1", "web:2", "latest", "")
    for selector, name in {
        "docker.io/library/web:1": "docker.io/library/web:1", "web:1": "docker.io/library/web:1",
        "1": "docker.io/library/web:1", "2": "web:2", "docker.io/library/web:2": "web:2", "latest": "latest",
    }.items():  # fmt: skip
        assert says(read(files, selector)) == name.encode(), selector
    for each in json.loads(files["index.json"])["manifests"]:
        assert read(files, each["digest"]).digest == each["digest"]
    assert says(read(several("x/web:1", "1"), "1")) == b"1"
    assert read(files, "1").reference == "docker.io/library/web:1"
    assert read(files, "latest").reference == ""


@pytest.mark.parametrize("selector", ["", "3", "web", "none:1", "sha256:" + "0" * 64])
def test_a_choice_that_is_not_clear_says_which_images_are_there(selector: str) -> None:
    with pytest.raises(UsageError, match=r"there are: .*web:1, docker.io/library/web:2, @sha256:"):
        read(several("docker.io/library/web:1", "docker.io/library/web:2", ""), selector)
    with pytest.raises(UsageError, match="there are: web:1, other:2"):
        read(saved({"web:1": [ONE], "other:2": [TWO]}), selector)


def test_images_of_a_docker_archive_are_chosen_by_tag_or_image_id() -> None:
    files = saved({"web:1": [ONE], "quay.io/x/web:2": [TWO]})
    assert says(read(files, "web:1")) == says(read(files, "docker.io/library/web:1")) == b"ID=one"
    assert says(read(files, "2")) == b"ID=two"
    assert says(read(files, read(files, "2").digest)) == b"ID=two"


def test_two_names_of_one_image_are_no_choice() -> None:
    files = Files()
    one = files.image([ONE])
    files.index(one | named("a:1"), one | named("b:2"))
    assert says(read(files)) == b"ID=one"


def platforms(*names: str, nested: bool = True, **more: object) -> Files:
    files = Files()
    listed: list[Json] = [
        files.image([layer(file("etc/os-release", name))], built_for=name, **for_platform(name)) for name in names
    ]
    attestation = files.image([ONE], **for_platform("unknown/unknown"))
    listed.append(attestation | {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}})
    if not nested:
        return files.index(*listed)
    return files.index(files.document({"schemaVersion": 2, "manifests": listed}, INDEX, **more))


@pytest.mark.parametrize("nested", [True, False])
def test_a_platform_is_chosen(nested: bool) -> None:
    files = platforms("linux/amd64", ARM, "linux/arm/v6", "linux/arm/v7", "windows/amd64", nested=nested)
    for given, found in {
        "linux/amd64": "linux/amd64", "linux/x86_64": "linux/amd64", "linux/arm64": ARM, "linux/aarch64": ARM, ARM: ARM,
        "linux/arm": "linux/arm/v7", "linux/arm/v6": "linux/arm/v6", "windows/amd64": "windows/amd64",
        "Linux/AMD64/v1": "linux/amd64",
    }.items():  # fmt: skip
        image = read(files, platform=given)
        assert (says(image).decode(), str(image.platform)) == (found, found)
    assert says(read(files, Choice(here=machine_platform("Linux", "aarch64")))) == ARM.encode()
    for given in ("linux/s390x", "linux/arm/v5", "linux/amd64/v3"):
        with pytest.raises(UsageError, match="there are: linux/amd64, linux/arm/v6, "):
            read(files, platform=given)


def test_the_only_platform_is_taken_unless_another_is_asked_for() -> None:
    for files in (platforms(ARM), platforms(ARM, nested=False), layout_of(ARM)):
        assert str(read(files).platform) == ARM
        assert str(read(files, platform="linux/arm64").platform) == ARM
        with pytest.raises(UsageError, match="linux/arm64/v8"):
            read(files, platform="linux/amd64")
    with pytest.raises(UsageError, match="not for linux/arm64"):
        read(saved({"web:1": [ONE]}), platform="linux/arm64")


def layout_of(platform: str) -> Files:
    files = Files()
    return files.index(files.image([ONE], built_for=platform))


def test_a_manifest_within_an_index_is_chosen_by_its_digest_and_called_as_the_index_is() -> None:
    files = platforms("linux/amd64", ARM, **named("quay.io/x/web:1"))
    wanted = read(files, platform=ARM)
    assert wanted.reference == "quay.io/x/web:1"
    again = read(files, wanted.digest)
    assert (again.digest, str(again.platform), again.reference) == (wanted.digest, ARM, wanted.reference)


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/arm/v7/x"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_platform(text)


# What lies.


def changed(files: Files, path: str, data: bytes) -> Files:
    files[path] = data
    return files


def blobs(files: Files, size: Callable[[int], bool] = lambda size: True) -> list[str]:
    return [path for path, data in files.items() if path.startswith("blobs/") and size(len(data))]


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("change", ["a byte", "longer", "shorter", "empty"])
def test_a_blob_that_was_changed_is_refused(which: int, change: str) -> None:
    files = platforms("linux/amd64")
    config, archive, manifest, _, *_, index = (path for path in files if path.startswith("blobs/"))
    path = [config, archive, manifest, index, archive][which]
    data = files[path]
    files[path] = {
        "a byte": data[:-9] + b"!" + data[-8:], "longer": data + b" ", "shorter": data[:-1], "empty": b"",
    }[change]  # fmt: skip
    with pytest.raises(InputError, match=f"there: .*{path[13:]}.* (changed|descriptor says)"):
        read(files)


def test_a_diff_id_that_lies_is_refused() -> None:
    for packing in PACKINGS:
        files = Files()
        image = files.image([ONE], packing=packing)
        manifest = json.loads(files[f"blobs/{str(image['digest']).replace(':', '/')}"])
        manifest["config"] = files.document(configuration([TWO]), CONFIG)
        files.index(files.document(manifest, MANIFEST))
        with pytest.raises(InputError, match="changed"):
            read(files)
    files = saved({"web:1": [ONE]})
    path = next(path for path in files if path.endswith("layer.tar"))
    for content in (TWO, packed(TWO)):
        with pytest.raises(InputError, match="changed"):
            read(changed(files, path, content))
    files = saved({"web:1": [ONE]})
    path = next(path for path in files if path.endswith(".json"))
    with pytest.raises(InputError, match="changed"):
        read(changed(files, path, files[path] + b" "))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("packing", ["", "+gzip"])
def test_a_lie_in_one_layer_is_told_whatever_else_cannot_be_read(place: int, packing: str) -> None:
    layers = [ONE, layer(file("c", "c")), b"no tar at all" * 100]
    files = layout(*layers, packing=packing)
    path = f"blobs/{digest(PACKINGS[packing](layers[place])).replace(':', '/')}"
    files[path] = files[path][:-3] + b"!" + files[path][-2:]
    with pytest.raises(InputError, match=f"{path[13:]}.* changed"):
        read(files)


def test_a_lie_in_an_archive_that_is_packed_itself_is_refused() -> None:
    files = saved({"web:1": [ONE, TWO]})
    path = next(path for path in files if path.endswith("layer.tar"))
    whole = packed(changed(files, path, layer(file("d", "d"))).tar())
    archive = sources.unpacked(Memory(whole), {})
    assert archive is not None
    with pytest.raises(InputError, match="changed"):
        reading.read(ArchiveStore(archive), Choice(), Means({}), "there").image()


def test_digests_of_other_algorithms_are_verified_too() -> None:
    for packing in ("", "+gzip"):
        for lie in (False, True):
            files = Files()
            config: Json = {"rootfs": {"type": "layers", "diff_ids": [digest(TWO if lie else ONE, "sha512")]}}
            content = {
                "schemaVersion": 2, "config": files.document(config, CONFIG),
                "layers": [files.blob(PACKINGS[packing](ONE), LAYER + packing)],
            }  # fmt: skip
            files.index(files.document(content, MANIFEST))
            if lie:
                with pytest.raises(InputError, match="changed"):
                    read(files)
            else:
                assert says(read(files)) == b"ID=one"


def document(**changes: object) -> Files:
    """A layout whose manifest is changed so."""
    files = Files()
    image = files.image([ONE])
    manifest = json.loads(files[f"blobs/{str(image['digest']).replace(':', '/')}"]) | changes
    return files.index(files.document(manifest, MANIFEST))


@pytest.mark.parametrize(
    "files",
    [
        Files(),
        layout(ONE) | {"oci-layout": b'{"imageLayoutVersion": "2.0.0"}'},
        layout(ONE) | {"oci-layout": b"[]"},
        layout(ONE) | {"index.json": b'{"schemaVersion": 1, "manifests": []}'},
        layout(ONE) | {"index.json": b'{"schemaVersion": 2, "manifests": [], "layers": []}'},
        layout(ONE) | {"index.json": b"[" * 100_000},
        layout(ONE) | {"index.json": b'{"schemaVersion": 2, "manifests": null}'},
        layout(ONE) | {"index.json": b"\xff\xfe"},
        layout(ONE) | {"index.json": b" " * (5 << 20)},
        document(schemaVersion=1),
        document(mediaType=INDEX),
        document(manifests=[]),
        document(config={"mediaType": "application/x", "digest": digest(b""), "size": 0}),
        document(config={"mediaType": CONFIG, "digest": digest(b""), "size": 0}),
        document(config={"mediaType": CONFIG, "digest": "sha256:../../../etc/passwd", "size": 0}),
        document(config={"mediaType": CONFIG, "digest": digest(b""), "size": -1}),
        document(config={"mediaType": CONFIG, "digest": digest(b""), "size": 1 << 40}),
        document(layers=[]),
        document(layers=[{"mediaType": LAYER, "digest": digest(b""), "size": 0}] * 501),
        Files().index({"mediaType": "application/x", "digest": digest(b""), "size": 0}),
        Files({"manifest.json": b"[]"}),
        Files({"manifest.json": b'[{"Config": "none.json"}]'}),
        Files({"manifest.json": b'[{"Config": 1}]'}),
    ],
)
def test_documents_that_make_no_sense_are_errors(files: dict[str, bytes]) -> None:
    with pytest.raises((InputError, UsageError), match="there"):
        read(Files(files))


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:../../x", "sha256:" + "A" * 64, "md5:" + "0" * 32, "x" * 71])
def test_what_is_no_digest_leads_to_no_file(text: str) -> None:
    with pytest.raises(InputError, match="no digest"):
        manifests.blob_path(text, "there")


# What cannot be read.


def reasons(image: Image) -> list[str]:
    assert image.tree is None
    assert {gap.kind for gap in image.gaps} == {"unread-image"}
    assert all(gap.what.startswith("layer ") and gap.remedy for gap in image.gaps)
    return [gap.why for gap in image.gaps]


def unread(*layers: bytes, packing: str = "") -> list[str]:
    return reasons(read(layout(*layers, packing=packing)))


def test_a_layer_that_cannot_be_read_leaves_nothing_to_be_said_of_the_image() -> None:
    assert "no sound tar archive" in unread(ONE, b"no tar at all" * 100, TWO)[0]
    assert "cut off" in unread(ONE[:515])[0]
    assert "cut off" in unread(ONE[:300], packing="+gzip")[0]
    assert len(unread(b"noise" * 200, layer(hard("a", "of the layer below")))) == 1
    whys = unread(layer(hard("a", "none")), ONE, b"noise" * 200, layer(file("b", "x")))
    assert [why.partition(":")[0] for why in whys] == ["'a' is a hard link to nothing", "no sound tar archive"]


def given(data: bytes, media_type: str, *, keep: bool = True) -> Files:
    files = Files()
    described = files.blob(data, media_type)
    if not keep:
        del files[f"blobs/{str(described['digest']).replace(':', '/')}"]
    content = {"schemaVersion": 2, "config": files.document(configuration([ONE]), CONFIG), "layers": [described]}
    return files.index(files.document(content, MANIFEST))


def test_what_is_packed_strangely_missing_or_encrypted_is_told() -> None:
    whole = PACKINGS["+zstd"](ONE)
    assert reasons(read(given(packed(ONE)[:-4], LAYER + "+gzip"))) == ["the gzip stream is cut off"]
    assert "cannot be unpacked" in reasons(read(given(packed(ONE) + b"garbage", LAYER + "+gzip")))[0]
    assert reasons(read(given(b"\x28\xb5\x2f\xfdnoise", LAYER + "+zstd"))) == ["the zstd stream is damaged or cut off"]
    assert reasons(read(given(b"BZh91AY", LAYER))) == ["nothing here unpacks bzip2"]
    assert reasons(read(given(ONE, LAYER, keep=False))) == ["it is missing"]
    assert "+encrypted" in reasons(read(given(ONE, LAYER + "+gzip+encrypted")))[0]
    without = reading.read(given(whole, LAYER + "+zstd"), Choice(), Means({}), "there").image()
    assert reasons(without) == ["nothing here unpacks zstd"]


def test_members_of_gzip_follow_each_other() -> None:
    assert says(read(given(packed(ONE[:700]) + packed(b"") + packed(ONE[700:]), LAYER + "+gzip"))) == b"ID=one"


def test_what_unpacks_to_more_than_the_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacking, "UNPACKED_LIMIT", 3 << 20)
    two = layer(file("x", bytes(1 << 20))), layer(file("y", bytes(1 << 20)))
    assert read(layout(*two)).tree is not None
    whys = unread(*two, two[0], packing="+gzip")
    assert len(whys) == 1
    assert "unpacked it is larger than" in whys[0]
    monkeypatch.setattr(manifests, "UNPACKED_LIMIT", 1 << 20)
    assert unread(two[0]) == [f"it has {len(two[0])} bytes, more than {1 << 20}"]


# Places to go on from.


@pytest.mark.parametrize("packing", ["+gzip", "+zstd"])
def test_a_packed_source_is_read_at_any_place(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STRIDE", 1 << 19)
    monkeypatch.setattr(sources, "MOST_PLACES", 4)
    content = b"".join(b"%019d\n" % number for number in range(500_000))
    source = sources.unpacked(Memory(PACKINGS[packing](content)), unpackers())
    assert isinstance(source, Unpacked)
    for offset, size in ((5_000_000, 40), (10, 300_000), (len(content) - 5, 50), (len(content) + 9, 5), (0, 1)):
        assert source.read_at(offset, size) == content[offset : offset + size]
    assert source.finish() == digest(content)
    for offset in range(9_900_000, 0, -99_991):
        assert source.read_at(offset, 10) == content[offset : offset + 10]
    for offset in (9_999_990, 7_000_001, 3, 262_143, 262_144, 262_145, 9_000_000, 0):
        assert source.read_at(offset, 300_001) == content[offset : offset + 300_001]
    assert source.finish() == digest(content)
    assert source.reached == len(content)


class Jealous(Memory):
    """Bytes that only one may ask for at a time."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._lock = threading.Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        if not self._lock.acquire(blocking=False):
            raise AssertionError("asked by two at once")
        try:
            time.sleep(0.002)
            return super().read_at(offset, size)
        finally:
            self._lock.release()


def test_the_packed_source_is_asked_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STRIDE", 1 << 19)
    content = random.Random(7).randbytes(4 << 20)
    source = sources.unpacked(Jealous(packed(content)), {})
    assert source is not None
    for offset in (0, 1 << 20, 100, 2 << 20, 1 << 19, 3 << 20, 0, (4 << 20) - 10):
        assert source.read_at(offset, 10) == content[offset : offset + 10]
    assert source.finish() == digest(content)


def test_reading_to_and_fro_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "AGAIN_LIMIT", 0)
    content = bytes(4 << 20)
    source = sources.unpacked(Memory(packed(content)), {})
    assert isinstance(source, Unpacked)
    source.finish()
    with pytest.raises(LimitError, match="too long"):
        for _ in range(20):
            source.read_at(3 << 20, 10)
            source.read_at(0, 10)
