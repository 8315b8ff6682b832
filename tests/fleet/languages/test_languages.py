from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import zipfile
import zlib
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.images.builder import Node, file, hard, layer, layout
from tests.fleet.languages.programs import archive, elf, inline, pointed, pom

from oakum.errors import InputError, LimitError, NotAssessableError, OakumError
from oakum.fleet import languages
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.reading import read as read_layers
from oakum.fleet.images.sources import Memory
from oakum.fleet.images.stacking import Means
from oakum.fleet.images.tree import ImageTree
from oakum.fleet.languages import composer, go, java, node, python, ruby, rust
from oakum.fleet.languages.elf import Elf
from oakum.fleet.languages.programs import silent
from oakum.fleet.packages import Package
from oakum.fleet.rootfs import read_image

MODULES = (
    "path\texample.org/cmd\nmod\texample.org/app\tv1.2.3\th1:x=\ndep\tgithub.com/Masterminds/goutils\tv1.1.0\th1:y=\n"
    "dep\told.org/m\tv1.0.0\n=>\tnew.org/m\tv2.0.0\th1:z=\ndep\tlocal.org/m\tv0.1.0\n=>\t./local\t\nbuild\t-ldflags=x\n"
)
FOUND = [
    ("example.org/app", "v1.2.3"), ("github.com/Masterminds/goutils", "v1.1.0"), ("new.org/m", "v2.0.0"),
    ("local.org/m", "(devel)"), ("stdlib", "go1.22.1"),
]  # fmt: skip


NAMED = "Name: Foo_Bar\nVersion: 1.0\n"
GEM = 's.name = "rake".freeze\ns.version = "13.0.6"'


def tree(*nodes: Node) -> ImageTree:
    found = read_layers(layout(layer(*nodes)), Choice(), Means({}, silent), "x").image().tree
    assert found is not None
    return found


def rows(packages: list[Package]) -> list[tuple[str, str]]:
    return [(package.name, package.version) for package in packages]


# Which files.


def test_each_language_is_found_where_its_installer_leaves_it() -> None:
    binary = elf({b".go.buildinfo": inline("go1.22.1", MODULES)})
    audit = zlib.compress(json.dumps({"packages": [{"name": "serde", "version": "1.0.1", "source": "x"}]}).encode())
    found, gaps = languages.read(
        tree(
            file("opt/venv/lib/python3.12/site-packages/Foo_Bar-1.0.dist-info/METADATA", NAMED),
            file("usr/lib/python3/dist-packages/six.egg-info", "Name: six\nVersion: 1.16\n"),
            file("app/node_modules/left/package.json", '{"name": "left", "version": "1.3.0"}'),
            file("app/node_modules/@scope/right/package.json", '{"name": "@scope/right", "version": "2.0.0"}'),
            file("app/node_modules/left/node_modules/deep/package.json", '{"name": "deep", "version": "0.1.0"}'),
            file("app/node_modules/left/esm/package.json", '{"name": "no", "version": "1.0.0"}'),
            file("app/package.json", '{"name": "source", "version": "1.0.0"}'),
            file("usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec", GEM),
            file("app/rake.gemspec", "source"),
            file("app/vendor/composer/installed.json", '{"packages": [{"name": "Vendor/name", "version": "v1.0.0"}]}'),
            file("app/lib/a.jar", archive(pom("org.x", "a", "1.0"))),
            file("bin/tool", binary), hard("bin/same", "bin/tool"), file("bin/rusty", elf({b".dep-v0": audit})),
            file("bin/c", elf({b".text": b"x"})), file("etc/no", b"\x7fELF"),
        )
    )  # fmt: skip
    assert gaps == []
    assert {package.purl for package in found if package.path not in ("/bin/tool", "/bin/same")} == {
        "pkg:pypi/foo-bar@1.0", "pkg:pypi/six@1.16", "pkg:npm/left@1.3.0", "pkg:npm/%40scope/right@2.0.0",
        "pkg:npm/deep@0.1.0", "pkg:gem/rake@13.0.6", "pkg:composer/vendor/name@v1.0.0", "pkg:maven/org.x/a@1.0",
        "pkg:cargo/serde@1.0.1",
    }  # fmt: skip
    for path in ("/bin/tool", "/bin/same"):
        assert rows([package for package in found if package.path == path]) == FOUND


