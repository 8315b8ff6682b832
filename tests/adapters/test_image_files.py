from __future__ import annotations

import gc
import gzip
import os
import random
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path

import pytest
from tests.fleet.images.builder import (
    PACKINGS,
    Files,
    Node,
    digest,
    file,
    folder,
    hard,
    layer,
    layout,
    link,
    named,
    packed,
    zstd,
)  # fmt: skip
from tests.fleet.images.test_image_overlay import BASE, CASES

from oakum.adapters.files.images import FileSource, image_store
from oakum.adapters.files.tree import DirectoryTree
from oakum.adapters.files.zstd import Zstd, unpackers
from oakum.errors import InputError
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.reading import Image, read
from oakum.fleet.images.sources import Memory, Unpacked
from oakum.fleet.images.stacking import Means
from oakum.ports import Tree

FILES = [
    layer(folder("etc"), file("etc/os-release", "ID=debian\nVERSION_ID=12\n"), file("a/b", "1"), link("l", "a")),
    layer(file("a/.wh.b"), file("a/c", "2"), hard("d", "a/c")),
]


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def image(path: Path, selector: str = "") -> Image:
    store = image_store(path)
    assert store is not None
    return read(store, Choice(selector), Means(unpackers()), str(path)).image()


def listed(tree: Tree | None, path: str = "") -> dict[str, str]:
    assert tree is not None
    found: dict[str, str] = {}
    for name in tree.names(path or "/"):
        below = f"{path}/{name}"
        kind = tree.kind(below)
        said = {"link": tree.readlink(below), "file": "" if kind != "file" else tree.read(below, 1 << 20).decode()}
        found[below] = f"{kind} {said.get(str(kind), '')}"
        if kind == "directory":
            found |= listed(tree, below)
    return found


@pytest.mark.parametrize("packing", PACKINGS)
def test_folders_and_archives_of_all_packings_hold_the_same_tree(packing: str, tmp_path: Path) -> None:
    files = layout(*FILES, packing=packing)
    expected = listed(read(files, Choice(), Means(unpackers()), "").image().tree)
    assert len(expected) == 6
    assert listed(image(files.write(tmp_path / "layout")).tree) == expected
    for outer in PACKINGS.values():
        (tmp_path / "archive").write_bytes(outer(files.tar()))
        found = image(tmp_path / "archive")
        assert listed(found.tree) == expected
        assert [listed(image(tmp_path / "archive").tree) for _ in range(2)] == [expected] * 2


def test_what_is_no_image_is_left_to_others(tmp_path: Path) -> None:
    need("zstd")
    assert image_store(tmp_path) is None
    for content in (b"", b"{}", gzip.compress(b"{}"), b"\x1f\x8bnoise", b"\x28\xb5\x2f\xfdnoise", bytes(2000)):
        (tmp_path / "file").write_bytes(content)
        assert image_store(tmp_path / "file") is None


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(200_000))
    source = FileSource(tmp_path / "file")
    assert source.read_at(150_000, 100_000) == bytes(50_000)
    assert source.read_at(300_000, 1) == b""
    (tmp_path / "file").write_bytes(bytes(200_001))
    with pytest.raises(InputError, match="changed"):
        source.read_at(0, 1)


