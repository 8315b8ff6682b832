from __future__ import annotations

import itertools
import posixpath
import sys
import tarfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fleet.images.builder import Node, file, folder, hard, layer, link

from oakum.errors import InputError, LimitError
from oakum.fleet.images import overlay, tar
from oakum.fleet.images.overlay import Folder, Overlay
from oakum.fleet.images.sources import Memory
from oakum.fleet.images.tree import ImageTree


def stacked(*layers: list[Node]) -> ImageTree:
    made = Overlay()
    archives = [layer(*nodes) for nodes in layers]
    for archive in archives:
        made.begin()
        for entry in tar.entries(Memory(archive)):
            made.apply(entry)
    return ImageTree(made, [Memory(archive) for archive in archives])


def listed(tree: ImageTree, path: str = "") -> dict[str, str]:
    """Every path with what stands there: "/" for a directory, "-> target", "= content", or "other"."""
    found: dict[str, str] = {}
    for name in tree.names(path or "/"):
        below = f"{path}/{name}"
        kind = tree.kind(below)
        if kind == "directory":
            found[below] = "/"
            found |= listed(tree, below)
        elif kind == "link":
            found[below] = f"-> {tree.readlink(below)}"
        else:
            found[below] = "= " + tree.read(below, 1 << 20).decode() if kind == "file" else str(kind)
    return found


