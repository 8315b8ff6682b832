"""Small bundles for tests, made in memory: two waves of hosts, people, a journal, looks, and a ledger behind them.

A file that somebody signed is the text of the statement and below it the key, so that no program has to check it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
from msgspec.structs import replace
from tests.ledger.ledgers import HAND, ORIGIN, Hand, entry

from oakum.changes.approvals import Signed, Statement, read_statement, text_of
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, Group, Plan, Step, Stop, Subject, Takes, Times, Wave, canonical
from oakum.changes.proof import About, Proof, bundled, opened, verify
from oakum.changes.proof.container import (
    ABOUT,
    AFTER,
    BEFORE,
    CHECKPOINT,
    EARLIER,
    ENTRIES,
    FOUND_AFTER,
    FOUND_BEFORE,
    JOURNAL,
    KEY,
    PLAN,
    REQUEST,
)
from oakum.changes.proof.entries import Earlier, Line, Series, written
from oakum.changes.proof.evidence import FindingsDocument, ToldFinding, ToldMachine
from oakum.changes.recorded import entries_of, entries_of_look, entries_of_plan, entry_of_approval, entry_of_whole
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.changes.running.journal import Answered, Meant, Noted, Record, Started, States, Turned, encode
from oakum.changes.state.inventory import InventoryDocument, MachineEntry, SoftwareEntry
from oakum.errors import InputError, Place
from oakum.ledger.base64 import encoded
from oakum.ledger.checkpoints import Checkpoint, signed
from oakum.ledger.entries import Entry, digest
from oakum.ledger.entries import canonical as canonical_entry
from oakum.ledger.keys import PublicKey
from oakum.ledger.merkle import Tree, consistency, inclusion, leaf_hash
from oakum.policy.entries import Approval, Drain, Escalation, Gate
from oakum.policy.entries import Step as Rung
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.reading import read
from oakum.policy.scopes import Scope

Members = dict[str, bytes]
#: The entries of a run in the order of the ledger, each with the part of the run that it is of.
Laid = list[tuple[Series, Entry]]
NOW = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
RUN = "r-1"
EXECUTOR, OTHER = "p-" + "e" * 32, "p-" + "0" * 32
FEEDS = digest(b"feeds")
_MARK = b"signed by "


def key_of(name: str) -> str:
    """A key of the form of SSH keys, with a name for its bytes."""
    kind = b"ssh-ed25519"
    raw = struct.pack(">I", len(kind)) + kind + struct.pack(">I", 32) + name.encode().ljust(32, b".")
    return f"{kind.decode()} {base64.b64encode(raw).decode()}"


#: Who may do what: roles, whether they may break the glass.
PEOPLE = {"asks": ("platform", True), "agrees": ("platform", False), "third": ("platform", False),
          "fourth": ("security", True)}  # fmt: skip
POLICY = """\
version: 1
roles: {platform: runs the hosts, security: answers for flaws}
windows:
- {name: always, always: yes}
- {name: night, dtstart: 2026-01-01T22:00, dtend: 2026-01-01T23:00, rrule: FREQ=DAILY, time_zone: UTC}
- {name: minutes, dtstart: 2026-01-01T22:00, dtend: 2026-01-01T22:10, rrule: FREQ=DAILY, time_zone: UTC}
emergency: [{name: other, roles: [platform], approvals: 5}, {name: exploited, roles: [security], approvals: 1}]
approvers:
"""
POLICY += "".join(
    f"- {{name: {name}, roles: [{role}], break_glass: {'yes' if alone else 'no'},"
    f" keys: [{key_of(name)}, {key_of(f'{name}-too')}]}}\n"
    for name, (role, alone) in PEOPLE.items()
)


def zones(names: object) -> Mapping[str, tzinfo]:
    """The only time zone there is."""
    return {"UTC": UTC}


def policy_of(text: str = POLICY) -> tuple[Policy, Calendar]:
    reading = read({"policy.yaml": text.encode()})
    return reading.checked(), reading.calendar(zones(()))


UNDER, CALENDAR = policy_of()


def group(id: str = "hosts", **more: object) -> Group:
    fields: dict[str, object] = {
        "members": ("web-1", "web-2", "web-3"), "max_unavailable": 1, "max_domains": 9, "domain_of": {},
        "serial": False, "calendars": ((("always",), ()),), "soak_node": 60, "gate": Gate("gate", Scope()),
        "drain": Drain("drain", Scope()),
        "escalation": Escalation("ladder", Scope(), (Rung("wait", 60), Rung("force-evict", 0, ("security",)))),
        "approval": Approval("people", Scope(), 1, ("platform",), 1, ("security",)),
    }  # fmt: skip
    return msgspec.convert({"id": id, **fields, **more}, Group, from_attributes=True)


def change(before: str = "1", after: str = "2", **more: object) -> Change:
    fields = {"intent": "openssl", "kind": "packages", "component": "openssl", "reversibility": "reversible"} | more
    return msgspec.convert({"before": before, "after": after, **fields}, Change)


def step(name: str, **more: object) -> Step:
    """A visit of a host that upgrades a package."""
    given = Step(
        id=f"packages@{name}", kind="visit", subject=Subject(kind="machine", cluster="", name=name, uid=f"uid-{name}"),
        group="hosts", changes=(change(),), reversibility="reversible", back=(change("2", "1"),),
        takes=Takes(work=Times(p50=60, p95=600), back=Times(p50=60, p95=300)), after={"openssl": "2"},
    )  # fmt: skip
    return replace(given, **more)


def plan(*, groups: Sequence[Group] = (), waves: Sequence[Sequence[Step]] = (), **more: object) -> Plan:
    """A plan of waves one after the other: one host, then two, unless they are given."""
    steps = waves or ([step("web-1")], [step("web-2"), step("web-3")])
    made = Plan(
        at=NOW, state=digest(b"state"), policy=UNDER.digest, intents=(Intent(name="openssl", kind="packages"),),
        groups=tuple(groups) or (group(),),
        waves=tuple(
            Wave(id=f"w-{n}", name=f"wave {n}", needs=(f"w-{n - 1}",) if n > 1 else (), steps=tuple(several))
            for n, several in enumerate(steps, 1)
        ),
        stop=Stop(failed=1, lost=1),
    )  # fmt: skip
    return replace(made, **more)


# People


def says(about: Plan, what: str = "approve", **more: object) -> Statement:
    fields = {"says": what, "plan": about.hash, "at": NOW, "until": NOW + timedelta(days=1)} | more
    return msgspec.convert(fields, Statement)


def given(about: Plan, who: str, what: str = "approve", **more: object) -> Signed:
    """A statement of somebody whose signature is right."""
    return Signed(says(about, what, **more), key_of(who))


def signed_file(statement: Statement, who: str) -> bytes:
    return text_of(statement) + _MARK + key_of(who).encode() + b"\n"


def check(data: bytes, source: str) -> Signed:
    text, mark, key = data.partition(_MARK)
    if not mark:
        raise InputError("there is no signature", place=Place(source))
    return Signed(read_statement(text), key.decode().strip(), source)


# Journals


def started(about: Plan, **more: object) -> Started:
    return replace(Started(at=NOW, run=RUN, plan=about.hash, executor=EXECUTOR), **more)


def leased(about: Plan, token: int = 1, who: str = EXECUTOR, at: datetime = NOW) -> list[Record]:
    """Somebody gets the right to carry out the run."""
    key = f"{RUN}/lease/{who}/{token}"
    act = Act(
        key=key, do="lease", run=RUN, plan=about.hash, token=0, parameters={"holder": who},
        subject=Subject(kind="object", cluster="", name=RUN, uid=""),
    )  # fmt: skip
    return [Meant(at=at, act=act), Answered(at=at, key=key, outcome=Outcome(result="done", token=token))]


def meant(about: Plan, of: Step, do: Do, *, number: int = 1, token: int = 1, **more: object) -> Meant:
    """An act for a step."""
    changes = {"apply": of.changes, "create-node": of.changes, "undo": of.back}.get(do, ())
    act = Act(
        key=f"{RUN}/{of.id}/{do}/{number}", do=do, run=RUN, plan=about.hash, token=token, subject=of.subject,
        changes=changes,
    )  # fmt: skip
    return Meant(at=NOW, act=replace(act, **more), step=of.id)


def answered(to: Meant, result: str = "done", **more: object) -> Answered:
    return Answered(at=NOW, key=to.act.key, outcome=msgspec.convert({"result": result, **more}, Outcome))


def turned(of: Step, state: States, token: int = 1, at: datetime = NOW) -> Turned:
    return Turned(at=at, step=of.id, state=state, token=token)


def noted(what: str, about: str = "", token: int = 1) -> Noted:
    return Noted(at=NOW, what=what, about=about, token=token)


def visited(about: Plan, of: Step) -> list[Record]:
    """A step from its beginning to its end."""
    found: list[Record] = []
    for state, do in (
        ("admitted", "claim"), ("applying", "apply"), ("verifying", None), ("restoring", "release"), ("soaking", None),
        ("done", None),
    ):  # fmt: skip
        found.append(turned(of, state))  # type: ignore[arg-type]  # words of a table
        if do is not None:
            act = meant(about, of, do)  # type: ignore[arg-type]  # as above
            found += [act, answered(act)]
    return found


def journal(about: Plan) -> list[Record]:
    """A run that goes well, one step after the other."""
    found: list[Record] = [started(about), *leased(about)]
    for wave in about.waves:
        for each in wave.steps:
            found += visited(about, each)
        found.append(noted("wave-over", wave.id))
    return [*found, noted("done")]


def lines(records: Sequence[Record]) -> bytes:
    return b"".join(encode(each) + b"\n" for each in records)


# Looks


def look(names: Sequence[str], version: str, *, boot: str = "b-1", flaws: bool = True) -> tuple[bytes, bytes]:
    """The documents of a look at some hosts: their inventory, and the findings in it."""
    software = {"openssl": SoftwareEntry(installed=version)}
    hosts = {name: MachineEntry(uid=f"uid-{name}", boot_id=boot, software=software) for name in names}
    inventory = msgspec.json.encode(InventoryDocument(format="oakum-inventory/1", hosts=hosts), order="sorted")
    told = tuple(
        ToldFinding(id=id_, package="openssl", version=version, fixed=fixed, state="available")
        for id_, fixed in (("CVE-1", "2"), ("CVE-2", "3")) if version < fixed
    )  # fmt: skip
    machines = {name: ToldMachine(packages=1, assessed=1, findings=told if flaws else ()) for name in names}
    findings = FindingsDocument(at=NOW, feeds=FEEDS, inventory=digest(inventory), machines=machines)
    return inventory, msgspec.json.encode(findings, order="sorted")


# Ledgers


class Made:
    """What a bundle is made of, to be changed before it is one.

    ``people`` are the signers of the statements by their files' names; ``own`` are what the ledger is about where that
    is something else than what stands in the bundle.
    """

    def __init__(self, about: Plan | None = None, records: Sequence[Record] | None = None) -> None:
        self.plan = about or plan()
        self.records = list(journal(self.plan) if records is None else records)
        names = [each.subject.id for each in self.plan.steps.values()]
        self.before, self.after = look(names, "1"), look(names, "2", boot="b-2")
        self.request = signed_file(says(self.plan, "request"), "asks")
        self.approvals = [signed_file(says(self.plan), "agrees")]
        self.policy = POLICY.encode()

    @property
    def about(self) -> About:
        return About(run=RUN, plan=self.plan.hash, feeds=FEEDS)

    def own(self) -> Members:
        """The members without those of the ledger."""
        found = {
            ABOUT: msgspec.json.encode(self.about, order="sorted"), PLAN: canonical(self.plan),
            "policy/policy.yaml": self.policy, REQUEST: self.request, JOURNAL: lines(self.records),
            BEFORE: self.before[0], FOUND_BEFORE: self.before[1], AFTER: self.after[0], FOUND_AFTER: self.after[1],
        }  # fmt: skip
        return found | {f"approvals/{number:04}": data for number, data in enumerate(self.approvals, 1)}

    def laid(self) -> Laid:
        """The entries as a run writes them."""
        of_plan: Laid = [
            ("plan", each) for each in entries_of_plan(self.plan, actor=pseudonym("asks"), feeds=FEEDS)
        ]  # fmt: skip
        asked = check(self.request, REQUEST)
        found: Laid = [
            *of_plan, ("request", entry_of_approval(asked.statement, self.request, actor=pseudonym("asks"))),
        ]  # fmt: skip
        for data in self.approvals:
            said = check(data, "")
            who = next(name for name in PEOPLE if said.key in (key_of(name), key_of(f"{name}-too")))
            found.append(("approvals", entry_of_approval(said.statement, data, actor=pseudonym(who))))
        found += [("before", each) for each in self._looked("before", self.before)]
        records = entries_of(self.records, pseudonym=lambda who: who, policy=self.plan.policy, feeds=FEEDS)
        found += [("journal", each) for each in records]
        found += [("after", each) for each in self._looked("after", self.after)]
        found.append(("whole", entry_of_whole(self.plan, lines(self.records), at=self.records[-1].at)))
        return [(series, replace(each, run=RUN)) for series, each in found]

    def _looked(self, when: str, at: tuple[bytes, bytes]) -> list[Entry]:
        return entries_of_look(when, self.plan, at=NOW, inventory=at[0], findings=at[1], feeds=FEEDS)

    def members(self, change: Callable[[Laid], object] = lambda laid: None) -> Members:
        """All members; the ledger's entries are changed before they are written."""
        laid = self.laid()
        change(laid)
        return self.own() | behind(laid)


