"""Layers that are looked through at the same time, and what is looked at before all of them are known to be right."""

from __future__ import annotations

import gc
import json
import random
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.fleet.images.builder import Files, digest, file, hard, layer, layout, packed, saved
from tests.fleet.images.test_image_reading import Jealous
from tests.fleet.languages.programs import elf, inline

from oakum.adapters.files.zstd import unpackers
from oakum.errors import InputError
from oakum.fleet import languages
from oakum.fleet.images import ahead, manifests, sources
from oakum.fleet.images.ahead import Ahead
from oakum.fleet.images.archives import ArchiveStore
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.manifests import ChangedError
from oakum.fleet.images.overlay import Overlay
from oakum.fleet.images.reading import Image, Store, read
from oakum.fleet.images.sources import Memory, Source, Unpacked
from oakum.fleet.images.stacking import Means
from oakum.fleet.languages.programs import silent

ONE, TWO = layer(file("etc/os-release", "ID=one")), layer(file("etc/os-release", "ID=two"))
GO = elf({b".go.buildinfo": inline("go1.22.1")})


def image(store: Store) -> Image:
    return read(store, Choice(), Means({}, silent), "there").image()


# Ahead.


def test_items_come_in_their_order_and_then_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_TOGETHER", 7)

    def items() -> Iterator[int]:
        yield from range(100)
        raise InputError("the end")

    with ThreadPoolExecutor(1) as threads:
        one = Ahead(items(), threads, lambda _: 1)
        one.begin()
        seen: list[int] = []
        with pytest.raises(InputError, match="the end"):
            seen.extend(iter(one))
        one.stop()
    assert seen == list(range(100))


def test_no_more_is_made_ahead_than_the_bound_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_TOGETHER", 10)
    monkeypatch.setattr(ahead, "_WAITING", 10)
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        for number in range(10_000):
            made += 1
            yield number

    with ThreadPoolExecutor(1) as threads:
        one = Ahead(items(), threads, lambda _: 1)
        one.begin()
        taken = iter(one)
        assert [next(taken) for _ in range(35)] == list(range(35))
        time.sleep(0.2)
        assert 100 <= made <= 40 + 100 + 2 * 10
        one.stop()  # while it waits for room
    assert made < 200


# Layers at the same time.


class Meeting(Memory):
    """A packed layer whose second half comes only when the other one was asked for its own."""

    def __init__(self, data: bytes, mine: threading.Event, other: threading.Event) -> None:
        super().__init__(data)
        self._mine, self._other = mine, other

    def read_at(self, offset: int, size: int) -> bytes:
        if offset + size > len(self._data) // 2:
            self._mine.set()
            assert self._other.wait(30), "the other layer is not looked through meanwhile"
        return super().read_at(offset, size)


def test_packed_layers_are_looked_through_at_the_same_time() -> None:
    # The layers of a docker archive have no digest of what is packed: whoever reads them looks through them.
    files = saved({"web:1": [ONE, TWO]})
    paths = sorted(path for path in files if path.endswith("layer.tar"))
    events = threading.Event(), threading.Event()

    class Both(Files):
        def open(self, path: str) -> Source | None:
            if path not in paths:
                return super().open(path)
            at = paths.index(path)
            return Meeting(packed(self[path]), events[at], events[1 - at])

    tree = image(Both(files)).tree
    assert tree is not None
    assert tree.read("/etc/os-release", 10) == b"ID=two"


def test_many_layers_stand_in_their_order() -> None:
    layers = [layer(file("last", str(number)), file(f"of/{number}", bytes(number << 16))) for number in range(20)]
    tree = image(layout(*layers)).tree
    assert tree is not None
    assert tree.read("/last", 10) == b"19"
    assert len(tree.names("/of")) == 20