def test_files_that_cannot_be_read_are_gaps_and_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [file(f"{number}/node_modules/x/package.json", "{") for number in range(25)]
    good = file("z/node_modules/x/package.json", '{"name": "x", "version": "1"}')
    found, gaps = languages.read(tree(*bad, good))
    assert rows(found) == [("x", "1")]
    assert len(gaps) == 21
    assert {gap.kind for gap in gaps} == {"incomplete-inventory"}
    assert (gaps[0].what, gaps[-1].why) == ("/0/node_modules/x/package.json", "5 more files of them could not be read")
    monkeypatch.setattr(languages, "FILES_LIMIT", 10)
    found, gaps = languages.read(tree(*bad, good))
    assert (found, gaps[-1].why) == ([], "16 more files of them could not be read")


def test_an_image_from_scratch_is_assessed_by_its_programs_alone() -> None:
    def kinds(*nodes: Node) -> list[str]:
        asset = read_image(tree(*nodes), name="x", key="k", form="OCI layout", platform="linux")
        return [gap.kind for gap in asset.gaps]

    tool = file("tool", elf({b".go.buildinfo": inline("go1.22.1", MODULES)}))
    none = ["unknown-release", "incomplete-inventory"]
    assert kinds(tool) == []
    assert kinds() == kinds(file("tool", elf({}))) == kinds(tool, file("other", elf({}))) == none
    assert kinds(tool, file("etc/os-release", "ID=debian\nVERSION_ID=12\n")) == ["incomplete-inventory"]
    assert kinds(tool, file("bad.jar", "x")) == [*none, "incomplete-inventory"]


LISTS = {
    "dpkg": file("var/lib/dpkg/info/python3-foo:all.list", "/.\n/usr/lib/x.dist-info/METADATA\n/bin/tool\n"),
    "distroless": file("var/lib/dpkg/status.d/python3-foo.md5sums", "0  usr/lib/x.dist-info/METADATA\n1  ./bin/tool\n"),
    "apk": file("lib/apk/db/installed", "P:python3-foo\nV:1\nF:usr/lib/x.dist-info\nR:METADATA\nF:bin\nR:tool\n\n"),
}


@pytest.mark.parametrize("form", LISTS)
def test_trap_03_what_a_package_of_the_system_owns_is_told(form: str) -> None:
    binary = elf({b".go.buildinfo": inline("go1.22.1", MODULES)})
    asset = read_image(
        tree(
            LISTS[form], file("usr/lib/x.dist-info/METADATA", NAMED), file("opt/y.dist-info/METADATA", NAMED),
            file("usr/bin/tool", binary), file("opt/tool", binary),
        ),
        name="x", key="k", form="OCI layout", platform="linux",
    )  # fmt: skip
    owned = {package.path: package.owner for package in asset.packages.packages if package.path}
    assert owned == {
        "/usr/lib/x.dist-info/METADATA": "python3-foo", "/opt/y.dist-info/METADATA": "", "/usr/bin/tool": "python3-foo",
        "/opt/tool": "",
    }  # fmt: skip


# Texts.


def test_this_environments_distributions_are_those_that_python_itself_finds() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    found = [python.read(path.read_bytes(), str(path)) for path in site.glob("*.dist-info/METADATA")]
    expected = {(each.metadata["Name"].lower().replace("_", "-").replace(".", "-"), each.version) for each in
                distributions(path=[str(site)])}  # fmt: skip
    assert {row for packages in found for row in rows(packages)} == expected
    assert len(expected) > 20


@pytest.mark.parametrize("text", ["", "Name: x\n", "Version: 1\n", "Name: a\x1bb\nVersion: 1"])
def test_metadata_that_names_nothing_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        python.read(text.encode(), "x")


def test_what_a_description_says_is_no_metadata() -> None:
    text = "Metadata-Version: 2.1\r\nName: x\r\nVersion: 1\r\n\r\nName: other\r\nVersion: 2\r\n"
    assert rows(python.read(text.encode(), "x")) == [("x", "1")]


def test_manifests_of_node_without_name_or_version_are_no_packages() -> None:
    for text in ("{}", '{"name": "x"}', '{"name": 1, "version": "1"}', '{"name": "x", "version": {}}'):
        assert node.read(text.encode(), "x") == []
    assert rows(node.read('\ufeff{"name": "x", "version": "1"}'.encode(), "x")) == [("x", "1")]
    for text in ("", "[]", "[" * 100_000, "\xff"):
        with pytest.raises(InputError):
            node.read(text.encode("latin-1"), "x")


