"""Small OVAL documents in the layouts of Oracle and Microsoft."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

_HEAD = (
    '<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" '
    'xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5" '
    'xmlns:linux="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux">'
    "<generator><oval:timestamp>2024-05-08T12:04:07.046098262Z</oval:timestamp></generator>"
)


def document(definitions: str, tests: str = "") -> bytes:
    return f"{_HEAD}\n<definitions>\n{definitions}</definitions>\n{tests}</oval_definitions>\n".encode()


def joined(operator: str, *inside: str) -> str:
    return f'<criteria operator="{operator}">{"".join(inside)}</criteria>'


def criterion(comment: str, test: str = "", more: str = "") -> str:
    return f"<criterion test_ref={quoteattr(test)} comment={quoteattr(comment)}{more}/>"


def earlier(name: str, evr: str, *more: str, test: str = "") -> str:
    """A package that must be older than a build, as Oracle writes it."""
    return joined(
        "AND",
        criterion(f"{name} is earlier than {evr}", test),
        criterion(f"{name} is signed with the Oracle Linux 8 key"),
        *map(criterion, more),
    )


def elsa(*criteria: str, release: str = "8", number: str = "2022-4803", **rest: str) -> str:
    """A definition of Oracle's; the criteria stand below the release, one of which is enough."""
    platform = rest.get("platform", f"Oracle Linux {release}")
    return (
        f'<definition id="oval:{rest.get("namespace", "com.oracle.elsa")}:def:{number.replace("-", "")}" version="501" '
        f'class="patch"><metadata><title> ELSA-{number}:  a security update (IMPORTANT) </title>'
        f'<affected family="unix"><platform>{platform}</platform></affected>'
        f'<reference source="elsa" ref_id="{rest.get("id", f"ELSA-{number}")}" '
        f'ref_url="https://linux.oracle.com/errata/ELSA-{number}.html"/>'
        '<reference source="CVE" ref_id="CVE-2022-24903" ref_url="https://linux.oracle.com/cve/CVE-2022-24903.html"/>'
        "<description>x</description><advisory><severity>IMPORTANT</severity>"
        f'<issued date="{rest.get("issued", "2022-05-31")}"/></advisory></metadata>'
        + joined("AND", criterion(f"Oracle Linux {release} is installed"), joined("OR", *criteria))
        + "</definition>\n"
    )


def test_of(name: str, package: str, evr: str, operation: str = "less than") -> str:
    """A test with what it refers to."""
    return (
        f'<linux:rpminfo_test id="{name}"><linux:object object_ref="o-{name}"/>'
        f'<linux:state state_ref="s-{name}"/></linux:rpminfo_test>'
        f'<linux:rpminfo_object id="o-{name}"><linux:name>{package}</linux:name></linux:rpminfo_object>'
        f'<linux:rpminfo_state id="s-{name}"><linux:evr datatype="evr_string" operation="{operation}">{evr}'
        "</linux:evr></linux:rpminfo_state>\n"
    )


def azure(
    package: str, *conditions: tuple[str, str], patchable: str = "true", cve: str = "CVE-2024-24258",
    product: str = "azurelinux", platform: str = "Azure Linux", number: str = "39708", **rest: str,
) -> bytes:  # fmt: skip
    """A document of Microsoft's with one definition; the conditions are (operation, version)."""
    names = [f"t{number}{at}" for at in range(len(conditions))]
    definition = (
        f'<definition class="vulnerability" id="oval:com.microsoft.{product}:def:{number}" version="1"><metadata>'
        f"<title>{cve} affecting package {package}</title>"
        f'<affected family="unix"><platform>{platform}</platform></affected>'
        f'<reference ref_id="{cve}" ref_url="https://nvd.nist.gov/vuln/detail/{cve}" source="CVE"/>'
        f"<patchable>{patchable}</patchable><advisory_date>{rest.get('date', '2024-04-17T22:02:46Z')}</advisory_date>"
        f"<severity>High</severity><description>{cve} affecting package {package}. The vendor's words.</description>"
        "</metadata>"
        + joined(rest.get("operator", "AND"), *(criterion("words", name) for name in names))
        + "</definition>\n"
    )
    tests = "".join(
        test_of(name, package, evr, operation) for name, (operation, evr) in zip(names, conditions, strict=True)
    )
    return document(definition, tests)
