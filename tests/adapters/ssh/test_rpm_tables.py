"""What the host's program reads of dnf, zypper, rpm and updateinfo, by its own functions in a shell, without a host."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PARTS = ("common", "look", "act", "work", "rpm", "dnf", "zypper")


@cache
def parts() -> str:
    folder = resources.files("oakum.adapters.ssh").joinpath("host")
    return "\n".join(folder.joinpath(f"{part}.sh").read_text() for part in PARTS)


def shell(command: str, given: str = "", **names: str) -> str:
    """What functions of the program say, and an exit status that is not 0."""
    text = f"{parts()}\n{command}"
    done = subprocess.run(
        ["/bin/sh", "-c", text, "sh", *names.values()], input=given, capture_output=True, text=True, timeout=20
    )
    return done.stdout + (f"({done.returncode})" if done.returncode else "")


def rows(text: str) -> list[str]:
    return text.splitlines()


HEAD = """\
Updating Subscription Management repositories.
Last metadata expiration check: 0:00:04 ago on Sun Nov 29 02:32:56 2026.
Dependencies resolved.
================================================================================
 Package          Architecture     Version               Repository        Size
================================================================================
"""
FOOT = "\nTotal download size: 29 k\nOperation aborted.\n"
DNF = {
    "an upgrade with an epoch": (
        "Upgrading:\n openssl-libs  x86_64  1:3.0.7-28.el9  updates  2.1 M\n\nTransaction Summary\n===\n"
        "Upgrade  1 Package\n",
        ["change openssl-libs 1:3.0.7-28.el9 x86_64"],
    ),
    "a name that does not fit is continued on the next line": (
        "Downgrading:\n a-very-long-name-of-a-package\n               noarch  1.0-1.el9  baseos  2 k\n"
        " b             x86_64  2-1        baseos  2 k\n\nTransaction Summary\nDowngrade  2 Packages\n",
        ["change a-very-long-name-of-a-package 1.0-1.el9 noarch", "change b 2-1 x86_64"],
    ),
    "what is added, for whatever reason": (
        "Installing:\n a  x86_64  1-1  r  1 k\nInstalling dependencies:\n b  i686  2-1  r  1 k\n"
        "Installing weak dependencies:\n c  noarch  3-1  r  1 k\n\nTransaction Summary\nInstall  3 Packages\n",
        ["add a 1-1 x86_64", "add b 2-1 i686", "add c 3-1 noarch"],
    ),
    "what is removed, replaced or left out": (
        "Upgrading:\n a  x86_64  1-1  r  1 k\n     replacing  old.x86_64 0-1\nRemoving dependent packages:\n"
        " b  x86_64  2-1  @r  1 k\nSkipping packages with broken dependencies:\n c  x86_64  3-1  r  1 k\n\n"
        "Transaction Summary\nUpgrade  1 Package\nRemove   1 Package\nSkip     1 Package\n",
        ["change a 1-1 x86_64", "remove old.x86_64 0-1 -", "remove b 2-1 x86_64", "other c 3-1 x86_64", "other ? - -"],
    ),
    "a reinstallation, which the summary does not count": (
        "Reinstalling:\n a  x86_64  1-1  r  1 k\n\nTransaction Summary\n\n", ["again a 1-1 x86_64"],
    ),
    "a table whose rows are not all understood": (
        "Upgrading:\n a  x86_64  1-1  r  1 k\n\nTransaction Summary\nUpgrade  2 Packages\n",
        ["change a 1-1 x86_64", "other ? - -"],
    ),
    "a module stream": (
        "Enabling module streams:\n nodejs          20\n\nTransaction Summary\n", ["other nodejs  20", "other ? - -"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DNF)
def test_the_table_of_dnf(name: str) -> None:
    text, expected = DNF[name]
    assert rows(shell("dnf_table", HEAD + text + FOOT)) == expected


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,40}", fullmatch=True)
VERSIONS = st.from_regex(r"([1-9]:)?[A-Za-z0-9][A-Za-z0-9.+_~^]{0,9}-[A-Za-z0-9.+_~^]{1,9}", fullmatch=True)
BUILDS = st.lists(
    st.tuples(st.sampled_from(("Installing", "Upgrading", "Removing")), NAMES, VERSIONS, st.booleans()), max_size=5
)
VERBS = {"Installing": "add", "Upgrading": "change", "Removing": "remove"}


@settings(max_examples=40, deadline=None)
@given(BUILDS)
def test_any_table_of_dnf_gives_its_rows_wrapped_or_not(builds: list[tuple[str, str, str, bool]]) -> None:
    ordered = sorted(builds, key=lambda each: each[0])
    text = HEAD
    for section, several in groupby(ordered, key=lambda each: each[0]):
        text += f"{section}:\n"
        for _, name, version, wrapped in several:
            text += f" {name}{chr(10) + ' ' * 20 if wrapped else '  '}x86_64  {version}  repo  1.2 M\n"
    text += "\nTransaction Summary\n===\n"
    for section, word in (("Installing", "Install"), ("Upgrading", "Upgrade"), ("Removing", "Remove")):
        count = sum(each[0] == section for each in ordered)
        text += f"{word}  {count} Package{'s' * (count > 1)}\n" if count else ""
    expected = [f"{VERBS[section]} {name} {version} x86_64" for section, name, version, _ in ordered]
    assert rows(shell("dnf_table", text + FOOT)) == expected


def solvable(name: str, version: str, type: str = "package") -> str:
    return (
        f'<solvable type="{type}" name="{name}" edition="{version}" arch="x86_64" summary="a &lt;solvable type=x">\n'
        "<description>to-remove</description></solvable>\n"
    )


ZYPPER = f"""<?xml version='1.0'?>
<stream>
<message type="info">Loading repository data...</message>
<install-summary download-size="35194" space-usage-diff="0" packages-to-change="3">
<to-upgrade>
{solvable("Big_Name++", "2:2.0^git1-1")}</to-upgrade>
<to-downgrade-change-arch>
{solvable("down", "1-1")}</to-downgrade-change-arch>
<to-reinstall>
{solvable("again", "1-1")}</to-reinstall>
<to-install>
{solvable("added", "1-1")}{solvable("SUSE-2026-1", "1", "patch")}{solvable("shop", "1", "pattern")}</to-install>
<to-remove>
{solvable("gone", "1-1")}</to-remove>
<to-change-vendor>
{solvable("sold", "1-1")}</to-change-vendor>
{solvable("hint", "1-1")}</install-summary>
{solvable("after", "1-1")}</stream>
"""


def test_the_summary_of_zypper() -> None:
    assert rows(shell("zypper_table", ZYPPER)) == [
        "change Big_Name++ 2:2.0^git1-1 x86_64", "change down 1-1 x86_64", "again again 1-1 x86_64",
        "add added 1-1 x86_64", "other shop - -", "remove gone 1-1 x86_64", "vendor sold 1-1 x86_64",
    ]  # fmt: skip


UPDATEINFO = """\
<?xml version="1.0"?><updates><update from="x" type="security" status="final"><id>RHSA-1</id><title>a</title>
<references><reference type='cve' href="h" id='CVE-1'/><reference href="h" id="CVE-2" title="t" type="cve"/>
<reference type="bugzilla" id="77"/></references><description>&lt;id&gt;FAKE&lt;/id&gt; </description>
<pkglist><collection><package arch="x86_64" epoch="1" name="openssl-libs" release="28.el9" src="s" version="3.0.7">
<filename>f</filename><sum type="md5">id></sum></package>
<package name="other" version="1" release="1" epoch="0" arch="noarch"/>
<package name="curl" version="7" release="1" epoch="0" arch="x86_64"/></collection></pkglist></update>
<update type="bugfix"><id>RHBA-2</id><pkglist><collection><package name="curl" version="8" release="1" arch="i686">
<reboot_suggested>True</reboot_suggested></package></collection></pkglist></update>
<update type="bugfix"><id>RHBA-3</id><pkglist><collection><package name="curl" version="9" release="1" arch="i686">
<reboot_suggested>False</reboot_suggested></package></collection></pkglist></update></updates>
"""


def test_the_advisories_of_updateinfo(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("openssl-libs\ncurl\n")
    assert rows(shell('updateinfo "$1"', UPDATEINFO, names=str(names))) == [
        "RHSA-1 security - openssl-libs 1:3.0.7-28.el9 x86_64 CVE-1,CVE-2",
        "RHSA-1 security - curl 7-1 x86_64 CVE-1,CVE-2",
        "RHBA-2 bugfix reboot curl 8-1 i686 -",
        "RHBA-3 bugfix - curl 9-1 i686 -",
    ]


@settings(max_examples=40, deadline=None)
@given(NAMES, VERSIONS)
def test_names_and_versions_of_rpm_are_taken(name: str, version: str) -> None:
    assert shell('rpm_name "$1" && rpm_version "$2"', name=name, version=version) == ""


@pytest.mark.parametrize("text", ["", "-a", "a b", "a;b", "a*", "a[", "$a", "a/b", "a=b", "a\nb", "ä", "_a", "a:b"])
def test_other_names_are_refused(text: str) -> None:
    assert shell('rpm_name "$1"', name=text) == "(1)"


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1-1-1", "0:1-1", "00:1-1", ":1-1", "a:1-1", "1:2:3-1", "1:", "1 -1", "1-*", "1:-1"]
)
def test_other_versions_are_refused(text: str) -> None:
    assert shell('rpm_version "$1"', version=text) == "(1)"


#: What would be done, beside the plan of `a` to 2-1 (now 1-1), and why it is refused.
EXACT = {
    "change a 2-1 x86_64": "",
    "change a 0:2-1 x86_64": "",
    "again a 2-1 x86_64": "",
    "change a 3-1 x86_64": "dnf would change a to another version, which is not in the plan",
    "add a 2-1 i686": "dnf would also install a of i686, which is not in the plan",
    "change a 2-1 x86_64\nadd b 1-1 x86_64": "dnf would also change b, which is not in the plan",
    "change a 2-1 x86_64\nremove c 1-1 x86_64": "dnf would remove c, which is not in the plan",
    "change a 2-1 x86_64\nother ? - -": "dnf would do what is not understood, which is not in the plan",
    "change a 2-1 x86_64\nvendor a 2-1 x86_64": "dnf would change the vendor of a, which is not in the plan",
    "change aXb 2-1 x86_64": "dnf would also change aXb, which is not in the plan",
    "": "dnf would not change a, which is in the plan",
}


def refused(function: str, folder: Path, installed: str) -> str:
    """Why a function ends the work in a folder, on a machine whose rpm says of any name what is installed."""
    command = 'M=dnf W=$1 DNF_LOCKS=$1/list said=$2; rpm() { echo "$said"; }; ' + function
    shell(command, folder=str(folder), installed=installed)
    why = folder / "why"
    return why.read_text().strip() if why.exists() else ""


@pytest.mark.parametrize("would", EXACT)
def test_nothing_but_the_plan_is_carried_out(would: str, tmp_path: Path) -> None:
    (tmp_path / "would").write_text(f"{would}\n" if would else "")
    (tmp_path / "request").write_text("do apply\npackage a 2-1 keep\n")
    assert refused("rpm_exactly", tmp_path, "a 1-1 x86_64 d") == EXACT[would]


LOCKS = """\
# a lock of dnf
locked-0:1.0-1.el9.*
!locked-0:9-1.el9.*
ahead-0:2.0-1.el9.*
short
Big_Name++-1:3.0-1.*
"""


@pytest.mark.parametrize(
    ("name", "wanted", "held"),
    [("locked", "1.1-1.el9", True), ("ahead", "2.0-1.el9", False), ("ahead", "3.0-1.el9", True),
     ("short", "1-1", True), ("Big_Name++", "1:3.1-1", True), ("free", "1-1", False), ("lock", "1-1", False)],
)  # fmt: skip
def test_locks_of_dnf_hold_all_but_the_locked_version(name: str, wanted: str, held: bool, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(LOCKS)
    (tmp_path / "request").write_text(f"package {name} {wanted} keep\n")
    why = refused("dnf_unheld", tmp_path, f"{name} 0-0 x86_64 d")
    assert why.startswith(f"{name} is held: ") if held else not why
