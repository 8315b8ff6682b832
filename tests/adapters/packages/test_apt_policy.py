"""What apt offers, by its own words: up to its candidate, from the distribution, and what can be put back."""

from __future__ import annotations

from oakum.adapters.packages.apt import Policy, read_policy, software_of
from oakum.adapters.packages.entries import in_order
from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Channel

MAIN, SECURITY = "http://deb.example/debian", "http://deb.example/security"
CHANNELS = (
    Channel("Debian bookworm/main", "main", MAIN),
    Channel("Debian bookworm-security/main", "security", f"{SECURITY}/"),
    Channel("Shop stable/main", "third-party", "http://shop.example"),
)
TEXT = f"""\
openssl:
  Installed: 3.0.15-1
  Candidate: 3.0.17-1
  Version table:
     3.0.18-1 -10
        -10 {SECURITY} bookworm-security/main amd64 Packages
     3.0.17-1 500
        500 {SECURITY} bookworm-security/main amd64 Packages
     3.0.16-1 500
        500 {MAIN} bookworm/main amd64 Packages
 *** 3.0.15-1 100
        100 /var/lib/dpkg/status
     3.0.9-1 500
        500 {MAIN} bookworm/main amd64 Packages
shopd:
  Installed: 1.0
  Candidate: 2.0
  Version table:
     2.0 500
        500 http://shop.example stable/main amd64 Packages
 *** 1.0 500
        500 http://shop.example stable/main amd64 Packages
        100 /var/lib/dpkg/status
curl:
  Installed: 7.88
  Candidate: 8.0
  Version table:
     8.0 500 (phased 10%)
        500 http://shop.example stable/main amd64 Packages
 *** 7.88 500
        500 {MAIN} bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
gone:
  Installed: (none)
  Candidate: (none)
  Version table:
"""


def of(name: str, **given: object) -> SoftwareEntry:
    policies = read_policy(TEXT)
    return software_of(policies, {name: policies[name].installed}, CHANNELS, **given)[name]  # type: ignore[arg-type]


def test_the_table_of_apt_is_read() -> None:
    found = read_policy(TEXT)
    assert list(found) == ["openssl", "shopd", "curl", "gone"]
    assert found["gone"] == Policy(installed="", candidate="", versions={})
    assert found["openssl"].versions["3.0.15-1"] == (), "the database of dpkg is no channel"
    assert found["openssl"].versions["3.0.17-1"] == ((SECURITY, "bookworm-security/main"),)


def test_what_lies_above_the_candidate_is_not_offered_for_a_pin_keeps_it_away() -> None:
    assert of("openssl").offers == ("3.0.16-1", "3.0.17-1")


def test_security_updates_are_those_of_a_security_channel() -> None:
    assert of("openssl").security == ("3.0.17-1",)


def test_the_installed_version_is_kept_only_where_its_package_is_still_to_be_had() -> None:
    assert of("openssl").kept == ("3.0.9-1",)
    assert of("openssl", kept=["openssl_3.0.15-1_amd64"]).kept == ("3.0.9-1", "3.0.15-1")
    assert of("shopd").kept == ("1.0",)


def test_a_third_party_does_not_take_a_package_of_the_distribution_over() -> None:
    assert of("curl").offers == ()
    assert of("shopd").offers == ("2.0",), "its own package stays its own"


def test_nothing_is_offered_of_what_is_held() -> None:
    assert of("openssl", held={"openssl"}).offers == ()


def test_what_only_a_reboot_brings_into_effect_says_so() -> None:
    assert of("openssl", reboot={"openssl"}).effect == "reboot"
    assert of("openssl").effect == "at-once"


def test_of_a_package_that_apt_says_nothing_about_offers_are_unknown() -> None:
    entry = software_of({}, {"mystery": "1"}, CHANNELS)["mystery"]
    assert entry.offers is None
    assert entry.kept is None


def test_epochs_stand_quoted_in_the_names_of_files_and_order_first() -> None:
    policies = {"a": Policy(installed="1:2", candidate="1:2", versions={"1:2": ()})}
    assert software_of(policies, {"a": "1:2"}, (), kept=["a_1%3a2_all"])["a"].kept == ("1:2",)
    assert in_order(["1:1", "2", "10", "1~rc"], "deb") == ("1~rc", "2", "10", "1:1")