def test_a_packed_archive_is_asked_by_one_at_a_time_also_behind_a_layer_that_is_damaged() -> None:
    noise = random.Random(5).randbytes(3 << 20)
    damaged = layer(file("a", noise))[: 512 + len(noise)] + bytes(1) + noise
    files = saved({"web:1": [damaged, TWO, ONE]})
    for path in files:
        if path.endswith("layer.tar"):
            files[path] = packed(files[path])
    archive = sources.unpacked(Jealous(packed(files.tar())), {})
    assert archive is not None
    found = image(ArchiveStore(archive))
    assert [gap.kind for gap in found.gaps] == ["unread-image"]
    assert "no sound tar archive" in found.gaps[0].why


def test_what_was_given_up_is_not_read_any_further() -> None:
    source = sources.unpacked(Memory(packed(bytes(8 << 20))), {})
    assert source is not None
    assert source.read_at(0, 10) == bytes(10)
    source.give_up()
    with pytest.raises(InputError, match="not read any further"):
        source.finish()


def many(count: int = 40_000) -> bytes:
    """A layer with more files than are seen ahead."""
    block = tarfile.TarInfo("0000000").tobuf(tarfile.USTAR_FORMAT)
    total = sum(block) - sum(block[148:156]) + 8 * 32 - 7 * 48
    names = (b"%07d" % number for number in range(count))
    return b"".join(name + block[7:148] + b"%06o\0 " % (total + sum(name)) + block[156:] for name in names)


