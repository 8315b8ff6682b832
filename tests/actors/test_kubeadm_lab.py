"""What we say of kubeadm against what the real kubeadm says: its offers, and its objections to a version.

The cases are random (``OAKUM_KUBEADM_CASES`` of each kind). Versions, kubelets, API servers and what is published are
all made up; kubeadm is of three versions, each a build of the one release that the lab has.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, Self

import pytest

from oakum.actors.kubeadm import KubeadmRequest, objections
from oakum.actors.targets import AvailableRequest, offers
from tests.lab.fixtures import needed

if TYPE_CHECKING:
    from tests.actors.kubeadm_lab import Kubeadm

CASES = int(os.environ.get("OAKUM_KUBEADM_CASES", "15"))
SEED = 20261129
KUBEADMS = ("v1.34.6", "v1.35.4", "v1.36.0-rc.1")
_MARKS = ("alpha.0", "alpha.2", "beta.0", "rc.0", "rc.1")
#: A rule of ours, and words of the objection that is kubeadm's.
WORDS = {
    "minimum-control-plane": "equal to or lower than the minimum supported version",
    "upgrade-skew": "is too high; kubeadm can upgrade only",
    "downgrade-skew": "is too low; kubeadm can downgrade only",
    "kubeadm-minor": "higher than the kubeadm minor release",
    "kubeadm-older": "is higher than the kubeadm version",
    "kubeadm-newer": "can only be used to upgrade to",
    "unstable": "is an unstable version",
    "kubelet-skew": "that are too old",
    "kubelet-unreadable": "couldn't parse kubelet version",
}


@pytest.fixture(scope="module")
def real(lab_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubeadm]:
    """The real kubeadm, in a control plane of its own: it wants to see no other nodes."""
    if os.geteuid() != 0:
        pytest.skip("a root folder of its own for kubeadm takes root")
    from tests.actors.kubeadm_lab import Kubeadm
    from tests.lab.build import kubeadm
    from tests.lab.control_plane import ControlPlane

    with needed():
        for each in KUBEADMS:
            kubeadm(each)
    folder = tmp_path_factory.mktemp("kubeadm")
    with ControlPlane(controllers=False, scheduler=False) as plane, Kubeadm(plane, folder) as made:
        yield made


def version(dice: random.Random, lowest: int = 33, highest: int = 37, unreleased: float = 0.2) -> str:
    minor = dice.randint(lowest, highest)
    if dice.random() < unreleased:
        return f"v1.{minor}.0-{dice.choice(_MARKS)}"
    return f"v1.{minor}.{dice.choice([0, 1, 3, 4, 5, 6, 10])}"


class Flags(NamedTuple):
    """Which versions that are not released a kubeadm may take."""

    experimental: bool
    rc: bool

    @classmethod
    def drawn(cls, dice: random.Random) -> Self:
        return cls(dice.random() < 0.5, dice.random() < 0.5)

    @property
    def arguments(self) -> list[str]:
        words = {"--allow-experimental-upgrades": self.experimental, "--allow-release-candidate-upgrades": self.rc}
        return [word for word, on in words.items() if on]


def _minor(text: str) -> int:
    return int(text.split(".")[1])


def gets(published: Mapping[str, str], label: str, kubeadm: str) -> str:
    """The version that a kubeadm gets for a label: its own where there is none, of its own minor instead of a newer."""
    text = published.get(label, kubeadm)
    return gets(published, f"stable-1.{_minor(kubeadm)}", kubeadm) if _minor(text) > _minor(kubeadm) else text


def test_offers_are_those_of_kubeadm(real: Kubeadm, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for number in range(CASES):
        dice = random.Random(f"{SEED}/plan/{number}")
        kubeadm = dice.choice(KUBEADMS)
        servers = [version(dice, 33, 36) for _ in range(dice.choice([1, 1, 3]))]
        kubelets = [version(dice, 32, 36, 0) for _ in servers]
        published = {
            "stable": version(dice, 33, 36, 0.05),
            "latest": version(dice, 34, 37, 0.9),
            **{f"stable-1.{minor}": version(dice, minor, minor, 0.05) for minor in range(33, 37)},
            **{f"latest-1.{minor}": version(dice, minor, minor, 0.7) for minor in range(33, 37)},
        }
        for label in list(published):
            if dice.random() < 0.1:
                del published[label]
        given, target = Flags.drawn(dice), version(dice, 34, 36) if dice.random() < 0.2 else None
        newest = str(max(servers, key=_order))
        stable, latest = gets(published, "stable", kubeadm), gets(published, "latest", kubeadm)
        ours = offers(AvailableRequest(
            cluster="v1.35.4", kubeadm=kubeadm, kubelet=kubelets, components={"kube-apiserver": servers},
            stable=stable, stable_of_current_minor=gets(published, f"stable-1.{_minor(newest)}", kubeadm),
            latest=latest, latest_previous_minor=gets(published, f"latest-1.{_minor(target or latest) - 1}", kubeadm),
            target=target, allow_experimental=given.experimental, allow_rc=given.rc,
        ))  # fmt: skip
        real.cluster("v1.35.4", kubelets, servers)
        said = real.plan(kubeadm, published, *([target] if target else []), *given.arguments)
        assert said == list(ours.targets), (number, kubeadm, servers, published, target, given)
        seen.update([str(each.offered_as) for each in ours.upgrades] or ["nothing"])
    _show(capsys, "plans", seen)
    assert CASES < 200 or set(seen) == {"patch", "stable", "release-candidate", "experimental", "nothing"}


def test_objections_are_those_of_kubeadm(real: Kubeadm, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for number in range(CASES):
        dice = random.Random(f"{SEED}/apply/{number}")
        kubeadm, cluster, target = dice.choice(KUBEADMS), version(dice, 33, 36), version(dice, 33, 37, 0.3)
        kubelets = [version(dice, 30, 35, 0) for _ in range(dice.randint(1, 3))]
        if dice.random() < 0.1:
            kubelets = ["unknown"]
        given = Flags.drawn(dice)
        ours = objections(KubeadmRequest(
            cluster=cluster, kubeadm=kubeadm, target=target, kubelet=kubelets, allow_experimental=given.experimental,
            allow_rc=given.rc,
        ))  # fmt: skip
        real.cluster(cluster, kubelets, [cluster])
        kind, said = real.apply(kubeadm, target, *given.arguments)
        case = f"{number} {kubeadm} {cluster} {target} {kubelets} {given} {kind} {said} {ours}"
        mine = [each.partition(":")[0] for each in ours.mandatory or ours.skippable]
        if kind == "no":  # a released kubeadm does not even read such a version, and never comes to its policy
            assert "minimum-control-plane" in mine and "control plane version >=" in said[0], case
        else:
            assert kind == ("mandatory" if ours.mandatory else "skippable" if ours.skippable else ""), case
            assert [WORDS[name] in text for name, text in zip(mine, said, strict=True)] == [True] * len(mine), case
        seen.update(mine or ["nothing"])
    _show(capsys, "upgrades", seen)
    assert CASES < 200 or set(seen) == {*WORDS, "nothing"}


def _order(text: str) -> tuple[int, int, bool, str]:
    """Semantic versions of one major, as far as the marks here differ in their letters and one digit."""
    released, _, mark = text.partition("-")
    _, minor, patch = released.split(".")
    return int(minor), int(patch), not mark, mark


def _show(capsys: pytest.CaptureFixture[str], what: str, seen: Counter[str]) -> None:
    if "OAKUM_KUBEADM_CASES" in os.environ:
        with capsys.disabled():
            print(f"\n{CASES} {what} of the real kubeadm, no difference: " + ", ".join(
                f"{name} {count}" for name, count in seen.most_common()
            ))  # fmt: skip
