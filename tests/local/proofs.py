"""Runs on simulated hosts with what proves them: carried out, looked at before and after, in a ledger, exported."""

from __future__ import annotations

from pathlib import Path

from tests.local.estate import NOW, Estate
from tests.local.looks import Looks
from tests.local.simulated import Simulated

from oakum.changes.proof import opened
from oakum.ledger.keys import PublicKey
from oakum.local.bundles import export
from oakum.local.evidence import TakeLook, keep
from oakum.local.ledger.keys import make_key
from oakum.local.ledger.runs import record_all
from oakum.local.ledger.store import FILE
from oakum.local.policies import policy_files
from oakum.local.running import carry_out
from oakum.local.runs import Run, make_run

LEDGER = "example.com/oakum"


class Proofs:
    """An estate whose runs are proven: the key of its ledger, and the bundles."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.ledger = Path(estate.data) / FILE
        self.secret = estate.folder / "ledger.key"
        self.key: PublicKey = make_key(LEDGER, self.secret)
        self.pub = self.secret.with_name("ledger.key.pub")
        self.world = Simulated(estate)
        self.looks = Looks(self.world.world)

    def run(self, name: str = "r-1", *, stop: bool = False, look: TakeLook | None = None) -> Run:
        """A run from its beginning to its end, as the command carries it out."""
        estate, take_look = self.estate, look or self.looks
        run = make_run(
            estate.data, name, estate.plan, policy_files(estate.policy), NOW,
            request=estate.approval("asks", "request"), approvals=[estate.approval("agrees")],
        )  # fmt: skip
        self._keep(run, "before", take_look)
        record_all(self.ledger, run)
        if stop:
            run.file.ask("stop", NOW)
        carry_out(run, self.world, self.world, self.world)
        self._keep(run, "after", take_look)
        record_all(self.ledger, run)
        return run

    def _keep(self, run: Run, when: str, take_look: TakeLook) -> None:
        look = take_look(run.plan, hosts=(), data=self.estate.data, feeds="")
        if look is not None:
            keep(run, when, look)

    def bundle(self, run: Run) -> Path:
        """The bundle of a run, signed."""
        out = self.estate.folder / f"{run.name}.bundle"
        export(run, self.ledger, out, key=self.secret, public=self.key)
        return out

    def members(self, run: Run) -> dict[str, bytes]:
        """What is in it."""
        return opened(self.bundle(run).read_bytes()).members
