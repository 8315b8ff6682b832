"""Small documents of update notices, in the layouts of Amazon's and Oracle's repositories."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

AMAZON = "linux-security@amazon.com"
ORACLE = "el-errata@oss.oracle.com"


def package(nevra: str) -> str:
    """``name-[epoch:]version-release.arch`` as a package element."""
    rest, _, arch = nevra.rpartition(".")
    name, version, release = rest.rsplit("-", 2)
    epoch, _, version = version.rpartition(":")
    given = {"arch": arch, "epoch": epoch or "0", "name": name, "release": release, "version": version}
    words = " ".join(f"{key}={quoteattr(value)}" for key, value in given.items())
    return f"<package {words}><filename>Packages/{escape(nevra)}.rpm</filename></package>"


def collection(name: str, *packages: str, module: str = "", short: str = "") -> str:
    name_, _, stream = module.partition(":")
    inside = f'<module name={quoteattr(name_)} stream={quoteattr(stream)} version="1" context="2" arch="x86_64"/>'
    return (
        f"<collection short={quoteattr(short or name.lower().replace(' ', '-'))}><name>{escape(name)}</name>"
        f"{inside if module else ''}{''.join(map(package, packages))}</collection>"
    )


def update(
    id_: str,
    *collections: str,
    cves: tuple[str, ...] = ("CVE-2022-0500",),
    publisher: str = AMAZON,
    kind: str = "security",
    more: str = "",
    issued: str = "2022-06-06 17:58",
) -> str:
    references = "".join(
        f'<reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name={cve}" id="{cve}" title="" type="cve" />'
        for cve in cves
    )
    return (
        f'<update author="{publisher}" from="{publisher}" status="final" type="{kind}" version="1.4"><id>{id_}</id>'
        f"<title>{id_}: important priority package update</title><issued date={quoteattr(issued)} />"
        f'<updated date="2022-11-17 19:23" /><severity>important</severity>{more}<description>x &lt; y</description>'
        f"<references>{references}</references><pkglist>{''.join(collections)}</pkglist></update>"
    )


def updates(*each: str) -> bytes:
    return f'<?xml version="1.0" ?>\n<updates>\n{chr(10).join(each)}\n</updates>\n'.encode()


def amazon(release: str, *packages: str, topic: str = "", number: str = "2022-001", **rest: str) -> str:
    """A notice of Amazon Linux, of its core repository or of a topic."""
    name = f"Amazon Linux {release}" + (f" - {topic}" if topic else "")
    id_ = f"ALAS{release}{topic.upper().replace(' ', '')}-{number}"
    return update(id_, collection(name, *packages), **rest)  # type: ignore[arg-type]  # tests name its fields


def oracle(release: str, *packages: str, number: str = "2022-4803", module: str = "") -> str:
    """A notice of Oracle Linux."""
    return update(f"ELSA-{number}", collection(f"Oracle Linux {release}", *packages, module=module), publisher=ORACLE)