def test_a_file_is_read_by_many_at_once(tmp_path: Path) -> None:
    content = b"".join(b"%07d\n" % number for number in range(12_000))
    (tmp_path / "file").write_bytes(content)
    source = FileSource(tmp_path / "file")

    def differs(seed: int) -> list[tuple[int, int]]:
        chance = random.Random(seed)
        pieces = [(chance.randrange(len(content)), chance.choice((1, 512, 70_000))) for _ in range(2_000)]
        return [(at, size) for at, size in pieces if source.read_at(at, size) != content[at : at + size]]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(differs, range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert not any(found)


def test_what_is_no_regular_file_is_never_opened_for_long(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", ".", "loop"):
        with pytest.raises(InputError):
            FileSource(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        FileSource(tmp_path / "none")


def test_files_are_closed_and_tools_ended_when_an_image_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(layout(*FILES, layer(file("x", os.urandom(1 << 20))), packing="+zstd").tar())
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    others = set(children.read_text().split())
    gc.collect()  # what an earlier test left open is closed now, not between the two looks
    before = _open_files()
    found = image(tmp_path / "archive")
    assert found.tree is not None
    found.tree.read("/etc/os-release", 100)
    source = Zstd(shutil.which("zstd") or "", Memory(zstd(os.urandom(1 << 20))))
    source.next()
    assert set(children.read_text().split()) - others
    del found, source
    gc.collect()
    assert not set(children.read_text().split()) - others
    assert _open_files() <= before


def _open_files() -> Counter[str]:
    """What this process holds open, by kind and inode."""
    found: Counter[str] = Counter()
    for each in Path("/proc/self/fd").iterdir():
        try:
            found[str(each.readlink())] += 1
        except FileNotFoundError:
            continue  # the one that lists the folder
    return found


def test_zstd_is_drained_while_it_is_fed() -> None:
    for content in (b"", os.urandom(3_000_000), bytes(30_000_000)):
        source = Unpacked(Memory(zstd(content)), unpackers()["zstd"])
        assert source.read_at(0, len(content) + 1) == content
        assert source.finish() == digest(content)
    for damage in (zstd(os.urandom(300_000))[:-5], b"\x28\xb5\x2f\xfd" + bytes(500_000)):
        source = Unpacked(Memory(damage), unpackers()["zstd"])
        for told in ("zstd", "behind a damage", "behind a damage"):  # never an end after the error
            with pytest.raises(InputError, match=told):
                source.finish()


def test_without_the_tool_nothing_unpacks_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not unpackers()


# Other tools.


def skopeo(*words: str) -> bytes:
    return subprocess.run(["skopeo", "--insecure-policy", *words], capture_output=True, check=True, timeout=60).stdout


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Path]:
    """A folder with a layout ``layout``, in which is one image ``web:1``."""
    files = Files()
    files.index(files.image(FILES, packing="", **named("web:1"))).write(tmp_path / "layout")
    with chdir(tmp_path):
        yield tmp_path


@pytest.mark.parametrize(
    "options",
    [
        ["oci:copy:web:1"],
        ["--dest-compress", "--dest-compress-format", "zstd", "oci:copy:web:1"],
        ["oci-archive:copy:web:1"],
        ["docker-archive:copy:docker.io/library/web:1"],
    ],
    ids=" ".join,
)
def test_what_skopeo_copies_is_the_same_image(options: list[str], given: Path) -> None:
    need("skopeo")
    skopeo("copy", "oci:layout:web:1", *options)
    found = image(given / "copy", "web:1")
    assert found.reference.endswith("web:1")
    assert listed(found.tree) == listed(image(given / "layout").tree)
    source = options[-1]
    if source.startswith("docker"):
        assert found.digest == digest(skopeo("inspect", "--config", "--raw", source))
    else:
        assert found.digest == digest(skopeo("inspect", "--raw", source))


#: What umoci does otherwise: without privileges it makes files of devices, and it does not know AUFS.
OTHERWISE = {"a device", "the books of AUFS"}


@pytest.mark.parametrize("name", sorted(CASES.keys() - OTHERWISE))
def test_umoci_unpacks_the_same_tree(name: str, tmp_path: Path) -> None:
    assert_as_umoci([BASE, CASES[name][0]], tmp_path)


def assert_as_umoci(layers: list[list[Node]], folder: Path) -> None:
    need("umoci")
    files = Files()
    files.index(files.image([layer(*nodes) for nodes in layers], **named("one"))).write(folder / "layout")
    command = ["umoci", "unpack", "--rootless", "--image", f"{folder}/layout:one", f"{folder}/bundle"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if ended.returncode:
        assert image(folder / "layout").gaps, ended.stderr
        return
    assert listed(image(folder / "layout").tree) == listed(DirectoryTree(folder / "bundle/rootfs"))


@pytest.mark.parametrize("seed", range(25))
def test_umoci_unpacks_the_same_of_random_layers(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    layers = [[any_node(chance) for _ in range(chance.randint(1, 9))] for _ in range(chance.randint(1, 4))]
    assert_as_umoci(layers, tmp_path)


def any_node(chance: random.Random) -> Node:
    *above, name = (chance.choice("abc") for _ in range(chance.randint(1, 3)))
    path = "/".join((*above, name))
    target = "/".join(chance.choices("abc", k=chance.randint(1, 2)))
    whiteout = "/".join((*above, chance.choice([f".wh.{name}", ".wh..wh..opq"])))
    made = [file(path, str(chance.random())), folder(path), hard(path, target), link(path, target), file(whiteout)]
    # Links are few: most of them lead to nothing, and then neither of the two goes on.
    return chance.choices(made, weights=[4, 8, 1, 1, 4])[0]


# Bounds.

# The peak is asked of /proc: that of getrusage is the parent's where that was larger when the child began.
MEASURE = """
import re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from oakum.local.targets import read_target
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
try:
    asset = read_target(sys.argv[1]).asset
    print(asset.gaps[0].kind if asset.gaps else "", len(asset.packages.packages))
except Exception as error:
    print(type(error).__name__)
print(peak() - before)
"""


def measured(path: Path) -> tuple[str, int]:
    """What a scan of it ends with, and how many MB it has needed at its peak."""
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=600
    )
    told, grown = ended.stdout.splitlines()
    return told, int(grown) >> 10


def big(path: Path, size: int, *, pack: Callable[[bytes], bytes] = packed) -> Path:
    """A layout with one layer of that size, files of one megabyte, between them a package database."""
    status = b"Package: one\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    noise = os.urandom(1 << 19) + bytes(1 << 19)
    nodes = [file(f"data/{number}", noise) for number in range(size >> 20)]
    nodes[len(nodes) // 2 : 0] = [file("var/lib/dpkg/status", status), file("etc/os-release", "ID=debian\n")]
    return layout(layer(*nodes)).write(path)


def test_memory_does_not_grow_with_the_image(tmp_path: Path) -> None:
    small, large = (measured(big(tmp_path / str(size), size << 20)) for size in (8, 200))
    assert small[0] == large[0] == " 1"
    assert large[1] < small[1] + 16  # pieces of a few MiB, which a small image does not fill
    assert large[1] < 60


def test_a_bomb_is_passed_through_in_bounded_memory(tmp_path: Path) -> None:
    holes = layer(file("etc/os-release", "ID=debian\n"), file("zeros", bytes(300 << 20)))
    told, grown = measured(layout(holes).write(tmp_path / "bomb"))
    assert told == "incomplete-inventory 0"
    assert grown < 60


def test_very_many_files_take_bounded_memory(tmp_path: Path) -> None:
    block = tarfile.TarInfo("d/0000000").tobuf(tarfile.USTAR_FORMAT)
    total = sum(block) - sum(block[148:156]) + 8 * 32 - 7 * 48
    parts = []
    for number in range(150_000):
        name = b"%07d" % number
        checksum = b"%06o\0 " % (total + sum(name))
        parts.append(block[:2] + name + block[9:148] + checksum + block[156:])
    told, grown = measured(layout(b"".join(parts)).write(tmp_path / "many"))
    assert told == "unknown-release 0"
    assert grown < 60