BASE = [folder("a"), folder("a/b"), file("a/b/x", "1"), file("a/y", "2"), file("z", "3")]
CASES: dict[str, tuple[list[Node], dict[str, str]]] = {
    "a file is replaced": ([file("z", "new")], {"/z": "= new"}),
    "a whiteout removes a file": ([file("a/.wh.y")], {"/a/y": ""}),
    "a whiteout removes a directory with all in it": ([file("a/.wh.b")], {"/a/b": "", "/a/b/x": ""}),
    "a whiteout of nothing is nothing": ([file("a/.wh.none"), file("none/.wh.y")], {}),
    "a whiteout below a file is nothing": ([file("z/.wh.y")], {}),
    "an opaque directory keeps itself": ([file("a/.wh..wh..opq")], {"/a/b": "", "/a/b/x": "", "/a/y": ""}),
    "opaque before its siblings": (
        [folder("a"), file("a/.wh..wh..opq"), file("a/n", "4")],
        {"/a/b": "", "/a/b/x": "", "/a/y": "", "/a/n": "= 4"},
    ),
    "opaque behind its siblings": (
        [folder("a"), file("a/n", "4"), folder("a/b"), file("a/b/m", "5"), file("a/.wh..wh..opq")],
        {"/a/b/x": "", "/a/y": "", "/a/n": "= 4", "/a/b/m": "= 5"},
    ),
    "a whiteout spares its own layer": ([file("a/y", "new"), file("a/.wh.y")], {"/a/y": "= new"}),
    "a whiteout before its own layer's directory": (
        [file("a/.wh.b"), folder("a/b"), file("a/b/m", "5")],
        {"/a/b/x": "", "/a/b/m": "= 5"},
    ),
    "an opaque directory keeps what its own layer states again": (
        [folder("a"), folder("a/b"), file("a/.wh..wh..opq")],
        {"/a/b/x": "", "/a/y": ""},
    ),
    "a whiteout keeps a directory that its own layer states again": ([folder("a/b"), file("a/.wh.b")], {"/a/b/x": ""}),
    "a whiteout keeps a hard link of its own layer": ([hard("h", "a/y"), file(".wh.h")], {"/h": "= 2"}),
    "a whiteout removes directories in each other": ([file(".wh.a")], {"/a": "", "/a/b": "", "/a/b/x": "", "/a/y": ""}),
    "a file over a directory": ([file("a", "now")], {"/a": "= now", "/a/b": "", "/a/b/x": "", "/a/y": ""}),
    "a directory over a file": ([folder("z"), file("z/q", "6")], {"/z": "/", "/z/q": "= 6"}),
    "a directory over a directory merges": ([folder("a")], {}),
    "a link over a directory": ([link("a", "z")], {"/a": "-> z", "/a/b": "", "/a/b/x": "", "/a/y": ""}),
    "a directory over a link": ([link("l", "a"), folder("l")], {"/l": "/"}),
    "a hard link across layers": ([hard("h", "a/y")], {"/h": "= 2"}),
    "a hard link outlives its target": ([hard("h", "a/y"), file("a/y", "other")], {"/h": "= 2", "/a/y": "= other"}),
    "a hard link to a link is that link": ([link("l", "z"), hard("h", "l")], {"/l": "-> z", "/h": "-> z"}),
    "an entry below a link goes where it leads": ([link("l", "/a"), file("l/n", "7")], {"/l": "-> /a", "/a/n": "= 7"}),
    "an absolute link begins at the root": (
        [folder("s"), link("s/l", "/a"), file("s/l/n", "7")],
        {"/s": "/", "/s/l": "-> /a", "/a/n": "= 7"},
    ),
    "an entry below a dangling link makes its target": (
        [link("l", "new/place"), file("l/n", "7")],
        {"/l": "-> new/place", "/new": "/", "/new/place": "/", "/new/place/n": "= 7"},
    ),
    "a link that leads out stops at the root": (
        [link("l", "../../.."), file("l/n", "8")],
        {"/l": "-> ../../..", "/n": "= 8"},
    ),
    "a path that leads out stops at the root": ([file("../../n", "9")], {"/n": "= 9"}),
    "an absolute path begins at the root": ([file("/a/../n", "9")], {"/n": "= 9"}),
    "missing parents are made": ([file("p/q/r", "1")], {"/p": "/", "/p/q": "/", "/p/q/r": "= 1"}),
    "of duplicates the last counts": ([file("d", "1"), file("d", "2")], {"/d": "= 2"}),
    "a device": ([Node("n", kind=tarfile.CHRTYPE), Node("p", kind=tarfile.FIFOTYPE)], {"/n": "other", "/p": "other"}),
    "the root": ([folder("."), folder("/"), folder("./")], {}),
    "the books of AUFS": ([folder(".wh..wh.plnk"), file(".wh..wh.plnk/1.2", "x"), file(".wh..wh.aufs")], {}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_layer_changes_the_ones_below(name: str) -> None:
    nodes, changes = CASES[name]
    expected = listed(stacked(BASE)) | changes
    assert listed(stacked(BASE, nodes)) == {path: what for path, what in expected.items() if what}


def test_a_whiteout_of_a_layer_in_between_does_not_reach_up() -> None:
    tree = stacked(BASE, [file(".wh.a")], [file("a/n", "1")], [])
    assert listed(tree) == {"/a": "/", "/a/n": "= 1", "/z": "= 3"}


CHAIN = [link(f"l{number}", f"l{number - 1}") for number in range(1, 40)]
REFUSED = {
    "a file in place of the root": [file("a/..")],
    "an entry below a file": [file("z/n")],
    "an entry below a device": [Node("n", kind=tarfile.CHRTYPE), file("n/x")],
    "a hard link to nothing": [hard("h", "none")],
    "a hard link to itself": [hard("h", "h")],
    "a hard link to itself over a file": [hard("z", "z")],
    "an entry below too many links": [link("l0", "a"), *CHAIN, link("l40", "l39"), file("l40/n")],
    "a hard link to a directory": [hard("h", "a")],
    "an entry below links in a circle": [link("p", "q"), link("q", "p"), file("p/n")],
    "a whiteout of no name": [file("a/.wh.")],
    "a whiteout of the parent": [file("a/.wh...")],
    "something below a whiteout": [file("a/.wh.b/c")],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_runtime_could_unpack_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        stacked(BASE, REFUSED[name])


def test_as_many_links_are_followed_as_the_kernel_follows() -> None:
    tree = stacked(BASE, [link("l0", "a"), *CHAIN, file("l39/n", "1")])
    assert tree.read("/a/n", 1) == tree.read("/l39/n", 1) == b"1"


def test_links_are_followed_within_the_image() -> None:
    nodes = [
        file("usr/lib/os-release", "ID=x"), link("etc/os-release", "../usr/lib/os-release"),
        link("etc/passwd", "../../../../etc/os-release"), link("up", ".."), link("round", "round"), folder("etc"),
    ]  # fmt: skip
    tree = stacked(nodes)
    assert tree.read("/etc/os-release", 10) == tree.read("/etc/passwd", 10) == tree.read("/up/up/etc/passwd", 10)
    assert tree.kind("/round") == "link"
    assert tree.names("/up") == ("etc", "round", "up", "usr")
    assert tree.names("/usr/lib/os-release") == tree.names("/none") == ()
    assert tree.kind("/usr/lib/os-release/x") is tree.readlink("/usr") is tree.readlink("/none") is None
    with pytest.raises(InputError, match="symbolic links"):
        tree.read("/round", 10)
    with pytest.raises(InputError, match="no regular file"):
        tree.read("/usr", 10)
    with pytest.raises(LimitError):
        tree.read("/etc/os-release", 3)
    with pytest.raises(FileNotFoundError):
        tree.read("/none", 3)


def test_entries_are_limited_by_the_memory_that_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "MEMORY_LIMIT", 100_000)
    stacked([file(f"f{number}") for number in range(700)])
    with pytest.raises(LimitError):
        stacked([file(f"f{number}") for number in range(900)])
    with pytest.raises(LimitError):
        stacked([file("d/" * 400 + "x")])
    with pytest.raises(LimitError):
        stacked([link(f"l{number}", "t" * 3000) for number in range(40)])


def test_paths_and_whiteouts_are_limited_by_the_steps_that_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "WORK_LIMIT", 20_000)
    many = [file(f"d/f{number}") for number in range(1000)]
    stacked(many, [file("d/.wh..wh..opq")])
    with pytest.raises(LimitError):
        stacked([*many, *(file("d/.wh..wh..opq") for _ in range(30))])
    with pytest.raises(LimitError):
        stacked([folder("a"), link("l", "a/../" * 300), *(file(f"l/{number}") for number in range(40))])


def test_a_deep_tree_is_given_back_without_recursion() -> None:
    tree = stacked([file("d/" * 2000 + "x", "1")])
    assert tree.read("/" + "d/" * 2000 + "x", 1) == b"1"
    made = Overlay()
    made.begin()
    deep = "d/" * 2000
    made.apply(tar.Entry(deep, "directory", "", 0, 0, False))
    for number in range(100):
        made.apply(tar.Entry(f"l{number}", "link", (f"l{number - 1}/" if number else "") + deep, 0, 0, False))
        if number < 30:
            made.apply(tar.Entry(f"l{number}/{deep}", "directory", "", 0, 0, False))
    made.apply(tar.Entry("d", "file", "", 0, 0, False))
    assert not isinstance(made.find("d", follow=False), Folder)


# A naive model: a dictionary of paths, each with the layer that put it there.
Model = dict[str, tuple[int, str]]


def above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def remove(model: Model, path: str, *, before: int | None = None) -> None:
    """Remove a path and all below it; of layers before one only, sparing directories that hold something."""
    below = [each for each in model if each == path or each.startswith(f"{path}/")]
    for each in sorted(below, reverse=True):
        held = any(other.startswith(f"{each}/") for other in model)
        if before is None or (model[each][0] < before and not held):
            del model[each]


def put(model: Model, number: int, node: Node) -> None:
    name = posixpath.basename(node.path)
    parent = posixpath.dirname(node.path)
    if name == ".wh..wh..opq":
        for each in [each for each in model if posixpath.dirname(each) == parent]:
            remove(model, each, before=number)
        return
    if name.startswith(".wh."):
        remove(model, posixpath.join(parent, name[4:]), before=number)
        return
    for each in above(node.path):
        if model.setdefault(each, (number, "/"))[1] != "/":
            raise ValueError("below something that is no directory")
    if node.kind == tarfile.DIRTYPE and model.get(node.path, (0, ""))[1] == "/":
        model[node.path] = (number, "/")
        return
    remove(model, node.path)
    if node.kind == tarfile.LNKTYPE:
        if model.get(node.target, (0, "/"))[1] == "/":
            raise ValueError("a hard link to nothing")
        model[node.path] = (number, model[node.target][1])
    else:
        model[node.path] = (number, {tarfile.DIRTYPE: "/"}.get(node.kind, f"= {node.content.decode()}"))


words = st.sampled_from("abc")
paths = st.lists(words, min_size=1, max_size=3).map("/".join)


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    path = draw(paths)
    parent, name = posixpath.split(path)
    return draw(
        st.one_of(
            st.builds(file, st.just(path), st.text("01", max_size=3)),
            st.just(folder(path)),
            st.builds(hard, st.just(path), paths),
            st.just(file(posixpath.join(parent, f".wh.{name}"))),
            st.just(file(posixpath.join(parent, ".wh..wh..opq"))),
        )
    )


@settings(max_examples=max(400, settings().max_examples))
@given(st.lists(st.lists(nodes(), max_size=8), max_size=5))
def test_layers_are_applied_as_a_dictionary_of_paths_has_it(layers: list[list[Node]]) -> None:
    model: Model = {}
    try:
        for number, each in enumerate(layers):
            for node in each:
                put(model, number, node)
    except ValueError:
        with pytest.raises(InputError):
            stacked(*layers)
        return
    assert listed(stacked(*layers)) == {f"/{path}": what for path, (_, what) in model.items()}


def test_a_directory_that_was_emptied_is_looked_through_as_an_empty_one() -> None:
    made = Overlay()
    for nodes in ([file(f"q/{number}") for number in range(5000)], [file("q/.wh..wh..opq"), file("q/new")]):
        made.begin()
        for entry in tar.entries(Memory(layer(*nodes))):
            made.apply(entry)
    emptied = made.find("/q", follow=False)
    assert isinstance(emptied, Folder)
    assert list(emptied.entries) == ["new"]
    assert sys.getsizeof(emptied.entries) < 1000


PATHS = st.lists(st.sampled_from("abl"), min_size=1, max_size=4).map("/".join)
NODES = st.one_of(
    st.builds(file, PATHS, st.sampled_from(["1", "2"])),
    st.builds(folder, PATHS),
    st.builds(link, PATHS, st.sampled_from([".", "..", "a", "/a", "b/l", "/"])),
    st.builds(lambda path, name: file("/".join((*path.split("/")[:-1], name))), PATHS, st.just(".wh.a")),
    st.builds(lambda path, name: file("/".join((*path.split("/")[:-1], name))), PATHS, st.just(".wh..wh..opq")),
)


@given(st.lists(st.lists(NODES, max_size=12), max_size=3))
@example([[folder("a/b"), file("a/b/x"), file("a/b/y")], [file("a/.wh.b"), file("a/b/x")]])
@example([[folder("a"), link("a/l", "."), file("a/l/x"), file("a/l/l"), file("a/l/y")]])
def test_an_entry_stands_where_it_does_however_its_path_is_written(layers: list[list[Node]]) -> None:
    def made(*nodes: list[Node]) -> dict[str, str] | None:
        try:
            return listed(stacked(*nodes))
        except InputError:
            return None

    count = itertools.count(1)
    # No two of these are written alike, so that none can be taken for a sibling of the one before.
    other = [[node._replace(path="./" * next(count) + node.path) for node in nodes] for nodes in layers]
    assert made(*layers) == made(*other)