def test_gems_are_told_by_their_specification_else_by_its_name() -> None:
    path = "/specifications/a-b-1.2.3-x86_64-linux.gemspec"
    text = '# stub: other 0 ruby lib\nGem::Specification.new do |s|\n  s.name = "real".freeze\n  s.version = "2.0"\n'
    assert rows(ruby.read(text.encode(), path)) == [("real", "2.0")]
    assert rows(ruby.read(b"s.name = NAME\n", path)) == [("a-b", "1.2.3")]
    with pytest.raises(InputError):
        ruby.read(b"", "/specifications/x.gemspec")


def test_both_forms_of_composers_list_are_read() -> None:
    row = {"name": "a/b", "version": "1.0", "more": {}}
    for content in ([row], {"packages": [row], "dev": True}):
        assert rows(composer.read(json.dumps(content).encode(), "x")) == [("a/b", "1.0")]
    for text in (b"{}", b"", b"[1]", b"[" * 100_000):
        with pytest.raises(InputError):
            composer.read(text, "x")


# Programs.


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_go_programs_of_all_forms_tell_their_modules(wide: bool, order: str) -> None:
    for program in (
        elf({b".go.buildinfo": inline("go1.22.1", MODULES)}, wide=wide, order=order),
        elf(None, wide=wide, order=order, data=bytes(48) + inline("go1.22.1 X:boringcrypto", MODULES)),
        elf(None, wide=wide, order=order, data=pointed("go1.22.1", MODULES, wide=wide, order=order)),
    ):
        assert rows(go.read(Elf(Memory(program)), "/x")) == FOUND
    assert rows(go.read(Elf(Memory(elf({b".go.buildinfo": inline("go1.20")}))), "/x")) == [("stdlib", "go1.20")]


def test_trap_11_a_replaced_module_is_the_one_in_its_place_and_a_folder_has_no_version() -> None:
    found = dict(rows(go.read(Elf(Memory(elf({b".go.buildinfo": inline("go1.22.1 X:boringcrypto", MODULES)}))), "/x")))
    assert "old.org/m" not in found
    assert (found["new.org/m"], found["local.org/m"], found["stdlib"]) == ("v2.0.0", "(devel)", "go1.22.1")


def test_a_mark_elsewhere_is_no_build_information() -> None:
    mark = inline("go1.22.1", MODULES)
    assert go.read(Elf(Memory(elf({b".rodata": mark}, data=mark))), "/x") == []
    assert go.read(Elf(Memory(elf(None, data=bytes(8) + mark))), "/x") == []