def pseudonym(who: str) -> str:
    return f"p-{digest(who.encode())[7:39]}"


def behind(laid: Laid, *hands: Hand, strangers: int = 3) -> Members:
    """The ledger's members, behind entries of others and before some; an earlier checkpoint is joined to it."""
    before = [canonical_entry(entry(number)) for number in range(strangers)]
    own = [canonical_entry(each) for _, each in laid]
    tree = Tree(map(leaf_hash, [*before, *own, *before]))
    size = len(tree)
    found = [
        Line(series=series, index=number, entry=msgspec.Raw(data), proof=texts(inclusion(number, size, tree.node)))
        for number, ((series, _), data) in enumerate(zip(laid, own, strict=True), strangers)
    ]
    earlier = [
        Earlier(size=each, root=encoded(tree.root(each)), proof=texts(consistency(each, size, tree.node)))
        for each in (1, 2, strangers + len(own))
    ]
    return {
        CHECKPOINT: signed(Checkpoint(ORIGIN, size, tree.root()), *(hands or (HAND,))), ENTRIES: written(found),
        KEY: f"{HAND.public.text}\n".encode(), EARLIER: written(earlier),
    }  # fmt: skip


def tree_of(laid: Laid, strangers: int = 3) -> Tree:
    """The tree of the same ledger."""
    before = [canonical_entry(entry(number)) for number in range(strangers)]
    return Tree(map(leaf_hash, [*before, *(canonical_entry(each) for _, each in laid), *before]))


def texts(proof: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(encoded(each) for each in proof)


def seen(members: Mapping[str, bytes], *, keys: Sequence[PublicKey] = (HAND.public,), **more: object) -> Proof:
    """What a stranger sees in a bundle of these members, all of whose sums are right."""
    file = opened(b"".join(bundled(members)))
    return verify(file, check=check, zones=zones, keys=keys, **more)  # type: ignore[arg-type]  # words of a test


def faults(proof: Proof) -> list[str]:
    return [str(each) for each in proof.faults]