@pytest.mark.parametrize("what", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("place", ["begin", "apply"])
def test_whoever_interrupts_it_leaves_no_thread_behind(
    what: type[BaseException], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise what

    files = layout(many(), many(), many())
    before = set(threading.enumerate())
    monkeypatch.setattr(Overlay, place, interrupted)
    with pytest.raises(what):
        image(files)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith(("look", "verify"))]


def test_of_damaged_layers_nothing_is_kept() -> None:
    damaged = [packed(layer(file("a", bytes(9 << 20)), file("b", str(number))))[:-30] for number in range(12)]
    files = saved({"web:1": [ONE] * 12})
    listed = json.loads(files["manifest.json"])
    listed[0]["Layers"] = [f"{number}/layer.tar" for number in range(12)]
    files["manifest.json"] = json.dumps(listed).encode()
    files |= {f"{number}/layer.tar": data for number, data in enumerate(damaged)}
    before = set(threading.enumerate())
    gc.collect()
    gc.disable()  # what goes in circles would wait for it, however large
    try:
        found = image(files)
        kept = [one for one in gc.get_objects() if isinstance(one, Unpacked)]
    finally:
        gc.enable()
    assert [gap.what for gap in found.gaps] == [f"layer {number}/layer.tar" for number in range(12)]
    assert not kept
    assert not set(threading.enumerate()) - before


def test_gaps_are_told_in_the_order_of_the_layers() -> None:
    files = layout(layer(hard("a", "nothing")), ONE, TWO, layer(file("c"), file("a/../..")))
    missing = f"blobs/{digest(packed(TWO)).replace(':', '/')}"
    del files[missing]
    whys = [gap.why for gap in image(files).gaps]
    assert len(whys) == 2
    assert "is a hard link to nothing" in whys[0]
    assert whys[1] == "it is missing"


def test_nobody_takes_a_digest_for_which_nobody_waits() -> None:
    class Slow(Memory):
        asked = 0

        def read_at(self, offset: int, size: int) -> bytes:
            Slow.asked += size >= 1 << 20  # as a digest is taken
            time.sleep(0.001)
            return super().read_at(offset, size)

    class Slowly(Files):
        def open(self, path: str) -> Source | None:
            return Slow(self[path]) if len(self.get(path, b"")) > 1 << 24 else super().open(path)

    found = read(Slowly(layout(layer(file("x", bytes(256 << 20))), packing="")), Choice(), Means({}), "there")

    def fails(_: Image) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found.assessed(fails)
    assert Slow.asked < 128


# Programs that say nothing.


class Counting(Memory):
    asked = 0

    def read_at(self, offset: int, size: int) -> bytes:
        self.asked += 1
        return super().read_at(offset, size)


def test_only_programs_that_may_tell_something_are_read_again() -> None:
    stripped, damaged = elf(None), elf({})[:-30]
    nodes = [
        file("go", GO), file("silent", elf({b".text": b"x" * (3 << 20)})), file("rust", elf({b".dep-v0": b"x"})),
        file("stripped", stripped), file("damaged", damaged), hard("also", "silent"), hard("too", "go"),
    ]  # fmt: skip
    tree = image(layout(layer(*nodes))).tree
    assert tree is not None
    assert sorted(tree.programs()) == ["/also", "/damaged", "/go", "/rust", "/silent", "/stripped", "/too"]
    assert sorted(tree.telling()) == ["/damaged", "/go", "/rust", "/stripped", "/too"]
    found, gaps = languages.read(tree)
    assert {package.path for package in found} == {"/go", "/too"}
    assert sorted(gap.what for gap in gaps) == ["/damaged", "/rust"]


def test_a_layer_of_silent_programs_is_unpacked_once() -> None:
    counting: list[Counting] = []

    class Counted(Files):
        def open(self, path: str) -> Source | None:
            if path.endswith("layer.tar"):
                counting.append(Counting(packed(self[path])))
                return counting[0]
            return super().open(path)

    nodes = [file(f"lib/{number}", elf({b".text": bytes(1 << 20)})) for number in range(12)]
    tree = image(Counted(saved({"web:1": [layer(*nodes)]}))).tree
    assert tree is not None
    asked = counting[0].asked
    assert languages.read(tree) == ([], [])
    assert counting[0].asked == asked
    assert len(tree.programs()) == 12


@pytest.mark.parametrize("packing", ["+gzip", "+zstd"])
def test_a_program_is_not_gone_back_in_while_it_passes(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "AGAIN_LIMIT", 0)
    # The names stand far before the table of sections, as LLVM's linker has them where there are symbols behind.
    programs = [file(f"bin/{number}", elf({b".text": b"x"}, far=random.Random(number).randbytes(2 << 20)))
                for number in range(8)]  # fmt: skip
    files = layout(layer(file("etc/os-release", "ID=debian\n"), *programs), packing=packing)
    tree = read(files, Choice(), Means(unpackers(), silent), "there").image().tree
    assert tree is not None
    assert len(tree.telling()) == 8
    assert languages.read(tree) == ([], [])


# What is looked at before the digests are known.


def lying() -> Files:
    """A layout whose layer holds something else than its digest says."""
    files = layout(ONE, packing="")
    path = f"blobs/{digest(ONE).replace(':', '/')}"
    files[path] = files[path].replace(b"ID=one", b"ID=two")
    return files


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_that_was_made_of_a_layer_counts_where_its_digest_is_wrong(fails: bool) -> None:
    seen: list[bytes] = []

    def assess(found: Image) -> str:
        assert found.tree is not None
        seen.append(found.tree.read("/etc/os-release", 10))
        if fails:
            raise InputError("not understood")
        return "assessed"

    with pytest.raises(ChangedError):
        read(lying(), Choice(), Means({}), "there").assessed(assess)
    assert seen == [b"ID=two"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_layer_that_is_not_read_to_its_end_leaves_no_tree(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "UNPACKED_LIMIT", len(ONE) - 1)
    seen: list[bool] = []

    def assess(found: Image) -> str:
        seen.append(found.tree is not None)
        if fails and found.tree is not None:
            raise InputError("not understood")
        return f"{len(found.gaps)} gap"

    assert read(layout(ONE, packing=""), Choice(), Means({}), "there").assessed(assess) == "1 gap"
    assert seen == [True, False]


def test_what_cannot_be_assessed_is_told_where_all_digests_are_right() -> None:
    def assess(found: Image) -> str:
        raise InputError("not understood")

    with pytest.raises(InputError, match="not understood"):
        read(layout(ONE), Choice(), Means({}), "there").assessed(assess)