def test_a_real_go_program_tells_what_go_version_says(tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("not installed: go")
    (tmp_path / "go.mod").write_text("module example.org/app\n\ngo 1.18\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { println(1) }\n")
    settings = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOCACHE": str(tmp_path / "cache"), "CGO_ENABLED": "0"}
    environment = {**os.environ, **settings}
    for flags in ([], ["-ldflags=-s -w"]):
        subprocess.run(["go", "build", *flags, "-o", "app", "."], cwd=tmp_path, env=environment, check=True)
        command = ["go", "version", "-m", "app"]
        said = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found = dict(rows(go.read(Elf(Memory((tmp_path / "app").read_bytes())), "/x")))
        assert f": {found['stdlib']}\n" in said.stdout
        assert f"\tmod\texample.org/app\t{found['example.org/app']}\t" in said.stdout


def test_crates_of_a_rust_program_are_those_that_are_in_it() -> None:
    packages = [
        {"name": "app", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1]},
        {"name": "serde", "version": "1.0.1", "source": "crates.io"},
        {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
    ]
    program = elf({b".dep-v0": zlib.compress(json.dumps({"packages": packages}).encode())})
    assert rows(rust.read(Elf(Memory(program)), "/x")) == [("app", "0.1.0"), ("serde", "1.0.1")]
    for content in (b"x", zlib.compress(b"{}"), zlib.compress(bytes(1 << 25))):
        with pytest.raises(InputError):
            rust.read(Elf(Memory(elf({b".dep-v0": content}))), "/x")


# Java.


def test_archives_in_archives_tell_their_artifacts() -> None:
    inner = archive(pom("org.x", "inner", "2.0") | {"a.class": ""})
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        outer = archive({"BOOT-INF/lib/inner.jar": inner, **pom("org.x", "outer", "1.0")}, method=method)
        for before in (b"", b"#!/bin/sh\nexec java -jar $0\n"):
            assert rows(java.Archives().read(Memory(before + outer), "/app.jar")) == [
                ("org.x:outer", "1.0"),
                ("org.x:inner", "2.0"),
            ]
    shaded = archive(pom("org.x", "a", "1") | pom("org.y", "b", "2"))
    assert rows(java.Archives().read(Memory(shaded), "/app.jar")) == [("org.x:a", "1"), ("org.y:b", "2")]


def test_without_maven_the_manifest_and_the_name_of_the_file_tell_it() -> None:
    manifest = "Manifest-Version: 1.0\r\nImplementation-Vendor-Id: org.x\r\n"
    content = Memory(archive({"META-INF/MANIFEST.MF": manifest, "a.class": ""}))
    assert rows(java.Archives().read(content, "/lib/some-name-1.2.jar")) == [("org.x:some-name", "1.2")]
    with pytest.raises(NotAssessableError, match="origin"):
        java.Archives().read(content, "/lib/name.jar")
    with pytest.raises(NotAssessableError, match="origin"):
        java.Archives().read(Memory(archive({"a.class": ""})), "/lib/name-1.jar")
    assert java.Archives().read(Memory(archive({"text": ""})), "/lib/name-1.jar") == []


def test_archives_of_maven_itself_tell_their_artifacts() -> None:
    jars = sorted(Path("/usr/share/maven/lib").glob("maven-core*.jar"))
    if not jars:
        pytest.skip("not installed: maven")
    with zipfile.ZipFile(jars[0]) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith("pom.properties"))
        text = opened.read(name).decode()
    (found,) = java.Archives().read(Memory(jars[0].read_bytes()), str(jars[0]))
    assert found.name == "org.apache.maven:maven-core"
    assert f"version={found.version}" in text


def test_all_archives_of_an_image_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_ALL_LIMIT", 5000)
    reader, content = java.Archives(), Memory(archive({"text": "x" * 2000}, method=zipfile.ZIP_STORED))
    for _ in range(3):
        assert reader.read(content, "/x.jar") == []
    with pytest.raises(LimitError):
        reader.read(content, "/x.jar")


def test_bombs_and_archives_without_end_are_refused() -> None:
    nested = archive({"x": ""})
    for _ in range(6):
        nested = archive({"x.jar": nested})
    with pytest.raises(LimitError):
        java.Archives().read(Memory(nested), "/x.jar")
    with pytest.raises(LimitError):
        java.Archives().read(Memory(archive({"x.jar": bytes(65 << 20)})), "/x.jar")
    with pytest.raises(LimitError):
        java.Archives().read(Memory(archive({"META-INF/maven/a/b/pom.properties": bytes(1 << 20)})), "/x.jar")
    with pytest.raises(LimitError):
        inner = archive({})
        java.Archives().read(Memory(archive({f"{number}.jar": inner for number in range(2001)})), "/x.jar")


GIVEN = [
    elf({b".go.buildinfo": inline("go1.22.1", MODULES)}),
    elf(None, data=pointed("go1.2", MODULES, wide=True, order="<")),
    elf({b".dep-v0": zlib.compress(b'{"packages": []}')}, wide=False), archive(pom("org.x", "a", "1") | {"b": "x"}),
    archive({"x.jar": archive(pom("org.x", "a", "1"))}, method=zipfile.ZIP_STORED),
]  # fmt: skip


@given(
    st.sampled_from(GIVEN),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=4)), max_size=4),
    st.integers(0, 3000),
)
def test_damaged_programs_and_archives_are_read_or_refused(
    data: bytes, changes: list[tuple[int, bytes]], length: int
) -> None:
    changed = bytearray(data)
    for at, new in changes:
        changed[at : at + len(new)] = new
    for content in (Memory(bytes(changed)), Memory(bytes(changed[:length]))):
        with suppress(OakumError):
            java.Archives().read(content, "/x")
        with suppress(OakumError):
            program = Elf(content)
            for read in (go.read, rust.read):
                with suppress(OakumError):
                    read(program, "/x")
